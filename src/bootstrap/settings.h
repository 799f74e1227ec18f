/* SPDX-License-Identifier: MIT */
/* What the kernel command line asks of the bootstrap. */
#pragma once

#include "base/util.h"
#include "wire/control.h"
#include "wire/mac.h"

/* Twice as much as COMMAND_LINE_SIZE may be: for settings_join(). */
#define SETTINGS_CMDLINE_MAX 8192

#define SETTINGS_SERVER_MAX 256

struct settings {
	char cmdline[SETTINGS_CMDLINE_MAX];
	/* What to load first, image_url=, image_init=, image_sha256= and
	 * image_keep=; its ref "": nothing. */
	struct control_request first;
	char server[SETTINGS_SERVER_MAX]; /* "": none is told anything */
	bool has_boot_mac;		  /* BOOTIF=01-52-54-… */
	struct mac boot_mac;
	bool debug;	      /* bootstrap_debug */
	bool really_reboot;   /* on_reboot=reboot: the target's reboot is the
				 machine's, not a return */
	bool really_poweroff; /* on_poweroff=poweroff */
};

/*
 * The kernel's command line and more words, which come last and so count
 * (image_url=, …). When the network is among them (ip=, nameserver=, vlan=,
 * bond=), what the kernel's says of it is left out: it was said to another system.
 */
void settings_join(const char *kernel, const char *more, char *buf,
		   size_t size);

/* From the text of a command line. */
void settings_read(struct settings *settings, const char *cmdline);
