/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>

#include "tap.h"
#include "wire/elf-file.h"

#define ADDRESS 0x400000

/* A dynamic program as the linker lays it out, only smaller. */
struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Dyn dynamic[6];
	char strings[64];
};

static const char strings[64] =
	"\0libone.so\0libtwo.so\0$ORIGIN/../lib\0/ld.so";

static struct program good_program(void)
{
	struct program p = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_phoff = offsetof(struct program, segments),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3,
		},
		.segments = {
			{ .p_type = PT_INTERP,
			  .p_offset = offsetof(struct program, strings) + 36,
			  .p_filesz = 7 },
			{ .p_type = PT_LOAD,
			  .p_offset = 0,
			  .p_vaddr = ADDRESS,
			  .p_filesz = sizeof(struct program) },
			{ .p_type = PT_DYNAMIC,
			  .p_offset = offsetof(struct program, dynamic),
			  .p_filesz = sizeof(p.dynamic) },
		},
		.dynamic = {
			{ DT_NEEDED, { 1 } },
			{ DT_NEEDED, { 11 } },
			{ DT_RUNPATH, { 21 } },
			{ DT_STRTAB,
			  { ADDRESS + offsetof(struct program, strings) } },
			{ DT_STRSZ, { sizeof(strings) } },
			{ DT_NULL, { 0 } },
		},
	};

	memcpy(p.strings, strings, sizeof(strings));
	return p;
}

static int parse(const struct program *program, struct elf *ret_elf)
{
	return elf_parse(view_over(program, sizeof(*program)), ret_elf);
}

static void test_good(void)
{
	struct program p = good_program();
	struct elf elf;

	ok_int(parse(&p, &elf), 0, "a dynamic program");
	ok(elf.wide && !elf.big_endian, "its class and byte order");
	ok_int(elf.machine, EM_X86_64, "its machine");
	ok_str(elf.interpreter, "/ld.so", "its interpreter");
	ok_str(elf.runpath, "$ORIGIN/../lib", "its runpath");
	ok_int((int64_t)elf.needed_count, 2, "two libraries");
	ok_str(elf.needed[0], "libone.so", "the first");
	ok_str(elf.needed[1], "libtwo.so", "the second");

	p = good_program();
	p.header.e_phnum = 0;
	ok_int(parse(&p, &elf), 0, "a static program");
	ok(!elf.interpreter && elf.needed_count == 0, "needs nothing");

	p = good_program();
	p.dynamic[2].d_tag = DT_RPATH;
	ok_int(parse(&p, &elf), 0, "an old program");
	ok_str(elf.runpath, "$ORIGIN/../lib", "has an rpath");
}

static void test_bad(void)
{
	struct elf elf = { .machine = 1234 };
	struct program p;

#define BROKEN(change, what)                             \
	do {                                             \
		p = good_program();                      \
		change;                                  \
		ok_int(parse(&p, &elf), -EBADMSG, what); \
	} while (0)
	BROKEN(p.header.e_ident[0] = 0, "no magic");
	BROKEN(p.header.e_ident[EI_CLASS] = 3, "an unknown class");
	BROKEN(p.header.e_ident[EI_DATA] = 0, "an unknown byte order");
	BROKEN(p.header.e_phoff = UINT64_MAX, "headers outside the file");
	BROKEN(p.header.e_phnum = 0xffff, "more headers than the file holds");
	BROKEN(p.header.e_phentsize = 8, "headers too small");
	BROKEN(p.segments[0].p_filesz = 6, "an interpreter without NUL");
	BROKEN(p.segments[0].p_offset = UINT64_MAX, "an interpreter outside");
	BROKEN(p.segments[1].p_type = PT_INTERP, "two interpreters");
	BROKEN(p.segments[1].p_type = PT_NULL, "strings that are not loaded");
	BROKEN(p.segments[1].p_vaddr = ADDRESS * 2,
	       "strings below the segment");
	BROKEN(p.segments[2].p_filesz = UINT64_MAX,
	       "a dynamic section too long");
	BROKEN(p.segments[2].p_filesz = 8, "half a dynamic entry");
	BROKEN(p.dynamic[0].d_un.d_val = 64, "a name behind the strings");
	BROKEN(p.dynamic[2].d_un.d_val = UINT64_MAX, "a runpath far away");
	BROKEN(p.dynamic[4].d_un.d_val = UINT64_MAX, "endless strings");
	BROKEN(memset(p.strings, 'x', sizeof(p.strings)), "names without end");
#undef BROKEN
	ok_int(elf.machine, 1234, "nothing is written on failure");
	for (size_t len = 0; len < sizeof(p); len++) {
		p = good_program();
		if (elf_parse(view_over(&p, len), &elf) != -EBADMSG)
			ok_int((int64_t)len, -1, "a cut program is refused");
	}
}

/* The same program for a 32-bit big-endian machine, as far as its header. */
static void test_narrow(void)
{
	static const uint8_t header[52] = {
		0x7f,	  'E',	   'L', 'F',	ELFCLASS32, ELFDATA2MSB,
		[16] = 0, ET_EXEC, 0,	EM_PPC, [42] = 0,   32,
	};
	struct elf elf;

	ok_int(elf_parse(view_over(header, sizeof(header)), &elf), 0,
	       "a 32-bit big-endian program");
	ok(!elf.wide && elf.big_endian, "its class and byte order");
	ok_int(elf.machine, EM_PPC, "its machine");
}

static void test_many(void)
{
	struct {
		struct program program;
		Elf64_Dyn dynamic[ELF_NEEDED_MAX + 1];
	} p = { .program = good_program() };
	struct elf elf;

	p.program.segments[2].p_offset = sizeof(p.program);
	p.program.segments[2].p_filesz = sizeof(p.dynamic);
	for (size_t i = 0; i < ARRAY_SIZE(p.dynamic); i++)
		p.dynamic[i] = (Elf64_Dyn){ DT_NEEDED, { 1 } };
	ok_int(elf_parse(view_over(&p, sizeof(p)), &elf), -ENOBUFS,
	       "too many libraries");
}

int main(void)
{
	test_good();
	test_bad();
	test_narrow();
	test_many();
	return tap_done();
}
