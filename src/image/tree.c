/* SPDX-License-Identifier: MIT */
/*
 * Later entries replace earlier ones of the same name, as with tar(1); a
 * directory stays and gets the later one's attributes. Parents that the
 * archive does not have are made. Attributes go on in the order owner,
 * extended attributes, mode, time: each would undo one that follows.
 */
#include "image/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"
#include "image/attributes.h"

/* How much is written between two looks at the room; an entry counts as the
 * memory that an inode and its name take. */
#define WATCH_BYTES  (16 * MIB)
#define ENTRY_BYTES  1024
#define TRIES	     3
#define PARENTS_MODE 0755
#define MODE_BITS    07777

struct tree_dir {
	char *name;
	struct timespec mtime;
};

void tree_init(struct tree *tree, const char *label, const struct room *room,
	       _Atomic uint64_t *unpacked, _Atomic uint64_t *entries)
{
	*tree = (struct tree){
		.label = label,
		.room = room,
		.unpacked = unpacked,
		.entries = entries,
		.fd = FD_NONE,
	};
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->dir_count; i++)
		free(tree->dirs[i].name);
	free(tree->dirs);
	tree->fd = fd_close(tree->fd);
}

static int fail(const struct tree *tree, const char *name, int r,
		struct failure *failure)
{
	if (r == -ENOSPC)
		return r;
	return failure_errno(failure, -r, "%s: cannot create '%.128s'",
			     tree->label, name);
}

/* --- making way --- */

static int make_parents(const char *name)
{
	char path[PATH_MAX];

	if (!str_copy(path, sizeof(path), name))
		return -ENAMETOOLONG;
	for (char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(AT_FDCWD, path, PARENTS_MODE) < 0 &&
		    errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int remove_existing(const char *name)
{
	if (unlinkat(AT_FDCWD, name, 0) == 0)
		return 0;
	if (errno != EISDIR)
		return -errno;
	return unlinkat(AT_FDCWD, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* --- creating --- */

struct item {
	struct archive_entry *entry;
	const char *name;
	const char *link;
	int fd; /* out: of a regular file */
};

static mode_t permissions(const struct item *item)
{
	return archive_entry_mode(item->entry) & MODE_BITS;
}

static int create_file(struct item *item)
{
	item->fd = openat(AT_FDCWD, item->name,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  0600);
	return item->fd;
}

static int create_dir(struct item *item)
{
	struct stat st;

	if (mkdirat(AT_FDCWD, item->name, 0700) == 0)
		return 0;
	if (errno == EEXIST &&
	    fstatat(AT_FDCWD, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		errno = EEXIST;
	}
	return -1;
}

static int create_symlink(struct item *item)
{
	const char *target = archive_entry_symlink(item->entry);

	return symlinkat(target ? target : "", AT_FDCWD, item->name);
}

static int create_node(struct item *item)
{
	dev_t device = makedev(archive_entry_rdevmajor(item->entry),
			       archive_entry_rdevminor(item->entry));

	return mknodat(AT_FDCWD, item->name,
		       archive_entry_filetype(item->entry) | permissions(item),
		       device);
}

static int create_link(struct item *item)
{
	/* Removing what is there would remove what is linked to. */
	if (str_eq(item->name, item->link))
		return 0;
	return linkat(AT_FDCWD, item->link, AT_FDCWD, item->name, 0);
}

typedef int (*create_function)(struct item *item);

static create_function creator_of(const struct item *item)
{
	if (item->link)
		return create_link;
	switch (archive_entry_filetype(item->entry)) {
	case AE_IFREG:
		return create_file;
	case AE_IFDIR:
		return create_dir;
	case AE_IFLNK:
		return create_symlink;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
	case AE_IFSOCK:
		return create_node;
	}
	return NULL;
}

static int create(struct item *item)
{
	create_function creator = creator_of(item);
	int r = -EBADMSG;

	if (!creator)
		return r;
	for (int i = 0; i < TRIES; i++) {
		if (creator(item) >= 0)
			return 0;
		r = -errno;
		if (r == -EEXIST)
			r = remove_existing(item->name);
		else if (r == -ENOENT)
			r = make_parents(item->name);
		if (r < 0)
			return r;
	}
	return -ENOENT; /* a hard link to what is not there */
}

/* --- attributes --- */

static struct timespec mtime_of(struct archive_entry *entry)
{
	if (!archive_entry_mtime_is_set(entry))
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	return (struct timespec){
		.tv_sec = archive_entry_mtime(entry),
		.tv_nsec = archive_entry_mtime_nsec(entry),
	};
}

static int finish_open(struct tree *tree, struct archive_entry *entry, int fd)
{
	int r;

	if (fchown(fd, (uid_t)archive_entry_uid(entry),
		   (gid_t)archive_entry_gid(entry)) < 0)
		return -errno;
	r = attributes_set(entry, fd, NULL, &tree->lost_attributes);
	if (r < 0)
		return r;
	return fchmod(fd, archive_entry_mode(entry) & MODE_BITS) < 0 ? -errno
								     : 0;
}

static int finish_file(struct tree *tree)
{
	struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
				    mtime_of(tree->entry) };
	int r = 0;

	/* A hole at the end. */
	if (tree->end < (uint64_t)archive_entry_size(tree->entry) &&
	    ftruncate(tree->fd, archive_entry_size(tree->entry)) < 0)
		r = -errno;
	if (r == 0)
		r = finish_open(tree, tree->entry, tree->fd);
	if (r == 0 && futimens(tree->fd, times) < 0)
		r = -errno;
	tree->fd = fd_close(tree->fd);
	return r;
}

static int remember_dir(struct tree *tree, const struct item *item)
{
	struct tree_dir *dirs = tree->dirs;
	char *name = strdup(item->name);

	if (name && tree->dir_count == tree->dir_room) {
		size_t room = tree->dir_room ? tree->dir_room * 2 : 256;

		dirs = reallocarray(dirs, room, sizeof(*dirs));
		if (dirs) {
			tree->dirs = dirs;
			tree->dir_room = room;
		}
	}
	if (!name || !dirs) {
		free(name);
		return -ENOMEM;
	}
	dirs[tree->dir_count++] = (struct tree_dir){
		.name = name,
		.mtime = mtime_of(item->entry),
	};
	return 0;
}

static int finish_dir(struct tree *tree, const struct item *item)
{
	_cleanup_fd int fd =
		openat(AT_FDCWD, item->name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = finish_open(tree, item->entry, fd);
	return r < 0 ? r : remember_dir(tree, item);
}

static int finish_special(struct tree *tree, const struct item *item)
{
	struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
				    mtime_of(item->entry) };
	int r;

	if (fchownat(AT_FDCWD, item->name,
		     (uid_t)archive_entry_uid(item->entry),
		     (gid_t)archive_entry_gid(item->entry),
		     AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	r = attributes_set(item->entry, FD_NONE, item->name,
			   &tree->lost_attributes);
	if (r == 0 &&
	    utimensat(AT_FDCWD, item->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

static int finish(struct tree *tree, struct item *item)
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
		return finish_dir(tree, item);
	case AE_IFCHR:
	case AE_IFBLK:
		tree->devices++;
		break;
	}
	return finish_special(tree, item);
}

/* --- the sink --- */

static int watch(struct tree *tree, uint64_t bytes)
{
	tree->unwatched += bytes;
	if (tree->unwatched < WATCH_BYTES)
		return 0;
	tree->unwatched = 0;
	return room_left(tree->room) == 0 ? -ENOSPC : 0;
}

static int add_entry(void *context, struct archive_entry *entry,
		     const char *name, const char *link,
		     struct failure *failure)
{
	struct tree *tree = context;
	struct item item = { entry, name, link, FD_NONE };
	int r = create(&item);

	if (r == 0)
		r = finish(tree, &item);
	if (r == 0)
		r = watch(tree, ENTRY_BYTES);
	if (r == -ENOENT && link)
		return failure_set(failure, ENOENT,
				   "%s: '%.100s' is a hard link to '%.100s', "
				   "which is not in the image",
				   tree->label, name, link);
	atomic_fetch_add_explicit(tree->entries, 1, memory_order_relaxed);
	return r < 0 ? fail(tree, name, r, failure) : 0;
}

static int add_data(void *context, struct view bytes, uint64_t offset,
		    struct failure *failure)
{
	struct tree *tree = context;
	int r;

	while (bytes.left > 0) {
		ssize_t n =
			pwrite(tree->fd, bytes.at, bytes.left, (off_t)offset);

		if (n < 0)
			return fail(tree, archive_entry_pathname(tree->entry),
				    -errno, failure);
		view_skip(&bytes, (size_t)n);
		offset += (uint64_t)n;
		tree->end = offset;
		atomic_fetch_add_explicit(tree->unpacked, (uint64_t)n,
					  memory_order_relaxed);
		r = watch(tree, (uint64_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int end_entry(void *context, struct failure *failure)
{
	struct tree *tree = context;
	int r;

	if (tree->fd < 0)
		return 0;
	r = finish_file(tree);
	return r < 0 ? fail(tree, archive_entry_pathname(tree->entry), r,
			    failure)
		     : 0;
}

struct tar_sink tree_sink(struct tree *tree)
{
	return (struct tar_sink){
		.entry = add_entry,
		.data = add_data,
		.end = end_entry,
		.context = tree,
	};
}

int tree_finish(struct tree *tree, struct failure *failure)
{
	for (size_t i = 0; i < tree->dir_count; i++) {
		const struct tree_dir *dir = &tree->dirs[i];
		struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
					    dir->mtime };

		/* A later entry may have replaced it. */
		if (utimensat(AT_FDCWD, dir->name, times, AT_SYMLINK_NOFOLLOW) <
			    0 &&
		    errno != ENOENT && errno != ENOTDIR)
			return fail(tree, dir->name, -errno, failure);
	}
	return 0;
}
