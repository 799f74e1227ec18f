/* SPDX-License-Identifier: MIT */
/* Paths, and paths inside a root that is not ours. */
#pragma once

#include "base/cleanup.h"
#include "base/util.h"

/*
 * Opens path as if root_fd were "/": "..", absolute names and symlinks cannot
 * leave it (openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS). flags as
 * open(2), O_CLOEXEC is added; mode only with O_CREAT. Every path that comes
 * from an image is opened with this and nothing else. Returns the descriptor.
 */
int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
	_must_check;

/* mkdir -p inside root_fd, symlinks resolved inside it; existing directories
 * are fine. New ones get mode. Returns 0. */
int path_mkdirs_in_root(int root_fd, const char *path, mode_t mode) _must_check;

/* mkdir -p of our own paths. */
int path_mkdirs(const char *path, mode_t mode) _must_check;

/* Removes path and all below it without following symlinks and without
 * leaving its file system. Missing path is fine. */
int path_remove_tree(int dir_fd, const char *path) _must_check;
