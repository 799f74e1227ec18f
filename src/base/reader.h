/* SPDX-License-Identifier: MIT */
/* Bytes that can be read at any place: a file's, a device's, a server's. */
#pragma once

#include "base/failure.h"

struct reader {
	const char *name; /* begins every message */
	uint64_t size;	  /* bytes */
	/* All of len bytes from offset on, which lie below size. 0, or a
	 * negative errno with *failure. */
	int (*read)(const struct reader *reader, uint64_t offset, void *buf,
		    size_t len, struct failure *failure);
	int fd;	       /* for read(), */
	void *context; /* either of them */
};

/* As read(), of bytes that hostile numbers may name: -EBADMSG with *failure
 * when they do not lie below size. */
int reader_read(const struct reader *reader, uint64_t offset, void *buf,
		size_t len, struct failure *failure) _must_check;

/* Hands len bytes from offset on to put(), in pieces; what that or reading says
 * ends it. -EBADMSG as reader_read(). */
int reader_copy(const struct reader *reader, uint64_t offset, uint64_t len,
		int (*put)(void *context, const void *bytes, size_t len,
			   struct failure *failure),
		void *context, struct failure *failure) _must_check;

/* Over an open file or block device, which is borrowed; so is name. */
int reader_over_fd(struct reader *ret_reader, int fd, const char *name,
		   struct failure *failure) _must_check;
