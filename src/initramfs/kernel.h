/* SPDX-License-Identifier: MIT */
/* The kernel that the bootstrap will run, with the modules of the same. */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "base/util.h"

struct kernel {
	char image[PATH_MAX];	/* vmlinuz */
	char modules[PATH_MAX]; /* lib/modules/RELEASE */
};

/*
 * Finds the newest packaged kernel that has modules with indexes: below
 * cache (as tools/fetch-kernel unpacks it), else the installed ones. -ENOENT.
 */
int kernel_find(const char *cache, struct kernel *ret_kernel,
		struct failure *failure) _must_check;

/* The same in a system's directory. */
int kernel_find_in(const char *sysroot, struct kernel *ret_kernel,
		   struct failure *failure) _must_check;

/* Whether the image is a kernel for machine (EM_* of <elf.h>), and of the
 * release that modules (a directory RELEASE) is for, as far as it says. */
int kernel_check(const struct kernel *kernel, uint16_t machine,
		 struct failure *failure) _must_check;
