/* SPDX-License-Identifier: MIT */
#include "kernel/image-check.h"

#include <elf.h>
#include <errno.h>

#include "tap.h"

/* Where the fields are that are changed: boot.rst, and "PE Format". */
enum field {
	PE_OFFSET = 0x3c,
	PE_HEADER = 0x40,
	PE_MACHINE = PE_HEADER + 4,
	PE_OPTIONAL = PE_HEADER + 24,
	PE_COUNT = PE_OPTIONAL + 108,
	PE_CERTIFICATES = PE_COUNT + 4 + 4 * 8,
	BOOT_FLAG = 0x1fe,
	MAGIC = 0x202,
	PROTOCOL = 0x206,
	VERSION = 0x20e,
	LOADFLAGS = 0x211,
	RELOCATABLE = 0x234,
	XLOADFLAGS = 0x236,
	CMDLINE_SIZE = 0x238,
	INIT_SIZE = 0x260,
	TEXT = 0x300,
	SIGNATURE = 0x380,
	SIZE = 0x400,
};

#define SIGNATURE_SIZE (SIZE - SIGNATURE)

static const struct kernel_machine x86 = { 0 };
static const struct kernel_machine x86_5level = { .has_5level = true };
static const struct kernel_machine arm64 = { .is_arm64 = true };

static uint8_t image[SIZE];
static struct kernel_facts facts;
static struct failure failure;

static void put(size_t at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		image[at + i] = (uint8_t)(value >> 8 * i);
}

/* As Debian's: x86-64, an EFI program too, signed. */
static void fill(void)
{
	memset(image, 0, sizeof(image));
	memcpy(image, "MZ", 2);
	put(PE_OFFSET, PE_HEADER, 4);
	memcpy(image + PE_HEADER, "PE\0\0", 4);
	put(PE_MACHINE, 0x8664, 2);
	put(PE_OPTIONAL, 0x20b, 2);
	put(PE_COUNT, 6, 4);
	put(PE_CERTIFICATES, SIGNATURE, 4);
	put(PE_CERTIFICATES + 4, SIGNATURE_SIZE, 4);
	put(SIGNATURE, SIGNATURE_SIZE, 4);
	put(SIGNATURE + 4, 0x200, 2);
	put(SIGNATURE + 6, 2, 2);
	put(BOOT_FLAG, 0xaa55, 2);
	memcpy(image + MAGIC, "HdrS", 4);
	put(PROTOCOL, 0x20f, 2);
	put(VERSION, TEXT - 0x200, 2);
	put(LOADFLAGS, 1, 1);
	put(RELOCATABLE, 1, 1);
	put(XLOADFLAGS, 0x7f, 2);
	put(CMDLINE_SIZE, 2047, 4);
	put(INIT_SIZE, 64 * MIB, 4);
	strncpy((char *)image + TEXT, "6.1.0-56-amd64 (a@b) #1 SMP", 60);
}

static int read_image(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *not_needed)
{
	(void)reader;
	(void)not_needed;
	memcpy(buf, image + offset, len);
	return 0;
}

static int check(const struct kernel_machine *machine, size_t size)
{
	const struct reader reader = {
		.name = "vmlinuz",
		.size = size,
		.read = read_image,
	};

	facts = (struct kernel_facts){ 0 };
	failure = (struct failure){ 0 };
	return kernel_image_check_for(machine, &reader, &facts, &failure);
}

static void test_good(void)
{
	fill();
	ok_int(check(&x86, SIZE), 0, "a good one");
	ok_str(facts.release, "6.1.0-56-amd64", "its release");
	ok(facts.is_signed, "its signature");
	ok(facts.memory == 64 * MIB && facts.cmdline_max == 2047,
	   "what it needs");
	ok_int(check(&x86_5level, SIZE), 0, "with 5-level paging");
	put(VERSION, 0, 2);
	ok_int(check(&x86, SIZE), 0, "without a release");
	ok_str(facts.release, "", "it says none");
}

static void expect(const struct kernel_machine *machine, size_t size, int r,
		   const char *words)
{
	ok_int(check(machine, size), r, words);
	if (!strstr(failure.text, words))
		ok_str(failure.text, words, "in words");
}

static const struct {
	size_t at, bytes;
	uint64_t value;
	const char *words;
} hindrances[] = {
	{ LOADFLAGS, 1, 0, "is a zImage" },
	{ PROTOCOL, 2, 0x20b, "is older than Linux 3.8" },
	{ XLOADFLAGS, 2, 0x7e, "is a 32-bit kernel" },
	{ XLOADFLAGS, 2, 0x7d, "below 4 GiB only" },
	{ RELOCATABLE, 1, 0, "one place in memory only" },
	{ MAGIC, 4, 0, "is an EFI program, but no Linux kernel" },
	{ BOOT_FLAG, 2, 0, "is an EFI program, but no Linux kernel" },
};

static void test_hindrances(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(hindrances); i++) {
		fill();
		put(hindrances[i].at, hindrances[i].value, hindrances[i].bytes);
		expect(&x86, SIZE, -ENOTSUP, hindrances[i].words);
	}
	fill();
	put(XLOADFLAGS, 0x1f, 2);
	ok_int(check(&x86, SIZE), 0, "without 5-level paging");
	expect(&x86_5level, SIZE, -ENOTSUP, "knows nothing of 5-level paging");
	fill();
	expect(&arm64, SIZE, -ENOTSUP,
	       "vmlinuz cannot be started on this machine: it is for x86");
}

static void test_signature(void)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
		const char *what;
	} without[] = {
		{ PE_CERTIFICATES, 4, 0, "no table" },
		{ PE_CERTIFICATES, 4, SIZE, "one behind its end" },
		{ PE_CERTIFICATES, 4, UINT32_MAX, "one far behind" },
		{ PE_CERTIFICATES + 4, 4, 0, "one without bytes" },
		{ PE_CERTIFICATES + 4, 4, 8, "one with its header alone" },
		{ PE_CERTIFICATES + 4, 4, SIGNATURE_SIZE + 1, "a long one" },
		{ PE_COUNT, 4, 4, "no room for one" },
		{ SIGNATURE, 4, SIGNATURE_SIZE + 1, "a long certificate" },
		{ SIGNATURE, 4, 8, "an empty certificate" },
		{ SIGNATURE + 4, 2, 0x100, "an old certificate" },
		{ SIGNATURE + 6, 2, 1, "another kind" },
		{ PE_OFFSET, 4, UINT32_MAX, "no PE header" },
		{ PE_OFFSET, 4, SIZE - 8, "half a PE header" },
		{ PE_OPTIONAL, 2, 0x107, "a header of another kind" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
		fill();
		put(without[i].at, without[i].value, without[i].bytes);
		ok_int(check(&x86, SIZE), 0, without[i].what);
		ok(!facts.is_signed, "is no signature");
	}
}

static void test_arm64(void)
{
	memset(image, 0, sizeof(image));
	put(16, 48 * MIB, 8);
	put(24, 0x0a, 8);
	memcpy(image + 56, "ARM\x64", 4);
	ok_int(check(&arm64, SIZE), 0, "an Image of arm64");
	ok(facts.memory == 48 * MIB && !facts.is_signed && !*facts.release,
	   "what it says");
	expect(&x86, SIZE, -ENOTSUP, "is for arm64");
	put(24, 0x0b, 8);
	expect(&arm64, SIZE, -ENOTSUP, "is big-endian");
	put(24, 0x0a, 8);
	put(16, 0, 8);
	expect(&arm64, SIZE, -ENOTSUP, "is older than Linux 3.17");
}

static void elf(uint8_t data, uint8_t high, uint8_t low)
{
	memset(image, 0, sizeof(image));
	memcpy(image, ELFMAG, SELFMAG);
	image[EI_DATA] = data;
	image[18] = data == ELFDATA2MSB ? high : low;
	image[19] = data == ELFDATA2MSB ? low : high;
}

static void test_others(void)
{
	elf(ELFDATA2LSB, 0, EM_X86_64);
	expect(&x86, SIZE, -ENOTSUP, "is an ELF file for x86-64");
	elf(ELFDATA2MSB, 0, EM_PPC64);
	expect(&x86, SIZE, -ENOTSUP, "is for 64-bit PowerPC");
	elf(ELFDATA2LSB, 0xff, 0xff);
	expect(&x86, SIZE, -ENOTSUP, "for another machine");
	memset(image, 0, sizeof(image));
	expect(&x86, SIZE, -EBADMSG, "vmlinuz is no kernel");
	expect(&x86, 0, -EBADMSG, "vmlinuz is no kernel");
	memcpy(image, "\x1f\x8b", 2);
	expect(&x86, SIZE, -ENOTSUP, "is compressed (gzip)");
	memcpy(image, "MZ\0\0zimg", 8);
	expect(&arm64, SIZE, -ENOTSUP, "EFI zboot");
}

/* Each length is refused or believed, and none read past. */
static void test_cut(void)
{
	int good = 0;

	fill();
	for (size_t size = 0; size < SIZE; size++)
		good += check(&x86, size) == 0;
	ok(good > 0 && good < SIZE - XLOADFLAGS, "one that is cut");
}

int main(void)
{
	test_good();
	test_hindrances();
	test_signature();
	test_arm64();
	test_others();
	test_cut();
	return tap_done();
}
