/* SPDX-License-Identifier: MIT */
/* Copying files inside the kernel. */
#pragma once

#include "base/util.h"

/* Copies what is left of the file from to the end of the file to. */
int copy_bytes(int from, int to) _must_check;

/*
 * Moves all below the directory from_fd to the directory to_fd on another
 * file system: directories, files, links and nodes with their modes and
 * owners; each file is removed as soon as it is copied, so that never more
 * than one of them is in memory twice. Stays on from_fd's file system.
 */
int copy_move_tree(int from_fd, int to_fd) _must_check;
