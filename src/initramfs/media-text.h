/* SPDX-License-Identifier: MIT */
/* The texts on the media: menus of GRUB, the script of iPXE. */
#pragma once

#include "base/text.h"

#define MEDIA_TEXT_MAX 16384

/* What only the build knows of a medium. All of it may stand between single
 * quotes: see bootscript_parameters_fit(). */
struct media_facts {
	const char *version;
	const char *cmdline; /* of the kernel */
	const char *server;  /* to boot from; "": what DHCP says */
	const char *label;   /* of the medium */
};

/* Each appends a whole file. */
void media_text_bootstrap(struct text *text); /* grub.cfg of bootstrap.iso */
void media_text_ipxe(struct text *text);      /* grub.cfg of ipxe.iso */
void media_text_build(struct text *text, const struct media_facts *facts);
void media_text_uefi(struct text *text);       /* where GRUB of UEFI begins */
void media_text_parameters(struct text *text); /* parameters.cfg of both … */
void media_text_server(struct text *text);     /* … and of ipxe.iso */
void media_text_script(struct text *text);     /* iPXE's */
