/* SPDX-License-Identifier: MIT */
/* Writing a newc archive (wire/newc.h), to wherever. */
#pragma once

#include "base/failure.h"

struct newc_out {
	/* Takes all of it: 0, or a negative errno with *failure. */
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
	uint32_t inodes; /* so far */
};

struct newc_out_entry {
	const char *path; /* its leading "/" is left out */
	mode_t mode;	  /* with the type */
	uid_t uid;
	gid_t gid;
	uint64_t size; /* bytes of data, which follow */
	int64_t mtime; /* seconds since 1970 */
	dev_t node;
};

/* Writes what stands in front of an entry's data. -EFBIG: it is more than newc
 * can say; -ENAMETOOLONG; or what write() says. All with *failure. */
int newc_out_entry(struct newc_out *out, const struct newc_out_entry *entry,
		   struct failure *failure) _must_check;

/* What stands behind size bytes of data. */
int newc_out_padding(struct newc_out *out, uint64_t size,
		     struct failure *failure) _must_check;

int newc_out_trailer(struct newc_out *out, struct failure *failure) _must_check;
