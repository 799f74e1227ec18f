/* SPDX-License-Identifier: MIT */
/* Writing a file from front to back, with holes where it is zero. */
#pragma once

#include "base/util.h"
#include "wire/view.h"

#define SPARSE_BLOCK 4096 /* bytes: a page of tmpfs, a block of most others */

struct sparse {
	int fd;		  /* an empty regular file; borrowed */
	bool solid;	  /* it has no holes worth looking for */
	uint64_t length;  /* bytes that were handed over */
	uint64_t written; /* of them, those that are not in holes */
};

/*
 * Appends *bytes, which moves on with what is done: after -ENOSPC the call can
 * be made again with the rest. 0 or a negative errno.
 */
int sparse_write(struct sparse *sparse, struct view *bytes) _must_check;

/* Gives the file its length, which may end in a hole. */
int sparse_finish(const struct sparse *sparse) _must_check;
