/* SPDX-License-Identifier: MIT */
/* Names in archives: pure checks, before anything is created. */
#pragma once

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

/* "points outside of the image", … */
const char *name_verdict_text(enum name_verdict verdict);
