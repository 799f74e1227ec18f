/* SPDX-License-Identifier: MIT */
/* The scripts that make firmware's boot loaders start the bootstrap. */
#pragma once

#include "base/text.h"

/* The names the scripts load, beside themselves. */
#define BOOTSCRIPT_KERNEL    "vmlinuz"
#define BOOTSCRIPT_INITRAMFS "bootstrap.img"

/*
 * Whether parameters can be given to the kernel by both loaders unchanged: no
 * control characters, quotes, backslashes, "$" or other letters than ASCII.
 */
bool bootscript_parameters_fit(const char *parameters);

/* What both scripts give the kernel beside initrd=, on one line: for loaders
 * whose scripts somebody else writes, as `boomerang serve` does. machine: EM_*
 * of <elf.h> that the kernel is for, whose usual serial line is a console. */
void bootscript_cmdline(struct text *text, uint16_t machine,
			const char *parameters);

/* An iPXE script; parameters are appended to the kernel's command line ("":
 * none). It loads over whatever it was loaded over itself. */
void bootscript_ipxe(struct text *text, uint16_t machine,
		     const char *parameters);

/* A grub.cfg that does the same. */
void bootscript_grub(struct text *text, uint16_t machine, const char *version,
		     const char *parameters);
