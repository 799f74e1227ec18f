/* SPDX-License-Identifier: MIT */
/*
 * What kexec_file_load(2) itself would refuse, with one errno for all of it
 * (arch/x86/kernel/kexec-bzimage64.c, arch/arm64/kernel/kexec_image.c), is
 * found out here, and said in words, before the machine is given up.
 */
#include "kernel/image-check.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "wire/pe.h"

/* arm64: Documentation/arch/arm64/booting.rst, "Call the kernel image". */
#define ARM64_IMAGE_SIZE 16
#define ARM64_FLAGS	 24
#define ARM64_MAGIC	 56
#define ARM64_BIG_ENDIAN 0x01

#define ARM64_CMDLINE_MAX 2047 /* COMMAND_LINE_SIZE less its NUL */

#define PROTOCOL_KEXEC 0x020c /* the first with XLF_KERNEL_64 */

struct image {
	const struct reader *reader;
	const struct kernel_machine *machine;
	struct view head;
	struct failure *failure;
};

static int refuse(const struct image *image, const char *why)
{
	return failure_set(image->failure, ENOTSUP,
			   "%s cannot be started on this machine: it %s",
			   image->reader->name, why);
}

/* --- what is no kernel for kexec, by what it begins with --- */

static const struct {
	size_t offset;
	const char *magic;
	size_t len;
	const char *what;
} others[] = {
	{ 0, "\x1f\x8b", 2, "is compressed (gzip), which kexec cannot start" },
	{ 0, "\x28\xb5\x2f\xfd", 4,
	  "is compressed (zstd), which kexec cannot start" },
	{ 0,
	  "\xfd"
	  "7zXZ",
	  5, "is compressed (xz), which kexec cannot start" },
	{ 0, "\x89LZO", 4, "is compressed (lzo), which kexec cannot start" },
	{ 4, "zimg", 4,
	  "is compressed (an EFI zboot image), which kexec cannot start" },
	{ 0, "\x27\x05\x19\x56", 4, "is an image for U-Boot" },
	{ 36, "\x18\x28\x6f\x01", 4, "is for 32-bit ARM" },
};

static const struct {
	uint16_t machine;
	const char *what;
} elf_machines[] = {
	{ EM_386, "is an ELF file for x86, but not a bzImage" },
	{ EM_X86_64, "is an ELF file for x86-64, but not a bzImage" },
	{ EM_AARCH64, "is an ELF file for arm64, but not an Image" },
	{ EM_ARM, "is for 32-bit ARM" },
	{ EM_PPC, "is for PowerPC" },
	{ EM_PPC64, "is for 64-bit PowerPC" },
	{ EM_S390, "is for s390x" },
	{ EM_RISCV, "is for RISC-V" },
	{ EM_MIPS, "is for MIPS" },
	{ EM_LOONGARCH, "is for LoongArch" },
};

static const char *elf_kind(struct view head)
{
	struct view ident = head, machine = view_at(head, EI_NIDENT + 2);
	uint16_t number;

	view_skip(&ident, EI_DATA);
	number = view_u8(&ident) == ELFDATA2MSB ? view_be16(&machine)
						: view_le16(&machine);
	for (size_t i = 0; i < ARRAY_SIZE(elf_machines); i++)
		if (elf_machines[i].machine == number)
			return elf_machines[i].what;
	return "is an ELF file for another machine";
}

static int refuse_other(const struct image *image)
{
	struct pe pe;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (view_starts(view_at(image->head, others[i].offset),
				others[i].magic, others[i].len))
			return refuse(image, others[i].what);
	if (view_starts(image->head, ELFMAG, SELFMAG))
		return refuse(image, elf_kind(image->head));
	if (pe_parse(image->head, &pe) == 0)
		return refuse(image, "is an EFI program, but no Linux kernel");
	return failure_set(image->failure, EBADMSG, "%s is no kernel",
			   image->reader->name);
}

/* --- x86 --- */

static const char *x86_hindrance(const struct bzimage *header,
				 const struct kernel_machine *machine)
{
	if (machine->is_arm64)
		return "is for x86";
	if (!header->loads_high)
		return "is a zImage, which only a BIOS can start";
	if (header->protocol < PROTOCOL_KEXEC)
		return "is older than Linux 3.8, or made for a boot loader of "
		       "its time";
	if (!header->has_64bit_entry)
		return "is a 32-bit kernel";
	if (!header->loads_above_4g)
		return "can be loaded below 4 GiB only";
	if (!header->is_relocatable)
		return "was built to run at one place in memory only "
		       "(CONFIG_RELOCATABLE is off)";
	if (machine->has_5level && !header->knows_5level)
		return "knows nothing of 5-level paging, which is on; boot "
		       "this machine with no5lvl first";
	return NULL;
}

static int check_x86(const struct image *image, const struct bzimage *header,
		     struct kernel_facts *ret_facts)
{
	const char *hindrance = x86_hindrance(header, image->machine);
	struct kernel_facts facts = {
		.memory = header->init_size,
		.cmdline_max = header->cmdline_max,
	};

	if (hindrance)
		return refuse(image, hindrance);
	if (bzimage_release(image->head, facts.release) < 0)
		*facts.release = '\0';
	*ret_facts = facts;
	return 0;
}

/* --- arm64 --- */

static int check_arm64(const struct image *image,
		       struct kernel_facts *ret_facts)
{
	struct view size = view_at(image->head, ARM64_IMAGE_SIZE);
	struct view flags = view_at(image->head, ARM64_FLAGS);
	struct kernel_facts facts = {
		.memory = view_le64(&size),
		.cmdline_max = ARM64_CMDLINE_MAX,
	};

	if (!image->machine->is_arm64)
		return refuse(image, "is for arm64");
	if (view_le64(&flags) & ARM64_BIG_ENDIAN)
		return refuse(image, "is big-endian");
	if (facts.memory == 0)
		return refuse(image, "is older than Linux 3.17");
	*ret_facts = facts;
	return 0;
}

/* --- both --- */

static int look_for_signature(const struct image *image, bool *ret_is_signed)
{
	uint8_t header[PE_CERTIFICATE_HEADER];
	const struct reader *reader = image->reader;
	bool is_signed = false;
	struct pe pe;
	int r;

	/* One that points outside is as good as none. */
	if (pe_parse(image->head, &pe) == 0 && pe.certificates &&
	    pe.certificates_size > sizeof(header) &&
	    pe.certificates <= reader->size &&
	    pe.certificates_size <= reader->size - pe.certificates) {
		r = reader_read(reader, pe.certificates, header, sizeof(header),
				image->failure);
		if (r < 0)
			return r;
		is_signed = pe_is_signature(view_over(header, sizeof(header)),
					    pe.certificates_size);
	}
	*ret_is_signed = is_signed;
	return 0;
}

static int check_head(const struct image *image, struct kernel_facts *ret_facts)
{
	struct bzimage header;

	if (bzimage_parse(image->head, &header) == 0)
		return check_x86(image, &header, ret_facts);
	if (view_starts(view_at(image->head, ARM64_MAGIC), "ARM\x64", 4))
		return check_arm64(image, ret_facts);
	return refuse_other(image);
}

int kernel_image_check_for(const struct kernel_machine *machine,
			   const struct reader *kernel,
			   struct kernel_facts *ret_facts,
			   struct failure *failure)
{
	size_t len = MIN(kernel->size, (uint64_t)BZIMAGE_HEAD_MAX);
	_cleanup_free uint8_t *head = malloc(len + 1);
	struct image image = {
		.reader = kernel,
		.machine = machine,
		.failure = failure,
	};
	struct kernel_facts facts = { 0 };
	int r;

	if (!head)
		return failure_errno(failure, ENOMEM, "%s", kernel->name);
	r = reader_read(kernel, 0, head, len, failure);
	if (r < 0)
		return r;
	image.head = view_over(head, len);
	r = check_head(&image, &facts);
	if (r == 0)
		r = look_for_signature(&image, &facts.is_signed);
	if (r < 0)
		return r;
	*ret_facts = facts;
	return 0;
}

/* The kernel takes the flag away where it does not use them. */
static bool has_5level_paging(void)
{
	_cleanup_file FILE *file = fopen("/proc/cpuinfo", "re");
	_cleanup_free char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (str_after(line, "flags"))
			return strstr(line, " la57");
	return false;
}

int kernel_image_check(const struct reader *kernel,
		       struct kernel_facts *ret_facts, struct failure *failure)
{
	const struct kernel_machine here = {
#if defined(__aarch64__)
		.is_arm64 = true,
#endif
		.has_5level = has_5level_paging(),
	};

	return kernel_image_check_for(&here, kernel, ret_facts, failure);
}
