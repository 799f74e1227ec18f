/* SPDX-License-Identifier: MIT */
/* A tar on its way to becoming a squashfs, by mksquashfs(1). */
#pragma once

#include "base/failure.h"
#include "base/util.h"

struct squashfs_writer {
	pid_t pid;
	int tar_fd;	 /* it reads the other end */
	int messages_fd; /* what it said */
};

struct squashfs_form {
	int level;     /* of zstd, 1 to 22 */
	int block_kib; /* what is compressed, and read, as one; 0: 128 */
	/* No times, and all is root's, whose it is in the tar as well: the same
	 * tar gives the same bytes, whoever writes it. */
	bool impersonal;
};

#define SQUASHFS_WRITER_NONE \
	((struct squashfs_writer){ .tar_fd = -EBADF, .messages_fd = -EBADF })

/* Starts it; it writes to the file path, which may be there. scratch is an
 * existing directory for what it says. */
int squashfs_writer_start(const char *path, const char *scratch,
			  const struct squashfs_form *form,
			  struct squashfs_writer *ret_writer,
			  struct failure *failure) _must_check;

/* As in struct pack; context is the writer. */
int squashfs_writer_write(void *writer, const void *bytes, size_t len,
			  struct failure *failure) _must_check;

/*
 * The tar ends here; waits for it. r: what became of the tar. A negative r is
 * returned with *failure as it is, unless mksquashfs knows better why its pipe
 * broke.
 */
int squashfs_writer_finish(struct squashfs_writer *writer, int r,
			   struct failure *failure) _must_check;
