/* SPDX-License-Identifier: MIT */
#include "cli/image-root.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/path.h"
#include "base/text.h"
#include "cli/progress-line.h"
#include "root/filemount.h"

#define TEMPORARY "boomerang-image-XXXXXX"

static int make_dir(struct image_root *root, const char *parent,
		    struct failure *failure)
{
	const char *tmp = getenv("TMPDIR");
	struct text text = text_over(root->dir, sizeof(root->dir));

	if (!parent[0])
		parent = tmp && tmp[0] ? tmp : "/tmp";
	text_add(&text, "%s/" TEMPORARY, parent);
	if (!text.cut && mkdtemp(root->dir))
		return 0;
	root->dir[0] = '\0';
	return failure_errno(failure, text.cut ? ENAMETOOLONG : errno,
			     "cannot make a temporary directory in %s (TMPDIR "
			     "names another)",
			     parent);
}

static int open_in(const struct image_root *root, const char *name, int flags,
		   struct failure *failure)
{
	_cleanup_fd int dir_fd = open(root->dir, O_PATH | O_CLOEXEC);
	int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? failure_errno(failure, errno, "%s/%s", root->dir, name)
		      : fd;
}

static int unpack(struct image_arguments *arguments, struct image_root *root,
		  struct failure *failure)
{
	struct progress_meter meter = { 0 };
	int r;

	arguments->request.progress = image_show_progress;
	arguments->request.context = &meter;
	r = image_unpack(&arguments->request, root->dir, &root->facts, failure);
	image_hide_progress();
	return r;
}

int image_root_open(struct image_arguments *arguments, const char *parent,
		    struct image_root *root, struct failure *failure)
{
	int r = image_arguments_ready(arguments, failure);

	if (r == 0)
		r = make_dir(root, parent, failure);
	if (r == 0)
		r = unpack(arguments, root, failure);
	if (r < 0 || root->facts.layout != IMAGE_LAYOUT_TREE ||
	    arguments->request.depth == UNPACK_NOTHING)
		return r;
	root->fd = open_in(root, "tree", O_RDONLY | O_DIRECTORY, failure);
	return MIN(root->fd, 0);
}

int image_root_stat(const struct image_root *root, struct stat *ret_st,
		    struct failure *failure)
{
	_cleanup_fd int file = open_in(root, "image", O_PATH, failure);

	if (file < 0)
		return file;
	return fstat(file, ret_st) < 0
		       ? failure_errno(failure, errno, "%s", root->dir)
		       : 0;
}

/* The root may be a directory of the file system (a subvolume of btrfs). */
static int open_root(int mount_fd, const char *subdirectory,
		     struct failure *failure)
{
	int fd = path_open_in_root(mount_fd,
				   subdirectory[0] ? subdirectory : ".",
				   O_RDONLY | O_DIRECTORY, 0);

	return fd < 0 ? failure_errno(failure, -fd, "cannot open its root")
		      : fd;
}

int image_file_mount(int file_fd, const struct image_facts *facts,
		     unsigned int attributes, struct disk_part *ret_part,
		     struct failure *failure)
{
	const char *name = facts->reference.name;
	int r;

	if (geteuid() != 0)
		return failure_set(failure, EPERM,
				   "%s: to look into it (%s) it has to be "
				   "mounted, which needs root",
				   name, kind_name(facts->content));
	r = disk_find_root(file_fd, name, ret_part, failure);
	if (r < 0)
		return r;
	return filemount_new(file_fd, ret_part->offset, ret_part->length,
			     ret_part->fstype, attributes, failure);
}

int image_root_mount(struct image_root *root, struct failure *failure)
{
	_cleanup_fd int file = FD_NONE, mount = FD_NONE;
	struct disk_part part;

	if (root->facts.layout != IMAGE_LAYOUT_FILE)
		return 0;
	file = open_in(root, "image", O_RDONLY, failure);
	if (file < 0)
		return file;
	mount = image_file_mount(file, &root->facts,
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					 MOUNT_ATTR_NOEXEC,
				 &part, failure);
	if (mount < 0)
		return mount;
	root->fd = open_root(mount, part.subdirectory, failure);
	return MIN(root->fd, 0);
}

void image_root_close(struct image_root *root)
{
	root->fd = fd_close(root->fd);
	if (root->dir[0])
		(void)!path_remove_tree(AT_FDCWD, root->dir);
	root->dir[0] = '\0';
}
