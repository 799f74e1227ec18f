/* SPDX-License-Identifier: MIT */
/* What the kernel command line asks of the bootstrap. */
#pragma once

#include "base/util.h"
#include "wire/control.h"

#define SETTINGS_CMDLINE_MAX 4096 /* COMMAND_LINE_SIZE is at most that */

struct settings {
	char cmdline[SETTINGS_CMDLINE_MAX];
	char image_url[CONTROL_REF_MAX];   /* "": none */
	char image_init[CONTROL_INIT_MAX]; /* "": found */
	bool debug;			   /* bootstrap_debug */
	bool really_reboot;   /* on_reboot=reboot: the target's reboot is the
				 machine's, not a return */
	bool really_poweroff; /* on_poweroff=poweroff */
};

/* From the text of /proc/cmdline. */
void settings_read(struct settings *settings, const char *cmdline);
