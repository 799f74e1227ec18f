/* SPDX-License-Identifier: MIT */
/* Names in archives: pure checks, before anything is created. */
#pragma once

#include <limits.h>

#include "base/util.h"

enum name_verdict {
	NAME_GOOD,
	NAME_EMPTY,
	NAME_TOO_LONG, /* of the whole, or of one component */
	NAME_OUTSIDE,  /* a ".." component */
};

/*
 * Makes the name of an entry, or the target of a hard link, relative to the
 * root: leading "/" and "./" go, as with tar(1), and so do "/" at the end.
 * *ret_name points into name, which is cut at the end; "." is the root
 * itself. With any other verdict than NAME_GOOD nothing is written.
 */
enum name_verdict name_clean(char *name, const char **ret_name) _must_check;

/* What the name of an OCI layer's entry says (image-spec layer.md). */
enum name_whiteout {
	NAME_PLAIN,
	NAME_WHITEOUT, /* .wh.NAME: NAME of the layers below is gone */
	NAME_OPAQUE,   /* .wh..wh..opq: all that they have in this directory */
	NAME_METADATA, /* .wh..wh.*, which are aufs's own */
	NAME_BAD_WHITEOUT, /* .wh., .wh.. and .wh...: of no name */
};

/* name as name_clean() leaves it. Of a NAME_WHITEOUT, ret_target gets the name
 * that it hides; of a NAME_OPAQUE the directory. */
enum name_whiteout name_whiteout(const char *name,
				 char ret_target[static PATH_MAX]) _must_check;

/* "points outside of the image", … */
const char *name_verdict_text(enum name_verdict verdict);
