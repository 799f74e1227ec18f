/* SPDX-License-Identifier: MIT */
/* The command lines of the next kernel. */
#include "kernel/words.h"

#include <errno.h>

#include "base/text.h"

#include "tap.h"

static const struct pmem_range place = { .start = 0x74400000,
					 .size = 186 * MIB };

static void test_bootstrap(void)
{
	static const struct {
		const char *what, *cmdline, *as_it_is, *reserved;
	} rows[] = {
		{ "nothing", "", "",
		  "memmap=186M!0x74400000 boomerang.pmem=186M!0x74400000" },
		{ "what was said to this boot alone",
		  "BOOT_IMAGE=/vmlinuz console=ttyS0 image_url=http://a/b "
		  "image_sha256=0 initrd=x ip=dhcp crashkernel=1M",
		  "console=ttyS0 ip=dhcp",
		  "console=ttyS0 ip=dhcp memmap=186M!0x74400000 "
		  "boomerang.pmem=186M!0x74400000" },
		{ "our memory of before",
		  "a memmap=2M!0x100000 boomerang.pmem=2M!0x100000 b",
		  "a memmap=2M!0x100000 boomerang.pmem=2M!0x100000 b",
		  "a b memmap=186M!0x74400000 boomerang.pmem=186M!0x74400000" },
		{ "a person's memory",
		  "memmap=2M!0x200000 memmap=2M!0x100000 "
		  "boomerang.pmem=2M!0x100000",
		  "memmap=2M!0x200000 memmap=2M!0x100000 "
		  "boomerang.pmem=2M!0x100000",
		  "memmap=2M!0x200000 memmap=186M!0x74400000 "
		  "boomerang.pmem=186M!0x74400000" },
		{ "quotes and white space", "  a=\"b  c\"\t\td \n",
		  "a=\"b  c\" d",
		  "a=\"b  c\" d memmap=186M!0x74400000 "
		  "boomerang.pmem=186M!0x74400000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[512];
		struct failure failure;

		ok_int(words_for_bootstrap(rows[i].cmdline, NULL, buf,
					   sizeof(buf), &failure),
		       0, rows[i].what);
		ok_str(buf, rows[i].as_it_is, rows[i].what);
		ok_int(words_for_bootstrap(rows[i].cmdline, &place, buf,
					   sizeof(buf), &failure),
		       0, rows[i].what);
		ok_str(buf, rows[i].reserved, rows[i].what);
	}
}

static void test_machine(void)
{
	char buf[256];
	struct failure failure;

	ok_int(words_of_machine("root=/dev/vda1 console=tty0 quiet "
				"memmap=1G!4G console=ttyS0,115200",
				buf, sizeof(buf), &failure),
	       0, "another system's");
	ok_str(buf, "console=tty0 memmap=1G!4G console=ttyS0,115200",
	       "consoles and memory alone");
}

static void test_live(void)
{
	static const char own[] =
		"console=tty0 console=ttyS1 console=ttyS0 ip=dhcp "
		"memmap=1G!4G";
	static const struct {
		const char *what, *live, *more[2], *want;
	} rows[] = {
		{ "consoles of the bootstrap",
		  "boot=live quiet",
		  { NULL, "rdinit=/x" },
		  "boot=live quiet rdinit=/x console=tty0 console=ttyS0 "
		  "memmap=1G!4G" },
		{ "its own console",
		  "boot=live console=hvc0",
		  { "a", "rdinit=/x" },
		  "boot=live console=hvc0 a rdinit=/x memmap=1G!4G" },
		{ "a console that is appended",
		  "boot=live",
		  { "console=ttyS1", "rdinit=/x" },
		  "boot=live console=ttyS1 rdinit=/x memmap=1G!4G" },
		{ "what is its init's",
		  "boot=live -- single",
		  { "", "rdinit=/x" },
		  "boot=live rdinit=/x console=tty0 console=ttyS0 "
		  "memmap=1G!4G -- single" },
		{ "three dashes are a word",
		  "boot=casper --- splash",
		  { NULL, NULL },
		  "boot=casper --- splash console=tty0 console=ttyS0 "
		  "memmap=1G!4G" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[512];
		struct failure failure;

		ok_int(words_for_live(rows[i].live, rows[i].more, 2, own, buf,
				      sizeof(buf), &failure),
		       0, rows[i].what);
		ok_str(buf, rows[i].want, rows[i].what);
	}
}

static void test_room(void)
{
	char buf[16];
	struct failure failure;

	ok_int(words_for_bootstrap("console=ttyS0 a=b", NULL, buf, sizeof(buf),
				   &failure),
	       -ENOBUFS, "more than fits");
	ok(strstr(failure.text, "15 bytes"), "and says how much does");
	ok_int(words_for_bootstrap("console=ttyS0 a", NULL, buf, sizeof(buf),
				   &failure),
	       0, "just as much as fits");
}

static void test_our_range(void)
{
	struct pmem_range range = { 0 };

	ok(words_our_range("a boomerang.pmem=186M!0x74400000 memmap=1M!1G",
			   &range) &&
		   range.start == 0x74400000 && range.size == 186 * MIB,
	   "the range that is ours");
	ok(!words_our_range("memmap=186M!0x74400000", &range),
	   "a person's is not");
	ok(!words_our_range("boomerang.pmem=186M boomerang.pmem", &range),
	   "nor is one that says nothing");
}

int main(void)
{
	test_bootstrap();
	test_machine();
	test_live();
	test_room();
	test_our_range();
	return tap_done();
}
