/* SPDX-License-Identifier: MIT */
#include "cli/image-root.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/path.h"
#include "base/text.h"
#include "cli/progress-line.h"
#include "root/disk.h"
#include "root/loopdev.h"
#include "root/mount.h"

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

/* The device is read-only, so a journal that was not replayed stays so. */
static const struct mount_option *options_of(const char *fstype)
{
	static const struct {
		const char *fstype;
		struct mount_option options[3];
	} rows[] = {
		{ "ext3", { { "ro", NULL }, { "noload", NULL } } },
		{ "ext4", { { "ro", NULL }, { "noload", NULL } } },
		{ "xfs", { { "ro", NULL }, { "norecovery", NULL } } },
	};
	static const struct mount_option others[] = { { "ro", NULL }, { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_eq(rows[i].fstype, fstype))
			return rows[i].options;
	return others;
}

int image_root_mount(struct image_root *root, struct failure *failure)
{
	_cleanup_fd int file = FD_NONE, device = FD_NONE;
	const char *name = root->facts.reference.name;
	char path[LOOPDEV_PATH_MAX];
	struct disk_part part;
	int r;

	if (root->facts.layout != IMAGE_LAYOUT_FILE)
		return 0;
	if (geteuid() != 0)
		return failure_set(failure, EPERM,
				   "%s: it is a %s, and to look into it, it "
				   "must be mounted, which needs root",
				   name, kind_name(root->facts.content));
	file = open_in(root, "image", O_RDONLY, failure);
	if (file < 0)
		return file;
	r = disk_find_root(file, name, &part, failure);
	if (r < 0)
		return r;
	device = loopdev_attach(file, part.offset, part.length, path, failure);
	if (device < 0)
		return device;
	root->fd = mount_new(part.fstype, path, options_of(part.fstype),
			     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				     MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
			     failure);
	return MIN(root->fd, 0);
}

void image_root_close(struct image_root *root)
{
	root->fd = fd_close(root->fd);
	if (root->dir[0])
		(void)!path_remove_tree(AT_FDCWD, root->dir);
	root->dir[0] = '\0';
}
