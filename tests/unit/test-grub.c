/* SPDX-License-Identifier: MIT */
/* The language of grub.cfg, seen by the entries that a script leaves. What
 * real media make of it is in test-live-menus.c. */
#include "base/cleanup.h"
#include "fake-medium.h"

#define CFG "/boot/grub/grub.cfg"

static const struct {
	const char *what, *script, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "an entry", "menuentry 'A b' { linux /vmlinuz x=1 y\n initrd /i }\n",
	  "*A b | /vmlinuz | /i | x=1 y\n" },
	{ "classes and other options",
	  "menuentry --hotkey=g 'A' --class x --class=y --unrestricted "
	  "--users '' --hotkey s --id i {\n linux /v\n}",
	  "*A | /v |  | \n" },
	{ "quotes",
	  "menuentry 'it'\\''s \"A\"' { linux /v 'a b' \"c\\\"d\" e\\ f g'h'\"i\" "
	  "'' k=\"x y\" }",
	  "*it's \"A\" | /v |  | \"a b\" c\"d \"e f\" ghi  \"k=x y\"\n" },
	{ "backslashes in quotes",
	  "menuentry A { linux /v \"c:\\x\" 'd\\x' e\\x }",
	  "*A | /v |  | c:\\x d\\x ex\n" },
	{ "comments and joined lines",
	  "# menuentry no {}\nmenuentry A { # { \n linux /v a#b \\\n c # d\n }",
	  "*A | /v |  | a#b c\n" },
	{ "carriage returns",
	  "menuentry A {\r\n linux /v a\r\n initrd /i\r\n}\r\n",
	  "*A | /v | /i | a\n" },
	{ "text for translation", "menuentry $\"A\" { linux /v }",
	  "*A | /v |  | \n" },
	{ "variables",
	  "set a=1\nset b=\"$a 2\"\nc=3\nmenuentry \"A $b\" {\n"
	  "linux /v ${a}x $b \"$b\" '$b' \\$b $c $none \"$none\" $-\n}",
	  "*A 1 2 | /v |  | 1x 1 2 \"1 2\" $b $b 3 $-\n" },
	{ "bodies run when chosen",
	  "set a=1\nmenuentry A { linux /v $a; set a=3 }\nset a=2\n"
	  "menuentry B { linux /v b$a }",
	  "*A | /v |  | 2\nB | /v |  | b2\n" },
	{ "only what is exported is seen in a submenu",
	  "set a=1\nset b=2\nexport b\nsubmenu S { menuentry A { linux /v "
	  "x$a y$b } }\nmenuentry B { linux /v x$a y$b }",
	  "*S > A | /v |  | x y2\nB | /v |  | x1 y2\n" },
	{ "unset", "set a=1\nunset a\nmenuentry A { linux /v x$a }",
	  "*A | /v |  | x\n" },
	{ "a drive",
	  "menuentry A { linux ($root)/v\n initrd (cd0)/i (hd0,1)/j }",
	  "*A | /v | /i,/j | \n" },
	{ "dots and slashes", "menuentry A { linux //b/./c/../v }",
	  "*A | /b/v |  | \n" },
	{ "the last linux and initrd count",
	  "menuentry A { linux /v a\n initrd /i\n linux16 /w b\n"
	  "initrd16 /j\n initrdefi /k }",
	  "*A | /w | /k | b\n" },
	{ "an initrd without a kernel", "menuentry A { initrd /i }", "*A\n" },
	{ "what loaders add",
	  "menuentry A { linux /v BOOT_IMAGE=/v a initrd=\\\\x\\\\y }",
	  "*A | /v | /x/y | a\n" },
	{ "a file put into an archive",
	  "menuentry A { linux /v\n initrd newc:x:/y /i}",
	  "*A | /v | /i | \n" },
	{ "other systems",
	  "menuentry W { chainloader +1 }\nmenuentry R { reboot }\n"
	  "menuentry M { linux16 /boot/memtest86+.bin }\n"
	  "menuentry X { multiboot2 /xen.gz\n module2 /v }\n"
	  "menuentry A { linux /v }\n",
	  "*W\nR\nM\nX\nA | /v |  | \n" },
	{ "doubles",
	  "menuentry A { linux /v a }\nmenuentry B { linux /v a }\n"
	  "menuentry C { linux /v b }\nmenuentry D { linux /v b; initrd /i }\n"
	  "set default=1",
	  "*A | /v |  | a\nC | /v |  | b\nD | /v | /i | b\n" },
	{ "no menu, only a kernel", "linux /boot/vmlinuz a\ninitrd /i\nboot",
	  "*vmlinuz | /boot/vmlinuz | /i | a\n" },

	/* --- if --- */
	{ "if",
	  "if [ 1 = 1 ]; then set a=y; else set a=n; fi\n"
	  "if test x$b = x -a ! -n \"$b\"\nthen\n set c=y\nfi\n"
	  "menuentry A { linux /v $a $c }",
	  "*A | /v |  | y y\n" },
	{ "elif",
	  "set a=2\nif [ $a = 1 ]; then b=1; elif [ $a = 2 ]; then b=2\n"
	  "elif [ $a = 2 ]; then b=3; else b=4; fi\n"
	  "if [ $a == 9 ]; then c=1; elif false; then c=2; else c=3; fi\n"
	  "menuentry A { linux /v $b $c }",
	  "*A | /v |  | 2 3\n" },
	{ "if within if, in an entry",
	  "menuentry A {\n if true; then if false; then linux /n\n else\n"
	  "if true; then linux /v; fi; fi; fi\n}",
	  "*A | /v |  | \n" },
	{ "if without a value",
	  "if [ ${iso_path} ] ; then set a=x; fi\n"
	  "menuentry A { linux /v $a b }",
	  "*A | /v |  | b\n" },
	{ "files",
	  "if [ -f /vmlinuz -a -e ($root)/vmlinuz ]; then a=1; fi\n"
	  "if [ -s /none -o -d /none ]; then b=1; fi\n"
	  "menuentry A { linux /v x$a$b }",
	  "*A | /v |  | x1\n" },
	{ "and, or",
	  "if [ 1 = 1 -a 1 = 2 ]; then a=1; fi\n"
	  "if [ \"\" -o 1 = 1 ]; then b=1; fi\n"
	  "menuentry A { linux /v x$a$b }",
	  "*A | /v |  | x1\n" },
	{ "comparisons",
	  "t=\nif [ 10 -gt 9 -a 9 -ge 9 -a 1 -lt 2 -a 2 -le 2 -a 3 -ne 4 -a 5 "
	  "-eq 5 ]; then t=${t}a; fi\n"
	  "if [ ( 1 = 2 -o a != b ) -a ! a = b ]; then t=${t}b; fi\n"
	  "if [ a \"<\" b ]; then t=${t}c; fi\nif [ -z \"\" ]; then t=${t}d; fi\n"
	  "if [ ]; then t=${t}e; fi\nif [ x; then t=${t}f; fi\n"
	  "if ! false; then t=${t}g; fi\n"
	  "menuentry A { linux /v $t }",
	  "*A | /v |  | abcdg\n" },
	{ "a status", "false\nset a=$?\ntrue\nmenuentry A { linux /v $a $? }",
	  "*A | /v |  | 1 0\n" },
	{ "the platform",
	  "if [ \"$grub_platform\" = efi ]; then l=linuxefi; else l=linux; fi\n"
	  "if cpuid -l; then a=64; else a=32; fi\n"
	  "menuentry A { $l /v $a }",
	  "*A | /v |  | 64\n" },

	/* --- loops and functions --- */
	{ "for",
	  "for i in a b 'c d'; do menuentry \"$i\" { linux /v $1 }; done",
	  "*a | /v |  | a\nb | /v |  | b\nc d | /v |  | c d\n" },
	{ "for over a variable",
	  "set l='a b'\nfor i in $l; do t=$t$i; done\n"
	  "menuentry A { linux /v $t }",
	  "*A | /v |  | ab\n" },
	{ "for over files",
	  "for f in /conf/*.cfg /conf/none*; do t=\"$t $f\"; done\n"
	  "menuentry A { linux /v$t }",
	  "*A | /v |  | /conf/1.cfg /conf/2.cfg /conf/none*\n" },
	{ "a pattern in a variable",
	  "p='/conf/*.cfg'\nfor f in $p; do t=\"$t $f\"; done\n"
	  "menuentry A { linux /v$t }",
	  "*A | /v |  | /conf/1.cfg /conf/2.cfg\n" },
	{ "a pattern for the kernel",
	  "menuentry A { linux (cd0)/con?/?.cfg\n"
	  "initrd '/con?/1.cfg' }",
	  "*A | /conf/1.cfg | /con?/1.cfg | /conf/2.cfg\n" },
	{ "while and until",
	  "while [ \"$a\" != xxx ]; do a=x$a; done\n"
	  "until [ \"$b\" = yy ]; do b=y$b; done\n"
	  "menuentry A { linux /v $a $b }",
	  "*A | /v |  | xxx yy\n" },
	{ "break and continue",
	  "for i in 1 2 3 4; do\n if [ $i = 2 ]; then continue; fi\n"
	  "if [ $i = 4 ]; then break; fi\n t=$t$i\ndone\n"
	  "for i in 1 2; do for k in a b; do u=$u$i$k; break 2; done; done\n"
	  "menuentry A { linux /v $t $u }",
	  "*A | /v |  | 13 1a\n" },
	{ "functions",
	  "function e {\n if [ $# = 0 ]; then return 1; fi\n"
	  "menuentry \"$1 $2\" \"$@\" { linux /v $2 $# }\n}\n"
	  "e A 'b c'\nif e; then menuentry no { linux /v no }; fi\n",
	  "*A b c | /v |  | A 3\n" },
	{ "eval",
	  "for i in a b; do eval \"v_$i='x $i'\"; done\n"
	  "n=a\neval set w=\\\"\\$v_$n\\\"\n"
	  "menuentry A { linux /v \"$w\" $v_b }",
	  "*A | /v |  | \"x a\" x b\n" },
	{ "arguments are a function's own",
	  "function g { true; }\nfunction f { g x y; a=\"$1 $#\"; }\n"
	  "f 1 \"\" ''\nmenuentry A { linux /v \"$a$1\" }",
	  "*A | /v |  | \"1 3A\"\n" },
	{ "shift",
	  "function f { shift; a=\"$1 $#\"; }\nf 1 2 3\n"
	  "menuentry A { linux /v \"$a\" }",
	  "*A | /v |  | \"2 2\"\n" },
	{ "arguments of an entry", "menuentry A /v2 x { linux $2 $3 }",
	  "*A | /v2 |  | x\n" },

	/* --- finding the medium --- */
	{ "search",
	  "search --no-floppy --set=root -l LIVE_1\na=$?\n"
	  "search --label --set=b OTHER\nb=$?\n"
	  "search --no-floppy --fs-uuid --set=c 2026-11-21-10-20-30-00\n"
	  "search --hint hd0,1 --hint-efi=hd1 -f --set=d /vmlinuz\n"
	  "search.fs_label LIVE_1 e\nsearch.file /none f\nf=$?\n"
	  "menuentry A { linux ($root)/v $a $b $c $d $e $f }",
	  "*A | /v |  | 0 1 cd0 cd0 cd0 1\n" },
	{ "probe",
	  "probe --set=u --fs-uuid $root\nprobe --set l --label (cd0)\n"
	  "probe -s f --fs $root\nmenuentry A { linux /v $u $l $f }",
	  "*A | /v |  | 2026-11-21-10-20-30-00 LIVE_1 iso9660\n" },
	{ "an ISO within the ISO is not ours",
	  "menuentry A { loopback loop /vmlinuz\n linux (loop)/v }\n"
	  "menuentry B { loopback loop /vmlinuz\n set root=(loop)\n linux /v }\n"
	  "menuentry C { linux (memdisk)/v }\nmenuentry D { linux /v }",
	  "*A\nB\nC\nD | /v |  | \n" },

	/* --- menus --- */
	{ "submenus",
	  "submenu S { submenu T { menuentry A { linux /v a } }\n"
	  "menuentry B { linux /v b } }",
	  "*S > T > A | /v |  | a\nS > B | /v |  | b\n" },
	{ "a default by its number",
	  "default=2\nmenuentry A { linux /v a }\nsubmenu S { menuentry B { "
	  "linux /v b } }\nmenuentry C { linux /v c }",
	  "A | /v |  | a\nS > B | /v |  | b\n*C | /v |  | c\n" },
	{ "a default by its id",
	  "menuentry A --id a { linux /v a }\n"
	  "menuentry B $menuentry_id_option b { linux /v b }\nset default=b",
	  "A | /v |  | a\n*B | /v |  | b\n" },
	{ "a default in a submenu",
	  "set default='S>1'\nmenuentry A { linux /v a }\n"
	  "submenu S { menuentry B { linux /v b }\nmenuentry C { linux /v c } }",
	  "A | /v |  | a\nS > B | /v |  | b\n*S > C | /v |  | c\n" },
	{ "a submenu's own default",
	  "set default=S\nmenuentry A { linux /v a }\n"
	  "submenu S { set default=C\nmenuentry B { linux /v b }\n"
	  "menuentry C { linux /v c } }",
	  "A | /v |  | a\nS > B | /v |  | b\n*S > C | /v |  | c\n" },
	{ "a default with an arrow in its title",
	  "set default='T -->>B'\nmenuentry A { linux /v a }\n"
	  "submenu 'T -->' { menuentry A { linux /v b }\n"
	  "menuentry B { linux /v c } }",
	  "A | /v |  | a\nT --> > A | /v |  | b\n*T --> > B | /v |  | c\n" },
	{ "source",
	  "set a=1\nsource /conf/1.cfg\n. $prefix/none.cfg\n"
	  "menuentry A { linux /v $a }",
	  "*one | /v |  | one 2\nA | /v |  | 2\n" },
	{ "configfile",
	  "set a=1\nmenuentry A { configfile /conf/1.cfg }\n"
	  "menuentry B { linux /v $a }",
	  "*A > one | /v |  | one 2\nB | /v |  | 1\n" },
	{ "a menu that leads back",
	  "menuentry A { linux /v }\nmenuentry Back { configfile "
	  "/boot/grub/grub.cfg }\nsubmenu B { source /boot/grub/grub.cfg }",
	  "*A | /v |  | \n" },

	/* --- what is wrong --- */
	{ "words that are not closed", "menuentry 'A { linux /v }",
	  "*A { linux /v }\n" },
	{ "braces that are not closed", "menuentry A { linux /v",
	  "*A | /v |  | \n" },
	{ "stray words", "fi\n}\nelse\ndone\nmenuentry A { linux /v }\nfi",
	  "*A | /v |  | \n" },
	{ "a fi that lacks",
	  "function f {\n if true; then a=1\n}\nf\n"
	  "menuentry A { linux /v $a }",
	  "*A | /v |  | 1\n" },
	{ "a brace that lacks",
	  "if true; then\nmenuentry A { linux /v\nfi\n"
	  "menuentry B { linux /v b }",
	  "*A | /v |  | \nB | /v |  | b\n" },
	{ "unknown commands",
	  "frobnicate $x\nif frobnicate; then a=1; fi\n"
	  "hiddenentry H { linux /v h }\n"
	  "menuentry A { linux /v x$a; frobnicate }",
	  "*A | /v |  | x\n" },
	{ "control characters", "menuentry 'A\x1b[2J' { linux /v 'a\nb' }",
	  "*A?[2J | /v |  | \"a?b\"\n" },
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fake_file files[] = {
			{ CFG, cases[i].script },
			{ "/vmlinuz", "" },
			{ "/conf/1.cfg",
			  "set a=2\nmenuentry one { linux /v one $a }" },
			{ "/conf/2.cfg", "" },
			{ NULL, NULL },
		};

		check_menu(grub_menu, files, CFG, 0, cases[i].want,
			   cases[i].what);
	}
}

/* Text repeated count times. */
static char *repeat(const char *text, size_t count, const char *tail)
{
	size_t len = strlen(text), tail_len = strlen(tail);
	char *all = malloc(len * count + tail_len + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(all + i * len, text, len);
	memcpy(all + len * count, tail, tail_len + 1);
	return all;
}

static void check_hostile(const char *script, const char *what)
{
	const struct fake_file files[] = { { CFG, script }, { NULL, NULL } };
	struct boot_files medium = fake_medium(files);
	_cleanup_boot_menu struct boot_menu menu = { 0 };

	ok_int(grub_menu(&medium, CFG, &menu), -E2BIG, what);
}

static void test_hostile(void)
{
	_cleanup_free char *nested = repeat("if true; then ", 60000, "x");
	_cleanup_free char *blocks = repeat("menuentry x { ", 60000, "x");
	_cleanup_free char *doubling = repeat("a=$a$a$a$a;", 40, "");
	_cleanup_free char *entries =
		repeat("b=x$b; for i in 1 2 3 4 5 6 7 8 9; do menuentry $b$i { "
		       "linux /v $1 }; done;",
		       30, "");
	_cleanup_free char *words = repeat("a ", 1000, "");

	doubling[2] = 'x';
	check_hostile(nested, "nested too deeply");
	check_hostile(blocks, "blocks nested too deeply");
	check_hostile("while true; do true; done", "a loop for ever");
	check_hostile("until false; do false; done", "another");
	check_hostile("function f { f; }; f", "a function of itself");
	check_hostile("function f { submenu x { f; }; }; f",
		      "a submenu of itself");
	check_hostile("function a { b; b; b; b; b; b; b; b; }\n"
		      "function b { c; c; c; c; c; c; c; c; }\n"
		      "function c { d; d; d; d; d; d; d; d; }\n"
		      "function d { e; e; e; e; e; e; e; e; }\n"
		      "function e { f; f; f; f; f; f; f; f; }\n"
		      "function f { g; g; g; g; g; g; g; g; }\n"
		      "function g { h; h; h; h; h; h; h; h; }\n"
		      "function h { i; i; i; i; i; i; i; i; }\n"
		      "function i { a=1; }\na; a; a; a; a; a\n",
		      "functions of functions");
	check_hostile(doubling, "a variable that grows");
	check_hostile(entries, "too many entries");
	check_hostile(words, "too many words");
}

/* A directory of ten, in each of which are ten… */
static int list_ten(void *context, const char *path,
		    int (*each)(const char *name, void *each_context),
		    void *each_context)
{
	int r = 0;

	(void)context;
	(void)path;
	for (unsigned i = 0; r == 0 && i < 10; i++)
		r = each("x", each_context);
	return r;
}

static void test_many_paths(void)
{
	static const struct fake_file files[] = {
		{ CFG, "for f in /*/*/*/*/*/*/none; do true; done" },
		{ NULL, NULL },
	};
	struct boot_files medium = fake_medium(files);
	_cleanup_boot_menu struct boot_menu menu = { 0 };

	medium.list = list_ten;
	ok_int(grub_menu(&medium, CFG, &menu), -E2BIG, "too many paths");
}

static void test_absent(void)
{
	static const struct fake_file files[] = { { "/x", "" },
						  { NULL, NULL } };

	check_menu(grub_menu, files, CFG, -ENOENT, "", "no configuration");
}

int main(void)
{
	test_cases();
	test_hostile();
	test_many_paths();
	test_absent();
	return tap_done();
}
