/* SPDX-License-Identifier: MIT */
#include "initramfs/bootscript.h"

#include <elf.h>

/*
 * The last console is the main one: of the two, serial lines are what machines
 * without a screen have. Printing the kernel's own messages at 115200 baud
 * takes longer than all else it does until PID 1 runs, hence quiet. panic=: no
 * machine waits for somebody to press its button.
 */
static void add_parameters(struct text *text, uint16_t machine)
{
	text_add(text, "console=tty0 console=%s,115200 quiet panic=10",
		 machine == EM_AARCH64 ? "ttyAMA0" : "ttyS0");
}

bool bootscript_parameters_fit(const char *parameters)
{
	for (const char *p = parameters; *p; p++)
		if (*p < ' ' || *p > '~' || strchr("\"'\\$", *p))
			return false;
	return true;
}

void bootscript_cmdline(struct text *text, uint16_t machine,
			const char *parameters)
{
	add_parameters(text, machine);
	text_add(text, "%s%s\n", parameters[0] ? " " : "", parameters);
}

void bootscript_ipxe(struct text *text, uint16_t machine,
		     const char *parameters)
{
	/* initrd= names the file for the kernel's EFI stub; without it a
	 * kernel started by UEFI would have none. What is typed at an iPXE of
	 * ours is in ${parameters}; elsewhere that is nothing. */
	text_add(text,
		 "#!ipxe\n"
		 "kernel %s initrd=%s ",
		 BOOTSCRIPT_KERNEL, BOOTSCRIPT_INITRAMFS);
	add_parameters(text, machine);
	text_add(text,
		 "%s%s ${parameters}\n"
		 "initrd %s\n"
		 "boot\n",
		 parameters[0] ? " " : "", parameters, BOOTSCRIPT_INITRAMFS);
}

/* Each word in quotes, so that "&" and ";" in a URL stay in it. */
static void add_quoted_words(struct text *text, const char *words)
{
	while (*(words += strspn(words, " "))) {
		size_t len = strcspn(words, " ");

		text_add(text, " '%.*s'", (int)len, words);
		words += len;
	}
}

void bootscript_grub(struct text *text, uint16_t machine, const char *version,
		     const char *parameters)
{
	/* config_directory: GRUB has no paths relative to its script. */
	text_add(text,
		 "set default=0\n"
		 "set timeout=5\n"
		 "menuentry 'boomerang %s' {\n"
		 "\tlinux \"$config_directory/%s\" ",
		 version, BOOTSCRIPT_KERNEL);
	add_parameters(text, machine);
	add_quoted_words(text, parameters);
	text_add(text,
		 "\n"
		 "\tinitrd \"$config_directory/%s\"\n"
		 "}\n",
		 BOOTSCRIPT_INITRAMFS);
}
