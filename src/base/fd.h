/* SPDX-License-Identifier: MIT */
/* Whole reads and writes. All return 0 or a count, or a negative errno. */
#pragma once

#include "base/cleanup.h"
#include "base/util.h"

/* Writes all of buf; retries on short writes and EINTR. For blocking fds. */
int fd_write_all(int fd, const void *buf, size_t len) _must_check;

/* Reads until len bytes or the end of the file; returns the bytes read. For
 * blocking fds. */
ssize_t fd_read_full(int fd, void *buf, size_t len) _must_check;

int fd_set_nonblocking(int fd) _must_check;

/* Reads path (relative to dir_fd, or AT_FDCWD) into buf, NUL-terminated, at
 * most size - 1 bytes; returns the length. -EFBIG when it does not fit. No
 * allocation. */
ssize_t file_read(int dir_fd, const char *path, char *buf, size_t size)
	_must_check;

/* As file_read(), and removes white space at the end. */
ssize_t file_read_line(int dir_fd, const char *path, char *buf, size_t size)
	_must_check;

/* Writes text to an existing file with one write(2), as /proc, /sys and
 * cgroup files want it. */
int file_write(int dir_fd, const char *path, const char *text) _must_check;

/* Creates or replaces a regular file (mode 0644). Not atomic. */
int file_create(int dir_fd, const char *path, const char *text) _must_check;
