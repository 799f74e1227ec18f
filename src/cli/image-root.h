/* SPDX-License-Identifier: MIT */
/* An image's root for the time of one command: to look at, or to write in
 * another form. */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "cli/image-arguments.h"
#include "root/disk.h"

struct image_root {
	char dir[PATH_MAX]; /* temporary, with all there is of it; "": none */
	int fd;		    /* of the root; FD_NONE: it is a file */
	struct image_facts facts;
};

#define IMAGE_ROOT_NONE ((struct image_root){ .fd = -EBADF })

/*
 * Unpacks what the arguments ask for below the directory parent ("": TMPDIR).
 * root is IMAGE_ROOT_NONE before. A file's file system is not mounted yet.
 */
int image_root_open(struct image_arguments *arguments, const char *parent,
		    struct image_root *root, struct failure *failure)
	_must_check;

/*
 * Of a file: mounts its root, read-only and at no place, so that it is gone
 * with its descriptor. Needs root. Of a tree: nothing is to be done.
 */
int image_root_mount(struct image_root *root, struct failure *failure)
	_must_check;

/*
 * A detached mount (root/mount.h) of the root file system in an open file that
 * was unpacked, read-only, with these MOUNT_ATTR_*. Needs root.
 */
int image_file_mount(int file_fd, const struct image_facts *facts,
		     unsigned int attributes, struct disk_part *ret_part,
		     struct failure *failure) _must_check;

/* Of a file that was unpacked: its size, and what of it is no hole. */
int image_root_stat(const struct image_root *root, struct stat *ret_st,
		    struct failure *failure) _must_check;

/* Removes all of it; fine on IMAGE_ROOT_NONE and after a failure. */
void image_root_close(struct image_root *root);
#define _cleanup_image_root _cleanup(image_root_close)
