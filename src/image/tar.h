/* SPDX-License-Identifier: MIT */
/*
 * Reads a tar archive (by libarchive: ustar, pax, GNU, sparse, from before
 * POSIX) and hands its entries on, their names checked. Creates nothing.
 */
#pragma once

#include <archive_entry.h>
#include <limits.h>

#include "base/failure.h"
#include "image/input.h"

#define TAR_NAME_MAX (PATH_MAX + 256)

struct tar_sink {
	/*
	 * An entry. name is relative to the root, without ".."; link is the
	 * name of the entry that this is a hard link to, of the same form, or
	 * NULL. Both and entry stay until the next call.
	 */
	int (*entry)(void *context, struct archive_entry *entry,
		     const char *name, const char *link,
		     struct failure *failure);
	/* Bytes of the last entry, a regular file, at an offset that grows;
	 * what is left out is a hole. */
	int (*data)(void *context, struct view bytes, uint64_t offset,
		    struct failure *failure);
	/* All of the last entry has been handed on. */
	int (*end)(void *context, struct failure *failure);
	void *context;
};

/*
 * Reads the archive to its end, and the input behind it to its own. An archive
 * may lack the blocks that mark its end, and the padding of its last file, as
 * GNU tar and Go's reader have it, but no byte of an entry. label
 * begins every message. A sink's negative errno ends it and is returned with
 * the sink's failure. An input's negative errno is returned with *failure
 * untouched.
 */
int tar_read(const struct input *input, const struct tar_sink *sink,
	     const char *label, struct failure *failure) _must_check;

/*
 * Checks and cleans (name_clean()) the name of an entry, or what a link is to:
 * of says which. *ret_name points into buf. -EBADMSG with *failure.
 */
int tar_clean_name(const char *label, const char *name, const char *of,
		   char buf[static TAR_NAME_MAX], const char **ret_name,
		   struct failure *failure) _must_check;
