/* SPDX-License-Identifier: MIT */
/*
 * The bootstrap as a kernel and an archive, to be booted once more. In the
 * bootstrap, both are made of what runs: the archive has its host keys and what
 * a person changed.
 */
#pragma once

#include "base/cleanup.h"
#include "base/failure.h"

struct self {
	int kernel_fd, archive_fd; /* owned; FD_NONE */
	/* Where the kernel is in the archive, too, as it is; 0: nowhere. */
	uint64_t kernel_at;
};

#define SELF_NONE                                           \
	{                                                   \
		.kernel_fd = FD_NONE, .archive_fd = FD_NONE \
	}

/*
 * Of the running bootstrap: its kernel (SELF_KERNEL), and its root as two newc
 * archives in a memfd that can only be read, one with the kernel, and one with
 * all else, compressed by zstd. What is
 * mounted below it, and the contents of /run and /tmp, are left out; so is
 * BOOT_PLAN.
 */
int self_pack(struct self *ret_self, struct failure *failure) _must_check;

/* Of a build: DIR/vmlinuz and DIR/bootstrap.img. */
int self_open(struct self *ret_self, const char *dir, struct failure *failure)
	_must_check;

void self_close(struct self *self);
#define _cleanup_self _cleanup(self_close)
