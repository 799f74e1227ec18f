/* SPDX-License-Identifier: MIT */
/* grub.cfg: its language, and live media in the form of the real ones. */
#include "fake-medium.h"

#define CFG "/boot/grub/grub.cfg"

static void check(const char *script, const char *want, const char *what)
{
	const struct fake_file files[] = {
		{ CFG, script },
		{ "/vmlinuz", "" },
		{ NULL, NULL },
	};

	check_menu(grub_menu, files, CFG, 0, want, what);
}

static void test_entries(void)
{
	check("menuentry 'A b' { linux /vmlinuz x=1 y\n initrd /i }\n",
	      "*A b | /vmlinuz | /i | x=1 y\n", "an entry");
	check("set default=1\n"
	      "menuentry \"A\" --class x --hotkey=a { linux /vmlinuz a }\n"
	      "menuentry \"B\" --id b { linux /vmlinuz b }\n",
	      "A | /vmlinuz |  | a\n*B | /vmlinuz |  | b\n", "a default");
}

int main(void)
{
	test_entries();
	return tap_done();
}
