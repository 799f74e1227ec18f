/* SPDX-License-Identifier: MIT */
#include "root/blockdev.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/nbd.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/listing.h"
#include "base/text.h"
#include "root/attribute.h"

struct walk {
	const char *prefix;
	int (*each)(const char *name, void *context);
	void *context;
};

static int walk_name(const char *name, void *context)
{
	const struct walk *walk = context;

	if (!str_after(name, walk->prefix) || strlen(name) >= BLOCKDEV_NAME_MAX)
		return 0;
	return walk->each(name, walk->context);
}

int blockdev_each(const char *prefix,
		  int (*each)(const char *name, void *context), void *context)
{
	struct walk walk = { prefix, each, context };
	int r = listing_each(AT_FDCWD, BLOCKDEV_DIR, walk_name, &walk);

	return r == -ENOENT ? 0 : r;
}

void blockdev_path(const char *name, char path[static BLOCKDEV_PATH_MAX])
{
	snprintf(path, BLOCKDEV_PATH_MAX, "/dev/%s", name);
	for (char *at = path; *at; at++) {
		if (*at == '!')
			*at = '/';
	}
}

/* -- device mapper -- */

static int dm_ask(unsigned long what, const char *dm_name)
{
	struct dm_ioctl request = {
		/* 4.0 is what every kernel since 2.6 answers to. */
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(request),
	};
	_cleanup_fd int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!str_copy(request.name, sizeof(request.name), dm_name))
		return -ENAMETOOLONG;
	if (ioctl(fd, what, &request) < 0 && errno != ENXIO)
		return -errno;
	return 0;
}

int blockdev_dm_remove(const char *dm_name)
{
	return dm_ask(DM_DEV_REMOVE, dm_name);
}

int blockdev_dm_resume(const char *dm_name)
{
	return dm_ask(DM_DEV_SUSPEND, dm_name);
}

/* -- the others -- */

/* "clear" is STOP_ARRAY without a device node (Documentation/admin-guide/
 * md.rst). */
int blockdev_md_stop(const char *name)
{
	return attribute_write(BLOCKDEV_DIR, name, "md/array_state", "clear");
}

int blockdev_zram_reset(const char *name)
{
	return attribute_write(BLOCKDEV_DIR, name, "reset", "1");
}

int blockdev_bcache_stop(const char *name)
{
	return attribute_write(BLOCKDEV_DIR, name, "bcache/stop", "1");
}

int blockdev_nbd_disconnect(const char *name)
{
	char path[BLOCKDEV_PATH_MAX];
	_cleanup_fd int fd = FD_NONE;

	blockdev_path(name, path);
	fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, NBD_DISCONNECT) < 0 || ioctl(fd, NBD_CLEAR_SOCK) < 0)
		return -errno;
	return 0;
}
