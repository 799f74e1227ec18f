/* SPDX-License-Identifier: MIT */
/*
 * The kernel modules that an ISO's own kernel needs to see the pmem device (or
 * to read a file in its initramfs): taken from the ISO's own root file system,
 * so that they fit, and are signed as its kernel wants them.
 */
#pragma once

#include "iso/iso.h"
#include "kernel/module-order.h"

#define LIVE_MODULES_MAX MODULE_ORDER_MAX

struct live_modules {
	size_t count; /* 0: its kernel has all built in */
	struct {
		char name[MODULE_NAME_MAX]; /* "nd_e820" */
		void *bytes;		    /* decompressed */
		size_t len;
	} list[LIVE_MODULES_MAX]; /* in the order of loading */
};

/*
 * Finds them for the kernel release in the largest of the ISO's file systems in
 * a file that has them, or in an image within it. Each is mounted read-only
 * from iso_fd, the device or file that is the ISO, in a child, at no place that
 * has a name; needs root. names: NULL-terminated; what they depend on comes
 * along. With *failure, -ENOENT: the ISO has no modules of this release;
 * -ENOPKG: it has, but one of names is not among them. Nothing is left behind.
 */
int live_modules_find(const struct iso *iso, int iso_fd, const char *release,
		      const char *const *names,
		      struct live_modules *ret_modules, struct failure *failure)
	_must_check;

/* nd_e820, nd_pmem and what reads an ISO; what reads a file as a disk. */
extern const char *const live_modules_pmem[];
extern const char *const live_modules_file[];

void live_modules_clear(struct live_modules *modules);
#define _cleanup_live_modules _cleanup(live_modules_clear)
