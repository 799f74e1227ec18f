/* SPDX-License-Identifier: MIT */
/*
 * GRUB is the first program on both media and both firmwares, as it can do what
 * iPXE cannot: take a command line apart, be given more of it by an editor, and
 * read files of the disk it came from. What it finds it hands over as iPXE's
 * own command line, a list of settings, behind which the script follows. The
 * texts are the files in media/; build.cfg tells them what is new in each
 * build.
 */
#include "initramfs/media-text.h"

static const char common[] =
#include "media-common.cfg.h"
	;

static const char bootstrap[] =
#include "media-bootstrap.cfg.h"
	;

static const char ipxe[] =
#include "media-ipxe.cfg.h"
	;

static const char uefi[] =
#include "media-uefi.cfg.h"
	;

static const char parameters[] =
#include "media-parameters.cfg.h"
	;

static const char server[] =
#include "media-server.cfg.h"
	;

static const char script[] =
#include "media-boot.ipxe.h"
	;

void media_text_bootstrap(struct text *text)
{
	text_put(text, common);
	text_put(text, bootstrap);
}

void media_text_ipxe(struct text *text)
{
	text_put(text, common);
	text_put(text, ipxe);
}

void media_text_build(struct text *text, const struct media_facts *facts)
{
	text_add(text,
		 "set version='%s'\n"
		 "set cmdline='%s'\n"
		 "set server='%s'\n"
		 "set label='%s'\n",
		 facts->version, facts->cmdline, facts->server, facts->label);
}

void media_text_uefi(struct text *text)
{
	text_put(text, uefi);
}

void media_text_parameters(struct text *text)
{
	text_put(text, parameters);
}

void media_text_server(struct text *text)
{
	text_put(text, parameters);
	text_put(text, server);
}

void media_text_script(struct text *text)
{
	text_put(text, script);
}
