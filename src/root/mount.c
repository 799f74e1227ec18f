/* SPDX-License-Identifier: MIT */
#include "root/mount.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/path.h"

static int configure(int fs_fd, const char *source,
		     const struct mount_option *options)
{
	if (source &&
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return -errno;
	for (; options && options->key; options++) {
		enum fsconfig_command command = options->value
							? FSCONFIG_SET_STRING
							: FSCONFIG_SET_FLAG;

		if (fsconfig(fs_fd, command, options->key, options->value, 0) <
		    0)
			return -errno;
	}
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return 0;
}

int mount_new(const char *type, const char *source,
	      const struct mount_option *options, unsigned int attributes,
	      struct failure *failure)
{
	_cleanup_fd int fs_fd = fsopen(type, FSOPEN_CLOEXEC);
	int fd, r;

	if (fs_fd < 0)
		return failure_errno(
			failure, errno,
			"cannot mount %s (has this kernel a module "
			"for it?)",
			type);
	r = configure(fs_fd, source, options);
	if (r < 0)
		return failure_errno(failure, -r, "cannot mount %s of %s", type,
				     source ? source : "nothing");
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes);
	if (fd < 0)
		return failure_errno(failure, errno, "cannot mount %s", type);
	return fd;
}

int mount_copy(const char *path, bool recursive, unsigned int attributes,
	       struct failure *failure)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	_cleanup_fd int fd = FD_NONE;

	if (recursive)
		flags |= AT_RECURSIVE;
	fd = open_tree(AT_FDCWD, path, flags);
	if (fd < 0)
		return failure_errno(failure, errno, "cannot bind %s", path);
	if (attributes) {
		struct mount_attr attr = { .attr_set = attributes };

		if (mount_setattr(fd, "",
				  AT_EMPTY_PATH |
					  (recursive ? AT_RECURSIVE : 0),
				  &attr, sizeof(attr)) < 0)
			return failure_errno(failure, errno,
					     "cannot bind %s read-only", path);
	}
	return TAKE_FD(fd);
}

int mount_attach(int mount_fd, int root_fd, const char *path,
		 struct failure *failure)
{
	_cleanup_fd int at = path_open_in_root(root_fd, path, O_PATH, 0);

	if (at < 0)
		return failure_errno(failure, -at, "cannot mount on %s", path);
	if (move_mount(mount_fd, "", at, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return failure_errno(failure, errno, "cannot mount on %s",
				     path);
	return 0;
}

int mount_new_at(const char *type, const char *source,
		 const struct mount_option *options, unsigned int attributes,
		 int root_fd, const char *path, struct failure *failure)
{
	_cleanup_fd int fd =
		mount_new(type, source, options, attributes, failure);

	return fd < 0 ? fd : mount_attach(fd, root_fd, path, failure);
}
