/* SPDX-License-Identifier: MIT */
#include "kernel/live-return.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/pseudo.h"
#include "base/text.h"

/* libnvdimm registers its devices from a thread of its own. */
#define DEVICE_LIMIT_MS 10000
#define DEVICE_POLL_MS	10

/* Its number, "259:0", as soon as there is one. */
static int wait_for_number(const char *device, char *number, size_t size)
{
	const struct timespec pause = { .tv_nsec = DEVICE_POLL_MS * NS_PER_MS };
	int64_t deadline_ms = clock_ms() + DEVICE_LIMIT_MS;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "class/block/%s/dev", device);
	while ((n = pseudo_read_line(PSEUDO_SYS, path, number, size)) < 0 &&
	       clock_ms() < deadline_ms)
		(void)nanosleep(&pause, NULL);
	return n < 0 ? (int)n : 0;
}

int live_open_device(const struct live_plan *plan, int flags,
		     struct failure *failure)
{
	unsigned int major, minor;
	char number[32];
	int fd = wait_for_number(plan->device, number, sizeof(number));

	if (fd == 0 && sscanf(number, "%u:%u", &major, &minor) != 2)
		fd = -EBADMSG;
	if (fd == 0 &&
	    mknod(LIVE_DEVICE, S_IFBLK | 0600, makedev(major, minor)) < 0 &&
	    errno != EEXIST)
		fd = -errno;
	if (fd == 0)
		fd = open(LIVE_DEVICE, flags | O_CLOEXEC);
	if (fd == -1)
		fd = -errno;
	return fd < 0 ? failure_errno(failure, -fd, "/dev/%s", plan->device)
		      : fd;
}

/* Memory that the kernel neither uses nor gives to a driver may be looked at
 * even where /dev/mem is strict. */
static int open_memory(struct failure *failure)
{
	int fd = -1;

	if (mknod(LIVE_DEVICE, S_IFCHR | 0600, makedev(1, 1)) == 0 ||
	    errno == EEXIST)
		fd = open(LIVE_DEVICE, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? failure_errno(failure, errno, "/dev/mem") : fd;
}

static int open_source(const struct live_plan *plan, struct failure *failure)
{
	return plan->memory > 0 ? open_memory(failure)
				: live_open_device(plan, O_RDONLY, failure);
}

static int copy_from_device(int device, const struct live_piece *piece, int fd)
{
	off_t at = (off_t)piece->at;
	uint64_t left = piece->size;

	while (left > 0) {
		ssize_t n = sendfile(fd, device, &at, left);

		if (n > 0)
			left -= (uint64_t)n;
		else if (n == 0 || errno != EINTR)
			return n == 0 ? -EIO : -errno;
	}
	return 0;
}

static int copy_from_memory(int memory, uint64_t start,
			    const struct live_piece *piece, int fd)
{
	uint64_t at = start + piece->at, page = (uint64_t)getpagesize();
	size_t before = at % page, len = before + piece->size;
	uint8_t *bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, memory,
			      (off_t)(at - before));
	int r;

	if (bytes == MAP_FAILED)
		return -errno;
	r = fd_write_all(fd, bytes + before, piece->size);
	(void)munmap(bytes, len);
	return r;
}

/* kexec takes regular files only. */
static int copy_piece(const struct live_plan *plan, int source,
		      const struct live_piece *piece, const char *name,
		      struct failure *failure)
{
	_cleanup_fd int fd = memfd_create(name, MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory for its %s",
				     name);
	r = plan->memory > 0 ? copy_from_memory(source, plan->memory, piece, fd)
			     : copy_from_device(source, piece, fd);
	return r < 0 ? failure_errno(failure, -r, "its %s cannot be copied",
				     name)
		     : TAKE_FD(fd);
}

static int open_file(const char *path, struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? failure_errno(failure, errno, "%s", path) : fd;
}

int live_open_bootstrap(const struct live_plan *plan, int *ret_kernel_fd,
			int *ret_archive_fd, struct failure *failure)
{
	_cleanup_fd int source = FD_NONE, kernel = FD_NONE, archive = FD_NONE;

	if (plan->archive.size > 0) {
		source = open_source(plan, failure);
		if (source < 0)
			return source;
		kernel = copy_piece(plan, source, &plan->kernel, "kernel",
				    failure);
		if (kernel < 0)
			return kernel;
		archive = copy_piece(plan, source, &plan->archive, "archive",
				     failure);
	} else {
		kernel = open_file(LIVE_KERNEL, failure);
		if (kernel < 0)
			return kernel;
		archive = open_file(LIVE_BOOTSTRAP, failure);
	}
	if (archive < 0)
		return archive;
	*ret_kernel_fd = TAKE_FD(kernel);
	*ret_archive_fd = TAKE_FD(archive);
	return 0;
}
