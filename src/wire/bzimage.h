/* SPDX-License-Identifier: MIT */
/* The x86 kernel image: Documentation/arch/x86/boot.rst in the kernel. */
#pragma once

#include "wire/view.h"

#define BZIMAGE_RELEASE_MAX 65 /* as struct utsname, with the NUL */

/* Bytes at the start of an image that have all of what is parsed here. */
#define BZIMAGE_HEAD_MAX (0x200 + 0x10000 + BZIMAGE_RELEASE_MAX)

/* What its setup header says. Fields that are younger than its protocol are 0
 * or false. */
struct bzimage {
	uint16_t protocol;    /* 0x020f: 2.15 */
	bool loads_high;      /* a bzImage, not a zImage */
	bool has_64bit_entry; /* XLF_KERNEL_64 */
	bool loads_above_4g;  /* XLF_CAN_BE_LOADED_ABOVE_4G */
	bool knows_5level;    /* XLF_5LEVEL: of paging */
	bool is_relocatable;  /* where the loader likes */
	uint32_t alignment;   /* bytes; of where it is loaded */
	uint32_t cmdline_max; /* bytes, without the NUL */
	uint32_t init_size;   /* bytes of memory that it needs to start */
};

/* The head of an image: 0x268 bytes at least where it has them. -EBADMSG: no
 * such image. */
int bzimage_parse(struct view v, struct bzimage *ret_image) _must_check;

/*
 * The release (as `uname -r`) that the kernel image says it is. -EBADMSG: no
 * such image; -ENODATA: it does not say, or not in BZIMAGE_RELEASE_MAX bytes.
 */
int bzimage_release(struct view v, char ret_release[static BZIMAGE_RELEASE_MAX])
	_must_check;
