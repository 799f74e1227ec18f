/* SPDX-License-Identifier: MIT */
/*
 * Mounts by descriptor (fsopen(2), open_tree(2), move_mount(2)): the place
 * where a mount lands in a foreign root is a descriptor from
 * path_open_in_root(), never a path that an image's symlinks could bend.
 */
#pragma once

#include "base/cleanup.h"
#include "base/failure.h"

struct mount_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

/*
 * A new file system of this type, not attached anywhere yet. source may be
 * NULL. options ends with a NULL key, and may be NULL. attributes are
 * MOUNT_ATTR_*. Returns its descriptor.
 */
int mount_new(const char *type, const char *source,
	      const struct mount_option *options, unsigned int attributes,
	      struct failure *failure) _must_check;

/* A detached copy (bind) of the mount at path, optionally with all below
 * it, with attributes set. */
int mount_copy(const char *path, bool recursive, unsigned int attributes,
	       struct failure *failure) _must_check;

/* Attaches the detached mount at path inside of root_fd; name is for the
 * failure. Closes nothing. */
int mount_attach(int mount_fd, int root_fd, const char *path,
		 struct failure *failure) _must_check;

/* mount_new() and mount_attach() in one. */
int mount_new_at(const char *type, const char *source,
		 const struct mount_option *options, unsigned int attributes,
		 int root_fd, const char *path, struct failure *failure)
	_must_check;
