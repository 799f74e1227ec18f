/* SPDX-License-Identifier: MIT */
#include "kernel/live-move.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/live-return.h"
#include "wire/kept.h"

#define PIECE ((off_t)(4 * MIB))

/* Written at its place, all of it. */
static int write_at(int fd, const uint8_t *bytes, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* The page cache of the device would be the ISO once more. */
static int settle(int device)
{
	if (fsync(device) < 0)
		return -errno;
	return -posix_fadvise(device, 0, 0, POSIX_FADV_DONTNEED);
}

static int move_piece(int iso, int device, off_t at, size_t len)
{
	static uint8_t buf[PIECE];
	ssize_t n = pread(iso, buf, len, at);
	int r;

	if (n != (ssize_t)len)
		return n < 0 ? -errno : -EIO;
	r = write_at(device, buf, len, at);
	if (r == 0)
		r = settle(device);
	if (r == 0 && ftruncate(iso, at) < 0)
		r = -errno;
	return r;
}

static int move_all(int iso, int device)
{
	struct stat st;
	int r = fstat(iso, &st) < 0 ? -errno : 0;
	off_t left = r == 0 ? st.st_size : 0;

	while (r == 0 && left > 0) {
		off_t at = (left - 1) / PIECE * PIECE;

		r = move_piece(iso, device, at, (size_t)(left - at));
		left = at;
	}
	return r;
}

static int write_record(int device)
{
	_cleanup_fd int fd = open(LIVE_KEPT, O_RDONLY | O_CLOEXEC);
	static uint8_t record[KEPT_SIZE];
	off_t size = lseek(device, 0, SEEK_END);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, record, sizeof(record));
	int r;

	if (n < 0 || size < (off_t)KEPT_SIZE)
		return n < 0 ? (int)n : -ENOSPC;
	r = write_at(device, record, sizeof(record),
		     size / (off_t)KEPT_SIZE * (off_t)KEPT_SIZE -
			     (off_t)KEPT_SIZE);
	return r < 0 ? r : settle(device);
}

int live_move(const struct live_plan *plan, struct failure *failure)
{
	_cleanup_fd int iso = open(LIVE_ISO, O_RDWR | O_CLOEXEC);
	_cleanup_fd int device = live_open_device(plan, O_RDWR, failure);
	int r;

	if (device < 0)
		return device;
	r = iso < 0 ? -errno : move_all(iso, device);
	if (r == 0)
		r = write_record(device);
	if (r == 0 && unlink(LIVE_ISO) < 0)
		r = -errno;
	return r < 0 ? failure_errno(failure, -r,
				     "the ISO cannot be moved to /dev/%s",
				     plan->device)
		     : 0;
}
