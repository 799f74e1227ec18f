/* SPDX-License-Identifier: MIT */
/*
 * Attributes go on in the order owner, extended attributes, mode, time: each
 * would undo one that follows. Of directories mode, default ACL and time come
 * at the very end.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "image/tree-internal.h"

static struct timespec mtime_of(struct archive_entry *entry)
{
	if (!archive_entry_mtime_is_set(entry))
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	return (struct timespec){
		.tv_sec = archive_entry_mtime(entry),
		.tv_nsec = archive_entry_mtime_nsec(entry),
	};
}

/* --- owners --- */

/* Of fd, or with fd negative of the name itself. New files are root's, and
 * have its group unless that is inherited. */
static int give_away(struct tree *tree, struct archive_entry *entry, int fd,
		     const char *name, bool is_new)
{
	uid_t uid = (uid_t)archive_entry_uid(entry);
	gid_t gid = (gid_t)archive_entry_gid(entry);
	int r;

	if (uid == 0 && gid == 0 && is_new && !tree->inherits)
		return 0;
	r = fd >= 0 ? fchown(fd, uid, gid)
		    : fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
	if (r == 0)
		return 0;
	/* EINVAL: a number that the user namespace does not have. */
	if (!tree->unprivileged || (errno != EPERM && errno != EINVAL))
		return -errno;
	tree->lost.owners++;
	return 0;
}

/* --- extended attributes --- */

static int set_attributes(struct tree *tree, struct archive_entry *entry,
			  int fd, const char *name,
			  struct attributes_late *ret_late)
{
	const struct attributes_rules rules = {
		.for_overlay = tree->mode == UNPACK_LAYER,
		.capabilities_may_go = tree->unprivileged,
	};

	return attributes_set(entry, fd, name, &rules, ret_late,
			      &tree->lost.attributes);
}

/* Where an ACL was lost, the group gets what the ACL said of it, not the mask,
 * which says what the users that it names may at most. */
static mode_t mode_of(const struct tree *tree, struct archive_entry *entry,
		      uint64_t lost_before)
{
	return tree->lost.attributes == lost_before
		       ? attributes_mode(entry)
		       : archive_entry_mode(entry) & ALLPERMS;
}

/* --- files --- */

static int finish_file(struct tree *tree, struct archive_entry *entry, int fd)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
					  mtime_of(entry) };
	uint64_t lost = tree->lost.attributes;
	int r = 0, set;
	mode_t mode;

	/* A hole at the end. */
	if (tree->end < (uint64_t)archive_entry_size(entry) &&
	    ftruncate(fd, archive_entry_size(entry)) < 0)
		return -errno;
	r = give_away(tree, entry, fd, NULL, true);
	if (r == 0 && tree->inherits)
		r = attributes_clear(fd);
	if (r < 0)
		return r;
	set = set_attributes(tree, entry, fd, NULL, NULL);
	if (set < 0)
		return set;
	mode = mode_of(tree, entry, lost);
	/* It was made with its permissions, but not with setuid and the like,
	 * and an ACL is one more way to set them. */
	if (((mode & ~(mode_t)0777) || set > 0 || tree->inherits) &&
	    fchmod(fd, mode) < 0)
		return -errno;
	return futimens(fd, times) < 0 ? -errno : 0;
}

int tree_file_written(struct tree *tree)
{
	int r = finish_file(tree, tree->entry, tree->fd);

	tree->fd = fd_close(tree->fd);
	return r;
}

static int finish_special(struct tree *tree, const struct item *item)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
					  mtime_of(item->entry) };
	int r = give_away(tree, item->entry, FD_NONE, item->name, true);

	if (r == 0)
		r = set_attributes(tree, item->entry, FD_NONE, item->name,
				   NULL);
	if (r < 0)
		return r;
	return utimensat(AT_FDCWD, item->name, times, AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

/* --- directories --- */

int tree_remember_dir(struct tree *tree, const char *name, struct tree_dir dir)
{
	struct tree_dir *dirs = tree->dirs;

	dir.name = strdup(name);
	if (dir.name && tree->dir_count == tree->dir_room) {
		size_t room = tree->dir_room ? tree->dir_room * 2 : 256;

		dirs = reallocarray(dirs, room, sizeof(*dirs));
		if (dirs) {
			tree->dirs = dirs;
			tree->dir_room = room;
		}
	}
	if (!dir.name || !dirs) {
		free(dir.name);
		free(dir.late.value);
		return -ENOMEM;
	}
	dirs[tree->dir_count++] = dir;
	return 0;
}

static int prepare_dir(struct tree *tree, const struct item *item,
		       struct attributes_late *late)
{
	_cleanup_fd int fd =
		openat(AT_FDCWD, item->name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = give_away(tree, item->entry, fd, NULL, !item->merged);
	if (r == 0 && tree->inherits)
		r = attributes_clear(fd);
	if (r == 0)
		r = set_attributes(tree, item->entry, fd, NULL, late);
	if (r < 0)
		return r;
	return item->merged && fchmod(fd, 0700) < 0 ? -errno : 0;
}

static int add_dir(struct tree *tree, const struct item *item)
{
	struct attributes_late late = { 0 };
	uint64_t lost = tree->lost.attributes;
	int r = prepare_dir(tree, item, &late);

	if (r < 0) {
		free(late.value);
		return r;
	}
	return tree_remember_dir(
		tree, item->name,
		(struct tree_dir){ .kind = TREE_DIR_ENTRY,
				   .mode = mode_of(tree, item->entry, lost),
				   .mtime = mtime_of(item->entry),
				   .late = late });
}

int tree_item_made(struct tree *tree, struct item *item)
{
	if (item->link)
		return 0;
	switch (archive_entry_filetype(item->entry)) {
	case AE_IFREG: /* when its content is there */
		tree->fd = item->fd;
		tree->entry = item->entry;
		tree->end = 0;
		return 0;
	case AE_IFDIR:
		return add_dir(tree, item);
	case AE_IFCHR:
	case AE_IFBLK:
		tree->devices++;
		break;
	}
	return finish_special(tree, item);
}

/* --- the end --- */

/* Directories that have an entry are the owner's alone until now. */
static void check_implied(struct tree *tree, const struct tree_dir *dir)
{
	struct stat st;

	if (fstatat(AT_FDCWD, dir->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && (st.st_mode & 0777) != 0700)
		tree->leans_on_lower = true;
}

static int finish_dir(struct tree *tree, const struct tree_dir *dir)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
					  dir->mtime };
	bool touched = dir->kind == TREE_DIR_TOUCHED;
	_cleanup_fd int fd = openat(AT_FDCWD, dir->name,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC |
					    (touched ? 0 : O_NOFOLLOW));
	struct stat st;
	int r;

	if (fd < 0) /* a later entry may have replaced it */
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			       ? 0
			       : -errno;
	if (touched) {
		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_ino != dir->inode)
			return 0;
	} else {
		r = attributes_set_late(fd, &dir->late, &tree->lost.attributes);
		if (r < 0)
			return r;
		if (fchmod(fd, dir->mode) < 0)
			return -errno;
	}
	return futimens(fd, times) < 0 ? -errno : 0;
}

int tree_finish(struct tree *tree, struct failure *failure)
{
	for (size_t i = 0; i < tree->dir_count; i++)
		if (tree->dirs[i].kind == TREE_DIR_IMPLIED)
			check_implied(tree, &tree->dirs[i]);
	for (size_t i = 0; i < tree->dir_count; i++) {
		const struct tree_dir *dir = &tree->dirs[i];
		int r = dir->kind == TREE_DIR_IMPLIED ? 0
						      : finish_dir(tree, dir);

		if (r == -ENOSPC)
			return r;
		if (r < 0)
			return failure_errno(failure, -r,
					     "%s: cannot finish '%.128s'",
					     tree->label, dir->name);
	}
	return 0;
}
