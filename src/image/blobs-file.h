/* SPDX-License-Identifier: MIT */
/* Between the blobs that are files: a layout's directory, and archives. */
#pragma once

#include "image/blobs.h"

#define BLOB_PATH_MAX (sizeof("blobs/sha256/") + DIGEST_TEXT_MAX)

/* "blobs/sha256/HEX" (image-layout.md). */
const char *blob_path(const struct digest *digest,
		      char buf[static BLOB_PATH_MAX]);

/* A small document, length bytes from offset on; its digest is the sha256 of
 * what was read. */
int blob_read(int fd, uint64_t offset, uint64_t length, const char *name,
	      struct blobs_document *ret_document, struct failure *failure)
	_must_check;

/* That oci-layout is of the version we know (image-layout.md). */
int layout_check_version(struct view json, const char *name,
			 struct failure *failure) _must_check;
