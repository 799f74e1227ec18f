/* SPDX-License-Identifier: MIT */
#include "root/init.h"

#include <elf.h>
#include <errno.h>

#include "tap.h"

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr program;
	char interpreter[32];
};

static struct image good_image(void)
{
	return (struct image){
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_machine = EM_X86_64,
			.e_phoff = offsetof(struct image, program),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.program = {
			.p_type = PT_INTERP,
			.p_offset = offsetof(struct image, interpreter),
			.p_filesz = sizeof("/lib/ld.so"),
		},
		.interpreter = "/lib/ld.so",
	};
}

static int examine(const void *bytes, size_t len, char *interpreter)
{
	uint16_t machine = 0;

	return init_examine(bytes, len, EM_X86_64, interpreter, &machine);
}

static void test_elf(void)
{
	char interpreter[PATH_MAX] = "";
	struct image image = good_image();

	ok_int(examine(&image, sizeof(image), interpreter), 0, "an ELF");
	ok_str(interpreter, "/lib/ld.so", "its interpreter");
	image.program.p_type = PT_LOAD;
	ok_int(examine(&image, sizeof(image), interpreter), 0, "static ELF");
	ok_str(interpreter, "", "has none");
	image = good_image();
	image.header.e_machine = EM_AARCH64;
	ok_int(examine(&image, sizeof(image), interpreter), -EPROTONOSUPPORT,
	       "another architecture");
	image = good_image();
	image.header.e_phoff = UINT64_MAX - 8;
	ok_int(examine(&image, sizeof(image), interpreter), -EBADMSG,
	       "program headers beyond the end");
	image = good_image();
	image.program.p_offset = UINT64_MAX;
	ok_int(examine(&image, sizeof(image), interpreter), -EBADMSG,
	       "interpreter beyond the end");
	image = good_image();
	image.program.p_filesz = 5;
	ok_int(examine(&image, sizeof(image), interpreter), -EBADMSG,
	       "interpreter without its NUL");
	ok_int(examine(&image, 20, interpreter), -EBADMSG, "a cut header");
}

static void test_script(void)
{
	static const struct {
		const char *text;
		int r;
		const char *interpreter;
	} cases[] = {
		{ "#!/bin/sh\n", 0, "/bin/sh" },
		{ "#! /bin/sh -e\n", 0, "/bin/sh" },
		{ "#!\t/bin/busybox sh\n", 0, "/bin/busybox" },
		{ "#!\n", -ENOEXEC, NULL },
		{ "#!/bin/sh", -ENOEXEC, NULL },
		{ "echo\n", -ENOEXEC, NULL },
		{ "", -ENOEXEC, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char interpreter[PATH_MAX] = "";
		int r = examine(cases[i].text, strlen(cases[i].text),
				interpreter);

		ok_int(r, cases[i].r, cases[i].text);
		if (cases[i].interpreter)
			ok_str(interpreter, cases[i].interpreter,
			       "its interpreter");
	}
}

int main(void)
{
	test_elf();
	test_script();
	return tap_done();
}
