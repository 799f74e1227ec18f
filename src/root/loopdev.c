/* SPDX-License-Identifier: MIT */
#include "root/loopdev.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/blockdev.h"

#define CONTROL	  "/dev/loop-control"
#define RACES_MAX 64 /* others that took the device we were told is free */

/* -EBUSY: somebody else was faster, ask for another one. */
static int try_attach(int control_fd, const struct loop_config *config,
		      char path[static LOOPDEV_PATH_MAX])
{
	_cleanup_fd int fd = FD_NONE;
	int number = ioctl(control_fd, LOOP_CTL_GET_FREE);

	if (number < 0)
		return -errno;
	snprintf(path, LOOPDEV_PATH_MAX, "/dev/loop%d", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_CONFIGURE, config) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int loopdev_attach(int file_fd, uint64_t offset, uint64_t length,
		   char ret_path[static LOOPDEV_PATH_MAX],
		   struct failure *failure)
{
	const struct loop_config config = {
		.fd = (uint32_t)file_fd,
		.info = {
			.lo_offset = offset,
			.lo_sizelimit = length,
			.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR,
		},
	};
	_cleanup_fd int control_fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	char path[LOOPDEV_PATH_MAX];
	int fd = -EBUSY;

	if (control_fd < 0)
		return failure_errno(failure, errno,
				     "cannot open " CONTROL
				     " (is the module loop loaded?)");
	for (int i = 0; i < RACES_MAX && fd == -EBUSY; i++)
		fd = try_attach(control_fd, &config, path);
	if (fd < 0)
		return failure_errno(failure, -fd,
				     "cannot attach the image to %s", path);
	(void)str_copy(ret_path, LOOPDEV_PATH_MAX, path);
	return fd;
}

struct listing {
	int (*each)(const char *name, const char *file, void *context);
	void *context;
};

static int list_one(const char *name, void *context)
{
	const struct listing *listing = context;
	char file[PATH_MAX];

	/* A device that is not attached has no such file. */
	if (attribute_read(BLOCKDEV_DIR, name, "loop/backing_file", file,
			   sizeof(file)) < 0)
		return 0;
	return listing->each(name, file, listing->context);
}

int loopdev_list(int (*each)(const char *name, const char *file, void *context),
		 void *context)
{
	struct listing listing = { each, context };

	return blockdev_each("loop", list_one, &listing);
}

static int open_by_name(const char *name)
{
	char path[BLOCKDEV_PATH_MAX];
	int fd;

	blockdev_path(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int loopdev_backing(const char *name, struct loopdev_backing *ret_backing)
{
	_cleanup_fd int fd = open_by_name(name);
	struct loop_info64 info;

	if (fd < 0)
		return fd;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	ret_backing->device = info.lo_device;
	ret_backing->special = info.lo_rdevice;
	return 0;
}

int loopdev_detach(const char *name)
{
	_cleanup_fd int fd = open_by_name(name);

	if (fd < 0)
		return fd;
	if (ioctl(fd, LOOP_CLR_FD) < 0 && errno != ENXIO)
		return -errno;
	return 0;
}
