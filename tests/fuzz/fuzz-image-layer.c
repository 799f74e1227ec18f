/* SPDX-License-Identifier: MIT */
/*
 * A layer, applied over one below or by itself. Its files are really made, in a
 * tmpfs of a mount namespace of its own, with that as the root while it goes
 * on. Afterwards all of it must be removable, and a failure must have words.
 * The first byte chooses the mode. Does nothing without root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "image/content.h"

#define PLACE "/mnt"
#define TREE  PLACE "/tree"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the fuzzer's own names begin, absolute ones and others. */
static int outer_fd = FD_NONE;
static int work_fd = FD_NONE;

static bool prepare(void)
{
	static bool tried;

	if (tried)
		return work_fd >= 0;
	tried = true;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("x", PLACE, "tmpfs", 0, "size=16m,nr_inodes=4k") < 0)
		return false;
	outer_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	work_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return work_fd >= 0;
}

static void must(bool good)
{
	if (!good)
		abort();
}

/* What the layers below have. */
static void make_lower(void)
{
	int fd;

	must(mkdir("d", 0750) == 0 && mkdir("d/e", 0) == 0 &&
	     mkdir("d/e/f", 0700) == 0 && symlink("d/e", "l") == 0 &&
	     symlink("../../..", "up") == 0);
	fd = open("d/a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && link("d/a", "d/e/f/h") == 0 && link("d/a", "h") == 0);
	fd_close(fd);
}

/* All at once. */
static int next(void *context, struct view *ret_bytes)
{
	struct view *bytes = context;

	*ret_bytes = view_sub(bytes, bytes->left);
	return ret_bytes->left > 0;
}

static int unpack(struct tree *tree, struct view bytes, struct failure *failure)
{
	struct content content = { .input = { next, &bytes },
				   .tree = tree,
				   .label = "x",
				   .may_be_file = tree->mode == UNPACK_ROOT };

	return content_unpack(&content, failure);
}

static void apply(struct view bytes, uint8_t choice, int marks_fd)
{
	_Atomic uint64_t unpacked = 0, entries = 0;
	struct failure failure = { 0 };
	struct room room = { .meminfo_fd = FD_NONE };
	struct tree tree = { .label = "x",
			     .mode = choice % 3,
			     .depth = choice / 3 % 3,
			     .lowest = choice & 0x80,
			     .unprivileged = choice & 0x40,
			     .marks_fd = marks_fd,
			     .watch = { .room = &room },
			     .unpacked = &unpacked,
			     .entries = &entries };
	_cleanup_fd int root_fd = FD_NONE;
	int r;

	must(chroot(TREE) == 0 && chdir("/") == 0);
	root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	room.dir_fd = root_fd;
	if (tree.mode == UNPACK_APPLY)
		make_lower();
	tree_init(&tree);
	r = unpack(&tree, bytes, &failure);
	tree_free(&tree);
	must(r == 0 || r == -ENOSPC || failure.text[0]);
	must(overlay_mark(root_fd, marks_fd, &failure) == 0 || failure.text[0]);
	must(fchdir(outer_fd) == 0 && chroot(".") == 0);
	must(fchdir(work_fd) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_over(data, size);
	uint8_t choice = view_u8(&bytes);
	int marks_fd;

	if (bytes.bad || !prepare())
		return 0;
	marks_fd = memfd_create("marks", MFD_CLOEXEC);
	must(marks_fd >= 0 && mkdir(TREE, 0700) == 0);
	apply(bytes, choice, marks_fd);
	fd_close(marks_fd);
	must(path_remove_tree(AT_FDCWD, TREE) == 0);
	return 0;
}
