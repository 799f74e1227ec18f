/* SPDX-License-Identifier: MIT */
/*
 * What an ELF file (elf(5)) asks of its surroundings: the machine, the
 * dynamic loader, the shared libraries. Any class and byte order.
 */
#pragma once

#include "wire/view.h"

#define ELF_NEEDED_MAX 128

/* Strings are NUL-terminated and lie in the bytes parsed. */
struct elf {
	bool wide;		 /* ELFCLASS64 */
	bool big_endian;	 /* ELFDATA2MSB */
	uint16_t type;		 /* ET_* of <elf.h> */
	uint16_t machine;	 /* EM_* of <elf.h> */
	const char *interpreter; /* PT_INTERP; NULL: runs without a loader */
	const char *runpath;	 /* DT_RUNPATH, else DT_RPATH; NULL: neither */
	const char *needed[ELF_NEEDED_MAX]; /* DT_NEEDED, in the file's order */
	size_t needed_count;
	/* Where the last segment ends: what lies behind is for linkers and
	 * debuggers. Not above the file's size. */
	uint64_t loaded;
};

/* Parses the whole file in v. -EBADMSG: not ELF, or offsets that leave the
 * file; -ENOBUFS: more than ELF_NEEDED_MAX libraries. */
int elf_parse(struct view v, struct elf *ret_elf) _must_check;
