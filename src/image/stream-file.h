/* SPDX-License-Identifier: MIT */
/* The end of a stream that is a file with a file system in it. */
#pragma once

#include "image/stream.h"

/* What a stream makes in its directory. */
#define STREAM_TREE  "tree"
#define STREAM_IMAGE "image"

/*
 * What the confined child decoded into a file of its tree becomes
 * STREAM_IMAGE, and the tree goes. *ret_fd, open for reading and writing, is
 * the caller's.
 */
int stream_file_take(const struct stream *stream, int tree_fd, int *ret_fd,
		     struct failure *failure) _must_check;

/*
 * STREAM_IMAGE, a qcow2 open as *fd, becomes a raw disk, and *fd that. Parses
 * it in this process: only what agreed with all checks. tick as for
 * qcow2_to_raw().
 */
int stream_file_convert(const struct stream *stream, int *fd,
			int (*tick)(void *context), void *context,
			struct failure *failure) _must_check;
