/* SPDX-License-Identifier: MIT */
#include "root/filemount.h"

#include <sys/mount.h>

#include "base/text.h"
#include "root/loopdev.h"

#define OPTIONS_MAX 4

/*
 * How to mount what cannot be written to, and is not ours: what a superblock
 * wants done about errors is not its to say ("panic" is among what it can ask
 * for), and two copies of one image may be there at once (nouuid).
 */
static const struct {
	const char *fstype;
	struct mount_option options[OPTIONS_MAX];
} table[] = {
	{ "ext2", { { "ro" }, { "errors", "remount-ro" } } },
	{ "ext3", { { "ro" }, { "noload" }, { "errors", "remount-ro" } } },
	{ "ext4", { { "ro" }, { "noload" }, { "errors", "remount-ro" } } },
	{ "xfs", { { "ro" }, { "norecovery" }, { "nouuid" } } },
	{ "btrfs", { { "ro" }, { "rescue", "nologreplay" } } },
};

static const struct mount_option read_only[] = { { "ro" }, { NULL } };

static const struct mount_option *options_of(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_eq(fstype, table[i].fstype))
			return table[i].options;
	return read_only;
}

int filemount_new(int file_fd, uint64_t offset, uint64_t length,
		  const char *fstype, unsigned int attributes,
		  struct failure *failure)
{
	char device[LOOPDEV_PATH_MAX];
	_cleanup_fd int loop =
		loopdev_attach(file_fd, offset, length, device, failure);

	if (loop < 0)
		return loop;
	return mount_new(fstype, device, options_of(fstype),
			 attributes | MOUNT_ATTR_RDONLY, failure);
}
