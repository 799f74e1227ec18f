/* SPDX-License-Identifier: MIT */
/*
 * What came out of the decoder: an archive, whose entries go into the tree, or
 * a file system or disk that was compressed (.img.xz, .raw.gz), which is kept
 * as one file.
 */
#pragma once

#include "image/input.h"
#include "image/tree.h"
#include "image/unpacker.h"

#define CONTENT_FILE "image" /* in the tree's root */

struct content {
	struct input input;
	struct tree *tree; /* borrowed, as the rest */
	const char *label;
	bool may_be_file; /* or a cpio archive: it is no layer */

	/* Found out. */
	enum unpack_content what;
	enum image_kind kind;

	/* Read ahead of the rest. */
	uint8_t head_bytes[KIND_HEAD];
	struct build head;
	struct view rest;
	bool head_passed;
};

/*
 * Reads the input to its end and unpacks it. The caller has set the fields above
 * the lines. The input's own negative errno, and -ENOSPC, are returned with
 * *failure untouched.
 */
int content_unpack(struct content *content, struct failure *failure)
	_must_check;
