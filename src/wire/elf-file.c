/* SPDX-License-Identifier: MIT */
/*
 * The program headers name the loader and the dynamic section. That section
 * names the libraries by offsets into a string table, of which it gives the
 * *address*, so the loaded segments translate it into an offset of the file.
 */
#include "wire/elf-file.h"

#include <elf.h>
#include <errno.h>

/* The file and how its numbers are written. */
struct file {
	struct view bytes;
	bool wide;
	bool big_endian;
	struct view headers; /* program headers */
	size_t header_size;
};

struct segment {
	uint32_t type;
	uint64_t offset;
	uint64_t address;
	uint64_t size; /* in the file */
};

/* What the dynamic section says, still as numbers. */
struct dynamic {
	uint64_t strings_address;
	uint64_t strings_size;
	bool has_runpath, has_rpath;
	uint64_t runpath, rpath;
	uint64_t needed[ELF_NEEDED_MAX];
	size_t needed_count;
};

static uint64_t number(const struct file *file, struct view *v, size_t bytes)
{
	return file->big_endian ? view_be(v, bytes) : view_le(v, bytes);
}

static uint16_t half(const struct file *file, struct view *v)
{
	return (uint16_t)number(file, v, 2);
}

static uint32_t word(const struct file *file, struct view *v)
{
	return (uint32_t)number(file, v, 4);
}

/* An address, an offset, or a number as wide as one. */
static uint64_t wide_word(const struct file *file, struct view *v)
{
	return number(file, v, file->wide ? 8 : 4);
}

/* Offsets of the file are 64 bits wide and may not fit a size_t. */
static struct view slice(struct view v, uint64_t offset, uint64_t len)
{
	if (v.bad || offset > v.left || len > v.left - offset)
		return (struct view){ .bad = true };
	view_skip(&v, (size_t)offset);
	return view_sub(&v, (size_t)len);
}

/* The string at offset, if it ends within v. */
static const char *string_at(struct view v, uint64_t offset)
{
	if (v.bad || offset >= v.left)
		return NULL;
	view_skip(&v, (size_t)offset);
	return memchr(v.at, '\0', v.left) ? (const char *)v.at : NULL;
}

static int parse_file_header(struct view v, struct file *ret_file,
			     struct elf *elf)
{
	struct file file = { .bytes = v };
	uint8_t ident[EI_NIDENT];
	uint64_t headers_offset;
	uint16_t count;

	view_copy(&v, ident, sizeof(ident));
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 ||
	    (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
	    (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
		return -EBADMSG;
	elf->wide = file.wide = ident[EI_CLASS] == ELFCLASS64;
	elf->big_endian = file.big_endian = ident[EI_DATA] == ELFDATA2MSB;
	elf->type = half(&file, &v);
	elf->machine = half(&file, &v);
	(void)word(&file, &v);	    /* e_version */
	(void)wide_word(&file, &v); /* e_entry */
	headers_offset = wide_word(&file, &v);
	(void)wide_word(&file, &v); /* e_shoff */
	(void)word(&file, &v);	    /* e_flags */
	(void)half(&file, &v);	    /* e_ehsize */
	file.header_size = half(&file, &v);
	count = half(&file, &v);
	file.headers = slice(file.bytes, headers_offset,
			     (uint64_t)count * file.header_size);
	if (v.bad || file.headers.bad)
		return -EBADMSG;
	*ret_file = file;
	return 0;
}

/* The next program header: 1, at the end 0. */
static int next_segment(const struct file *file, struct view *headers,
			struct segment *ret_segment)
{
	struct segment segment = { 0 };
	struct view v;

	if (headers->left == 0)
		return 0;
	v = view_sub(headers, file->header_size);
	segment.type = word(file, &v);
	if (file->wide)
		(void)word(file, &v); /* p_flags */
	segment.offset = wide_word(file, &v);
	segment.address = wide_word(file, &v);
	(void)wide_word(file, &v); /* p_paddr */
	segment.size = wide_word(file, &v);
	if (v.bad)
		return -EBADMSG;
	*ret_segment = segment;
	return 1;
}

/* The bytes of the file that are loaded at this address. */
static struct view loaded_at(const struct file *file, uint64_t address,
			     uint64_t size)
{
	struct view headers = file->headers;
	struct segment segment;

	while (next_segment(file, &headers, &segment) > 0) {
		uint64_t into = address - segment.address;

		if (segment.type != PT_LOAD || address < segment.address ||
		    into > segment.size || size > segment.size - into)
			continue;
		return slice(slice(file->bytes, segment.offset, segment.size),
			     into, size);
	}
	return (struct view){ .bad = true };
}

static int parse_dynamic(const struct file *file, struct view v,
			 struct dynamic *dynamic)
{
	while (v.left > 0) {
		uint64_t tag = wide_word(file, &v);
		uint64_t value = wide_word(file, &v);

		if (v.bad)
			return -EBADMSG;
		switch (tag) {
		case DT_NULL:
			return 0;
		case DT_NEEDED:
			if (dynamic->needed_count == ELF_NEEDED_MAX)
				return -ENOBUFS;
			dynamic->needed[dynamic->needed_count++] = value;
			break;
		case DT_STRTAB:
			dynamic->strings_address = value;
			break;
		case DT_STRSZ:
			dynamic->strings_size = value;
			break;
		case DT_RUNPATH:
			dynamic->has_runpath = true;
			dynamic->runpath = value;
			break;
		case DT_RPATH:
			dynamic->has_rpath = true;
			dynamic->rpath = value;
			break;
		}
	}
	return 0;
}

static int name_libraries(const struct file *file,
			  const struct dynamic *dynamic, struct elf *elf)
{
	struct view strings;

	if (dynamic->needed_count == 0)
		return 0;
	strings = loaded_at(file, dynamic->strings_address,
			    dynamic->strings_size);
	if (dynamic->has_runpath)
		elf->runpath = string_at(strings, dynamic->runpath);
	else if (dynamic->has_rpath)
		elf->runpath = string_at(strings, dynamic->rpath);
	if (!elf->runpath && (dynamic->has_runpath || dynamic->has_rpath))
		return -EBADMSG;
	for (size_t i = 0; i < dynamic->needed_count; i++) {
		elf->needed[i] = string_at(strings, dynamic->needed[i]);
		if (!elf->needed[i])
			return -EBADMSG;
	}
	elf->needed_count = dynamic->needed_count;
	return 0;
}

int elf_parse(struct view v, struct elf *ret_elf)
{
	struct elf elf = { 0 };
	struct dynamic dynamic = { 0 };
	bool has_dynamic = false;
	struct segment segment;
	struct view headers;
	struct file file;
	int r;

	r = parse_file_header(v, &file, &elf);
	if (r < 0)
		return r;
	headers = file.headers;
	while ((r = next_segment(&file, &headers, &segment)) > 0) {
		struct view bytes;

		if (!slice(file.bytes, segment.offset, segment.size).bad)
			elf.loaded =
				MAX(elf.loaded, segment.offset + segment.size);
		if (segment.type != PT_INTERP && segment.type != PT_DYNAMIC)
			continue;
		bytes = slice(file.bytes, segment.offset, segment.size);
		/* One of each: 65535 of them over the same bytes take hours. */
		if (bytes.bad || (segment.type == PT_INTERP ? !!elf.interpreter
							    : has_dynamic))
			return -EBADMSG;
		if (segment.type == PT_INTERP) {
			elf.interpreter = string_at(bytes, 0);
			r = elf.interpreter ? 0 : -EBADMSG;
		} else {
			has_dynamic = true;
			r = parse_dynamic(&file, bytes, &dynamic);
		}
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = name_libraries(&file, &dynamic, &elf);
	if (r < 0)
		return r;
	*ret_elf = elf;
	return 0;
}
