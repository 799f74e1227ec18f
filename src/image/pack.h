/* SPDX-License-Identifier: MIT */
/*
 * The other way round: a directory as a tar (tar-write.h), entry names sorted, hard links, xattrs, holes, owners by number, times in nanoseconds.
 * The same tree gives the same bytes.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

enum pack_form {
	PACK_ROOT,
	PACK_LAYER, /* an overlayfs upper: whiteouts and opaque directories as
		       OCI image-spec layer.md writes them */
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

struct pack_result {
	uint64_t entries;
	uint64_t bytes;	  /* of content, without holes */
	uint64_t sockets; /* left out: a tar has no form for them */
};

/*
 * Writes all of it. No symlink is followed and nothing but regular files and
 * directories is opened. Of extended attributes it keeps user.*, trusted.* but
 * for overlayfs' own, security.capability and ACLs. What the caller may not
 * read is a failure. Needs /proc. *ret_result may be NULL.
 */
int pack_tree(const struct pack *pack, struct pack_result *ret_result,
	      struct failure *failure) _must_check;
