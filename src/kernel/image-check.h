/* SPDX-License-Identifier: MIT */
/* A kernel image, looked at before it is trusted with the machine. */
#pragma once

#include "base/reader.h"
#include "wire/bzimage.h"

struct kernel_facts {
	char release[BZIMAGE_RELEASE_MAX]; /* "": it does not say */
	bool is_signed;			   /* has an Authenticode signature */
	uint64_t memory;      /* bytes it needs to start (init_size) */
	uint32_t cmdline_max; /* bytes, without the NUL */
};

/* What the next kernel must be fit for. */
struct kernel_machine {
	bool is_arm64;	 /* else x86-64 */
	bool has_5level; /* x86: its page tables have five levels now */
};

/*
 * Whether it can be started on this machine by kexec_file_load(2): for this
 * architecture, 64-bit entry, relocatable. -ENOTSUP or -EBADMSG with *failure:
 * it cannot, and why ("is for arm64", "is a 32-bit kernel", "is no kernel").
 * Reads its head, and what that points to.
 */
int kernel_image_check(const struct reader *kernel,
		       struct kernel_facts *ret_facts, struct failure *failure)
	_must_check;

/* As kernel_image_check(), for any machine. */
int kernel_image_check_for(const struct kernel_machine *machine,
			   const struct reader *kernel,
			   struct kernel_facts *ret_facts,
			   struct failure *failure) _must_check;
