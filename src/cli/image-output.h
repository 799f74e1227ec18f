/* SPDX-License-Identifier: MIT */
/* Where image convert and image export write to. */
#pragma once

#include "base/newfile.h"
#include "image/pack.h"

struct image_output {
	struct newfile file; /* not there before it is whole */
	int fd;		     /* standard output, or a device */
	const char *path;    /* NULL: standard output */
	uint64_t bytes;
};

#define IMAGE_OUTPUT_NONE \
	((struct image_output){ .file = NEWFILE_NONE, .fd = -EBADF })

/* path NULL or "-": standard output, unless that is a terminal. path is borrowed. */
int image_output_open(const char *path, struct image_output *ret_output,
		      struct failure *failure) _must_check;

/* As in struct pack; context is the output. Cancels when interrupted. */
int image_output_write(void *output, const void *bytes, size_t len,
		       struct failure *failure) _must_check;

/* All was written. */
int image_output_finish(struct image_output *output, struct failure *failure)
	_must_check;

/* Removes what was not finished. */
void image_output_close(struct image_output *output);
#define _cleanup_image_output _cleanup(image_output_close)

/* Says what was written, and on standard error what could not be. */
void image_output_tell(const struct image_output *output,
		       const struct pack_result *packed);
