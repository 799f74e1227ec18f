/* SPDX-License-Identifier: MIT */
/* Files below the root of an image, whose links are not to be trusted. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define CARRY_FILE_MAX (1 * MIB)

/* What becomes of one: in the directory, which is made with directory_mode if
 * it is not there, under the name. Owner is root. */
struct carry_file {
	const char *directory, *name;
	mode_t directory_mode, mode;
};

/* Puts a new file in the place of what is there: of a link, not of what that
 * leads to. */
int carry_file_write(int root_fd, const struct carry_file *file,
		     const char *bytes, size_t len, struct failure *failure)
	_must_check;

/* The whole of a regular file in the image, for the caller to free; NULL when
 * there is none. */
int carry_file_read(int root_fd, const char *path, char **ret_text) _must_check;

/* The same of the running system. */
int carry_host_read(const char *path, char **ret_text) _must_check;

/* Copies a file of the running system, ret_bytes long. Returns 1, or 0 when
 * there is none. */
int carry_file_copy(int root_fd, const char *source,
		    const struct carry_file *file, uint64_t *ret_bytes,
		    struct failure *failure) _must_check;

/* Whether the image has a regular file there. */
bool carry_file_exists(int root_fd, const char *path);
