/* SPDX-License-Identifier: MIT */
#include "initramfs/bootscript.h"

#include <elf.h>

#include "tap.h"

static void test_scripts(void)
{
	char buf[1024];
	struct text text = text_over(buf, sizeof(buf));

	bootscript_ipxe(&text, EM_X86_64, "");
	ok_str(buf,
	       "#!ipxe\n"
	       "kernel vmlinuz initrd=bootstrap.img console=tty0 "
	       "console=ttyS0,115200 quiet panic=10 ${parameters}\n"
	       "initrd bootstrap.img\n"
	       "boot\n",
	       "boot.ipxe");
	text = text_over(buf, sizeof(buf));
	bootscript_ipxe(&text, EM_X86_64, "image_url=http://h/a?b&c ip=dhcp");
	ok(strstr(buf,
		  " panic=10 image_url=http://h/a?b&c ip=dhcp ${parameters}\n"),
	   "parameters in boot.ipxe");
	text = text_over(buf, sizeof(buf));
	bootscript_cmdline(&text, EM_X86_64,
			   "image_url=http://h/a?b&c ip=dhcp");
	ok_str(buf,
	       "console=tty0 console=ttyS0,115200 quiet panic=10 "
	       "image_url=http://h/a?b&c ip=dhcp\n",
	       "cmdline: that of boot.ipxe without initrd=");
	text = text_over(buf, sizeof(buf));
	bootscript_grub(&text, EM_X86_64, "1.2",
			" image_url=http://h/a?b&c;d  ip=dhcp ");
	ok_str(buf,
	       "set default=0\n"
	       "set timeout=5\n"
	       "menuentry 'boomerang 1.2' {\n"
	       "\tlinux \"$config_directory/vmlinuz\" console=tty0 "
	       "console=ttyS0,115200 quiet panic=10 "
	       "'image_url=http://h/a?b&c;d' 'ip=dhcp'\n"
	       "\tinitrd \"$config_directory/bootstrap.img\"\n"
	       "}\n",
	       "grub.cfg");
	text = text_over(buf, sizeof(buf));
	bootscript_cmdline(&text, EM_AARCH64, "");
	ok_str(buf, "console=tty0 console=ttyAMA0,115200 quiet panic=10\n",
	       "the serial line of arm64");
}

int main(void)
{
	static const struct {
		const char *parameters;
		bool fit;
	} rows[] = {
		{ "", true },
		{ "ip=dhcp image_url=http://h/x?a=b&c", true },
		{ "a\nboot", false },
		{ "a='b c'", false },
		{ "a=\"b c\"", false },
		{ "a=${net0/mac}", false },
		{ "a\\", false },
		{ "a=\xc3\xa9", false },
		{ "a=\x7f", false },
	};

	test_scripts();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(bootscript_parameters_fit(rows[i].parameters),
		       rows[i].fit, "parameters that fit both loaders");
	return tap_done();
}
