/* SPDX-License-Identifier: MIT */
/*
 * The pipeline that makes a root out of a reference: fetch, kind, decompress,
 * unpack, all at the same time, in two processes (unpacker.h).
 */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

struct image_unpack {
	const char *reference;
	/* An existing directory. DIR/tree or DIR/image is made in it, and
	 * removed again when this fails. */
	const char *dir;
	/* Told about four times a second how far it is. A negative errno
	 * cancels. */
	int (*progress)(void *context, const struct progress *progress);
	void *context;
};

/*
 * Does it, and waits for it. SIGPIPE must be ignored, and children are waited
 * for: the caller has none of its own that end meanwhile and no threads. An
 * image that cannot fit is refused before it is fetched, as far as its size
 * can be known (hint.h). On success *ret_layout says what was made and
 * *ret_progress the final figures. Needs root.
 */
int image_unpack(const struct image_unpack *what, enum image_layout *ret_layout,
		 struct progress *ret_progress, struct failure *failure)
	_must_check;
