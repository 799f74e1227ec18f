/* SPDX-License-Identifier: MIT */
/*
 * The other way round: a directory as a tar (pax, by libarchive), entry names
 * sorted, hard links, xattrs, holes, owners by number, times in nanoseconds.
 * The same tree gives the same bytes.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

enum pack_form {
	PACK_ROOT,
	PACK_LAYER, /* an overlayfs upper: whiteouts and opaque directories as
		       OCI image-spec layer.md writes them, trusted.overlay.*
		       left out */
};

struct pack {
	int root_fd;
	const char *name; /* begins every message */
	enum pack_form form;
	/* Takes the bytes; a negative errno ends it. */
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
};

/* Writes all of it. *ret_entries may be NULL. */
int pack_tree(const struct pack *pack, uint64_t *ret_entries,
	      struct failure *failure) _must_check;
