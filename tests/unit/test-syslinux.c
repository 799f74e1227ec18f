/* SPDX-License-Identifier: MIT */
/* The configuration of SYSLINUX and ISOLINUX, and loader entries. */
#include "base/cleanup.h"
#include "fake-medium.h"

#define CFG "/isolinux/isolinux.cfg"

static const struct {
	const char *what, *config, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "a label",
	  "LABEL a\n  MENU LABEL ^Start it\n  KERNEL /boot/vmlinuz\n"
	  "  INITRD /boot/i,/boot/j\n  APPEND x=1 y\n",
	  "*Start it | /boot/vmlinuz | /boot/i,/boot/j | x=1 y\n" },
	{ "relative paths, either case, carriage returns",
	  "label a\r\n\tkernel vmlinuz\r\n\tappend initrd=../i,::/j,K y\r\n",
	  "*a | /isolinux/vmlinuz | /i,/j,/isolinux/K | y\n" },
	{ "options behind the kernel",
	  "label a\nlinux v one\nappend two\ninitrd i",
	  "*a | /isolinux/v | /isolinux/i | one two\n" },
	{ "append of all, of one, of none",
	  "append of=all\nlabel a\nkernel v\nlabel b\nkernel v\nappend x\n"
	  "label c\nkernel v\nappend -\n",
	  "*a | /isolinux/v |  | of=all\nb | /isolinux/v |  | x\n"
	  "c | /isolinux/v |  | \n" },
	{ "the default by its label",
	  "default b x\nprompt 0\ntimeout 1\n"
	  "label a\nkernel v\nlabel b\nkernel w\n",
	  "a | /isolinux/v |  | \n*b | /isolinux/w |  | \n" },
	{ "the default of the menu",
	  "default vesamenu.c32\nlabel a\nkernel v\nlabel b\nmenu default\n"
	  "kernel w\n",
	  "a | /isolinux/v |  | \n*b | /isolinux/w |  | \n" },
	{ "a default without labels", "default vmlinuz initrd=i x\n",
	  "*linux | /isolinux/vmlinuz | /isolinux/i | x\n" },
	{ "a default that is not there", "default none\n", "" },
	{ "submenus",
	  "menu begin adv\nmenu title ^Advanced\nlabel a\nkernel v\n"
	  "menu begin\nmenu label More\nlabel b\nkernel w\nmenu end\n"
	  "label c\nkernel x\nmenu end\nlabel d\nkernel y\n",
	  "*Advanced > a | /isolinux/v |  | \n"
	  "Advanced > More > b | /isolinux/w |  | \n"
	  "Advanced > c | /isolinux/x |  | \nd | /isolinux/y |  | \n" },
	{ "a default within a submenu",
	  "default c\nlabel a\nkernel v\nmenu begin s\nlabel b\n"
	  "menu default\nkernel w\nmenu end\nlabel c\nkernel x\n",
	  "a | /isolinux/v |  | \ns > b | /isolinux/w |  | \n"
	  "*c | /isolinux/x |  | \n" },
	{ "hidden and disabled labels",
	  "label a\nmenu hide\nkernel v\nlabel b\nkernel w\n"
	  "label c\nmenu disable\nkernel x\n",
	  "*b | /isolinux/w |  | \na | /isolinux/v |  | \n" },
	{ "help is no keyword",
	  "label a\ntext help\nlabel no\nkernel no\nendtext\nkernel v\n",
	  "*a | /isolinux/v |  | \n" },
	{ "comments and unknown words",
	  "# label x\nserial 0\nmenu color x\nlabel a\nkernel v\nfoo bar\n",
	  "*a | /isolinux/v |  | \n" },
	{ "other systems",
	  "label a\nlocalboot 0x80\nlabel b\ncom32 chain.c32\nappend hd0\n"
	  "label c\nkernel memtest\nlabel d\nkernel mboot.c32\n"
	  "append xen.gz --- vmlinuz\nlabel e\nlinux v.bin\n",
	  "*a\nb\nc\nd\ne | /isolinux/v.bin |  | \n" },
	{ "labels that say nothing",
	  "label a\nmenu label ----\nlabel b\n"
	  "menu goto x\nlabel c\nkernel v\n",
	  "*c | /isolinux/v |  | \n" },
	{ "what is included",
	  "include one.cfg\nmenu include /isolinux/one.cfg Title\n"
	  "include none.cfg\nlabel a\nkernel v\n",
	  "*one | /isolinux/1 |  | \na | /isolinux/v |  | \n" },
	{ "another configuration",
	  "label s\ncom32 whichsys.c32\nappend -iso- sys\n"
	  "label sys\nmenu label More\nconfig one.cfg\n"
	  "label m\nkernel vesamenu.c32\nappend two.cfg\n"
	  "label back\nconfig isolinux.cfg\nlabel a\nkernel v\n",
	  "*More > one | /isolinux/1 |  | \ntwo | /isolinux/2 |  | \n"
	  "a | /isolinux/v |  | \n" },
	{ "another program with a file of its own",
	  "ui gfxboot one.cfg\nlabel a\nkernel v\n",
	  "*a | /isolinux/v |  | \n" },
	{ "a menu program with a configuration", "ui vesamenu.c32 one.cfg\n",
	  "*one | /isolinux/1 |  | \n" },
	{ "a configuration instead", "config one.cfg\n",
	  "*one | /isolinux/1 |  | \n" },
	{ "control characters", "label a\nmenu label A\x1b[2J\nkernel v\n",
	  "*A?[2J | /isolinux/v |  | \n" },
	{ "words that begin like keywords",
	  "label a\nkernels no\nmenus x\n"
	  "kernel v\nlabels\n",
	  "*a | /isolinux/v |  | \n" },
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fake_file files[] = {
			{ CFG, cases[i].config },
			{ "/isolinux/one.cfg", "label one\nkernel 1\n" },
			{ "/isolinux/two.cfg", "label two\nkernel 2\n" },
			{ "/isolinux/vmlinuz", "" },
			{ NULL, NULL },
		};

		check_menu(syslinux_menu, files, CFG, 0, cases[i].want,
			   cases[i].what);
	}
}

static void test_hostile(void)
{
	static const struct fake_file itself[] = {
		{ CFG, "include isolinux.cfg\nlabel a\nkernel v\n" },
		{ NULL, NULL },
	};
	static const struct fake_file many[] = {
		{ "/a", "include b\ninclude b\ninclude b\ninclude b\n" },
		{ "/b", "include c\ninclude c\ninclude c\ninclude c\n" },
		{ "/c", "include d\ninclude d\ninclude d\ninclude d\n" },
		{ "/d", "label a\nkernel v\n" },
		{ NULL, NULL },
	};
	char deep[17 * 32 + 1] = "", labels[300 * 24] = "";
	struct text deep_text = text_over(deep, sizeof(deep));
	struct text label_text = text_over(labels, sizeof(labels));
	char same[1025 * 24] = "";
	struct text same_text = text_over(same, sizeof(same));
	const struct fake_file files[] = { { "/deep", deep },
					   { "/same", same },
					   { "/labels", labels },
					   { NULL, NULL } };
	_cleanup_boot_menu struct boot_menu menu = { 0 };
	struct boot_files medium = fake_medium(files);

	for (unsigned i = 0; i < 17; i++)
		text_put(&deep_text, "menu begin\n");
	for (unsigned i = 0; i < 300; i++)
		text_add(&label_text, "label a\nkernel v%u\n", i);
	check_menu(syslinux_menu, itself, CFG, -E2BIG, "", "itself");
	check_menu(syslinux_menu, many, "/a", -E2BIG, "", "too many files");
	check_menu(syslinux_menu, many, "/none", -ENOENT, "", "no file");
	for (unsigned i = 0; i < 1025; i++)
		text_put(&same_text, "label a\nkernel v\n");
	check_menu(syslinux_menu, files, "/same", -E2BIG, "",
		   "too many labels for the same");
	ok_int(syslinux_menu(&medium, "/deep", &menu), -E2BIG, "too deep");
	ok_int(syslinux_menu(&medium, "/labels", &menu), -E2BIG,
	       "too many labels");
	ok_int((int64_t)menu.count, BOOT_ENTRIES_MAX, "and those before");
}

/* --- loader entries --- */

static const struct fake_file loader[] = {
	{ "/loader/loader.conf",
	  "# comment\ntimeout 3\ndefault  02-*.conf\neditor no\n" },
	{ "/loader/entries/01-a.conf",
	  "title   A (x86_64)\nsort-key 01\nlinux   /a/vmlinuz\n"
	  "initrd  /a/ucode.img\ninitrd \\a\\i.img\noptions x=1\n"
	  "options\ty\n" },
	{ "/loader/entries/02-b.conf",
	  "title B\r\nsort-key 02\r\nlinux /a/vmlinuz\r\ninitrd /b\r\n" },
	{ "/loader/entries/old.conf", "linux /old\n" },
	{ "/loader/entries/older.conf", "version 1\nlinux /older # no\n" },
	{ "/loader/entries/shell.conf", "title Shell\nefi /shellx64.efi\n" },
	{ "/loader/entries/arm.conf",
	  "title Arm\narchitecture arm\nlinux /arm\n" },
	{ "/loader/entries/empty.conf", "" },
	{ "/loader/entries/readme.txt", "title No\nlinux /no\n" },
	{ "/other/entries/x.conf", "title X\nlinux /x\n" },
	{ NULL, NULL },
};

static void test_loader(void)
{
	check_menu(loader_entries_menu, loader, "/loader/entries", 0,
		   "A (x86_64) | /a/vmlinuz | /a/ucode.img,/a/i.img | x=1 y\n"
		   "*B | /a/vmlinuz | /b | \nShell\n"
		   "older.conf | /older # no |  | \nold.conf | /old |  | \n"
		   "Arm\n",
		   "loader entries");
	check_menu(loader_entries_menu, loader, "/other/entries", 0,
		   "*X | /x |  | \n", "without loader.conf");
	check_menu(loader_entries_menu, loader, "/none", -ENOENT, "",
		   "no directory");
}

int main(void)
{
	test_cases();
	test_hostile();
	test_loader();
	return tap_done();
}
