/* SPDX-License-Identifier: MIT */
/*
 * Two passes. The first reads everything into a catalog, so that an archive
 * that is damaged or leads elsewhere is refused before anything is made. The
 * second makes them, entry by entry: what is in the way of one goes.
 */
#include "initramfs/cpio-unpack.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "initramfs/cpio-catalog.h"
#include "initramfs/cpio-special.h"

#define CHUNK (256 * KIB)

struct unpacking {
	const char *dir;
	int dir_fd, tree_fd;
	struct cpio_catalog catalog;
	struct cpio_reader *reader;
	const struct cpio_item *item; /* the current one */
	int parent_fd;
	const char *name; /* in it */
};

mode_t cpio_tree_mode(uint32_t mode)
{
	return (mode & 0777) | (S_ISDIR(mode) ? 0700 : 0400);
}

static int failed(const struct unpacking *u, int err, struct failure *failure)
{
	return failure_errno(failure, err, "%s/" CPIO_TREE "/%.200s", u->dir,
			     u->item->path);
}

/* --- making one --- */

/* Opens the directory that the current item lies in. */
static int open_parent(struct unpacking *u, struct failure *failure)
{
	char parent[PATH_MAX];
	char *slash;
	int r;

	str_copy(parent, sizeof(parent), u->item->path);
	slash = strrchr(parent, '/');
	u->name = slash ? u->item->path + (slash - parent) + 1 : u->item->path;
	*(slash ? slash : parent) = '\0';
	r = parent[0] ? path_mkdirs_in_root(u->tree_fd, parent, 0755) : 0;
	if (r == 0)
		r = path_open_in_root(u->tree_fd, parent[0] ? parent : ".",
				      O_PATH | O_DIRECTORY, 0);
	if (r < 0)
		return failed(u, -r, failure);
	u->parent_fd = r;
	return 0;
}

/* What is in the way goes, unless it is of this type and keep is set. */
static int clear_way(const struct unpacking *u, uint32_t type, bool keep)
{
	struct stat st;

	if (fstatat(u->parent_fd, u->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (keep && (st.st_mode & S_IFMT) == type)
		return 0;
	return unlinkat(u->parent_fd, u->name,
			S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0
		       ? -errno
		       : 0;
}

static int make_directory(const struct unpacking *u)
{
	int r = clear_way(u, S_IFDIR, true);

	if (r < 0)
		return r;
	if (mkdirat(u->parent_fd, u->name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return fchmodat(u->parent_fd, u->name,
			cpio_tree_mode(u->item->entry.mode), 0) < 0
		       ? -errno
		       : 0;
}

static int make_symlink(const struct unpacking *u)
{
	int r = clear_way(u, S_IFLNK, false);

	if (r < 0)
		return r;
	return symlinkat(u->item->target, u->parent_fd, u->name) < 0 ? -errno
								     : 0;
}

/* Another name of what the first item of its inode has made. */
static int make_link(const struct unpacking *u)
{
	const struct cpio_item *first = &u->catalog.items[u->item->group];
	char parent[PATH_MAX];
	_cleanup_fd int fd = FD_NONE;
	const char *name;
	char *slash;
	int r;

	if (str_eq(first->path, u->item->path))
		return 0;
	str_copy(parent, sizeof(parent), first->path);
	slash = strrchr(parent, '/');
	name = slash ? first->path + (slash - parent) + 1 : first->path;
	*(slash ? slash : parent) = '\0';
	fd = path_open_in_root(u->tree_fd, parent[0] ? parent : ".",
			       O_PATH | O_DIRECTORY, 0);
	r = fd < 0 ? fd : clear_way(u, S_IFREG, false);
	if (r < 0)
		return r;
	return linkat(fd, name, u->parent_fd, u->name, 0) < 0 ? -errno : 0;
}

static int write_data(struct unpacking *u, int fd, struct failure *failure)
{
	struct view bytes;
	int r;

	while ((r = cpio_reader_data(u->reader, &bytes, failure)) > 0) {
		r = fd_write_all(fd, bytes.at, bytes.left);
		if (r < 0)
			return failed(u, -r, failure);
	}
	return r;
}

static int make_file(struct unpacking *u, struct failure *failure)
{
	const struct newc_entry *entry = &u->item->entry;
	const struct timespec times[2] = { { .tv_sec = entry->mtime },
					   { .tv_sec = entry->mtime } };
	size_t index = (size_t)(u->item - u->catalog.items);
	bool is_link = u->item->group != index;
	_cleanup_fd int fd = FD_NONE;
	int r = is_link ? make_link(u) : clear_way(u, 0, false);

	if (r < 0)
		return failed(u, -r, failure);
	if (is_link && entry->size == 0)
		return 0;
	/* Another name of it may have closed it to its owner, or be a symlink
	 * by now, which leads anywhere. */
	if (is_link)
		(void)!fchmodat(u->parent_fd, u->name, 0600,
				AT_SYMLINK_NOFOLLOW);
	fd = openat(u->parent_fd, u->name,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return failed(u, errno, failure);
	r = write_data(u, fd, failure);
	if (r < 0)
		return r;
	if (fchmod(fd, cpio_tree_mode(entry->mode)) < 0 ||
	    futimens(fd, times) < 0)
		return failed(u, errno, failure);
	return 0;
}

static int make_item(struct unpacking *u, struct failure *failure)
{
	int r = 0;

	if (str_eq(u->item->path, ".")) {
		if (!S_ISDIR(u->item->entry.mode))
			return failed(u, EEXIST, failure);
		return fchmodat(u->dir_fd, CPIO_TREE,
				cpio_tree_mode(u->item->entry.mode), 0) < 0
			       ? failed(u, errno, failure)
			       : 0;
	}
	r = open_parent(u, failure);
	if (r < 0)
		return r;
	switch (u->item->entry.mode & S_IFMT) {
	case S_IFREG:
		r = make_file(u, failure);
		u->parent_fd = fd_close(u->parent_fd);
		return r;
	case S_IFDIR:
		r = make_directory(u);
		break;
	case S_IFLNK:
		r = make_symlink(u);
		break;
	default: /* a device, fifo or socket is only told of */
		r = clear_way(u, 0, false);
	}
	u->parent_fd = fd_close(u->parent_fd);
	return r < 0 ? failed(u, -r, failure) : 0;
}

/* --- all of them --- */

static int make_tree(struct unpacking *u, struct failure *failure)
{
	enum cpio_event event = CPIO_SEGMENT;
	size_t index = 0;
	int r = 0;

	while (r == 0 && event != CPIO_END) {
		r = cpio_reader_next(u->reader, &event, failure);
		if (r < 0 || event != CPIO_ENTRY)
			continue;
		/* Somebody wrote to the file in between. */
		if (index >= u->catalog.count ||
		    !str_eq(u->catalog.items[index].entry.name,
			    cpio_reader_entry(u->reader)->name) ||
		    u->catalog.items[index].entry.mode !=
			    cpio_reader_entry(u->reader)->mode)
			return failure_set(failure, EBUSY,
					   "%s: changes while it is read",
					   u->dir);
		u->item = &u->catalog.items[index++];
		r = make_item(u, failure);
	}
	return r;
}

static bool is_special(const struct newc_entry *entry)
{
	if (cpio_mode_is_node(entry->mode) || entry->uid || entry->gid)
		return true;
	return !S_ISLNK(entry->mode) &&
	       cpio_tree_mode(entry->mode) != (entry->mode & 07777);
}

static int write_special(const struct unpacking *u, uint64_t *ret_lines,
			 struct failure *failure)
{
	_cleanup_file FILE *out = NULL;
	int fd = openat(u->dir_fd, CPIO_SPECIAL,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out)
		return failure_errno(failure, errno, "%s/" CPIO_SPECIAL,
				     u->dir);
	fprintf(out, "# TYPE MODE UID GID [MAJOR MINOR] PATH: "
		     "boomerang-initramfs(1)\n");
	for (size_t i = 0; i < u->catalog.count; i++) {
		const struct cpio_item *item = &u->catalog.items[i];

		if (item->shadowed || !is_special(&item->entry))
			continue;
		cpio_special_write(out, &item->entry, item->path);
		(*ret_lines)++;
	}
	return fflush(out) == 0 ? 0
				: failure_errno(failure, errno,
						"%s/" CPIO_SPECIAL, u->dir);
}

/* The bytes themselves where the file system can share them. */
static int copy_original(const struct unpacking *u, const struct reader *file,
			 struct failure *failure)
{
	_cleanup_fd int fd =
		openat(u->dir_fd, CPIO_ORIGINAL,
		       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	_cleanup_free void *chunk = malloc(CHUNK);
	int r = 0;

	if (fd < 0 || !chunk)
		return failure_errno(failure, errno, "%s/" CPIO_ORIGINAL,
				     u->dir);
	if (ioctl(fd, FICLONE, file->fd) == 0)
		return 0;
	for (uint64_t at = 0; r == 0 && at < file->size; at += CHUNK) {
		size_t n = (size_t)MIN(CHUNK, file->size - at);

		r = reader_read(file, at, chunk, n, failure);
		if (r < 0)
			return r;
		r = fd_write_all(fd, chunk, n);
		if (r < 0)
			return failure_errno(failure, -r, "%s/" CPIO_ORIGINAL,
					     u->dir);
	}
	return 0;
}

static int fill_directory(struct unpacking *u, const struct reader *file,
			  struct cpio_unpacked *unpacked,
			  struct failure *failure)
{
	int r;

	if (mkdirat(u->dir_fd, CPIO_TREE, 0755) < 0)
		return failure_errno(failure, errno, "%s/" CPIO_TREE, u->dir);
	u->tree_fd = openat(u->dir_fd, CPIO_TREE,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (u->tree_fd < 0)
		return failure_errno(failure, errno, "%s/" CPIO_TREE, u->dir);
	u->reader = cpio_reader_new(file, failure);
	r = u->reader ? make_tree(u, failure) : -EIO;
	if (r == 0)
		r = write_special(u, &unpacked->special, failure);
	if (r == 0)
		r = copy_original(u, file, failure);
	unpacked->entries = u->catalog.count;
	unpacked->segments = u->catalog.segment_count;
	return r;
}

static int unpack(struct unpacking *u, const struct reader *file,
		  struct cpio_unpacked *unpacked, struct failure *failure)
{
	bool made = mkdir(u->dir, 0755) == 0;
	int r;

	if (!made && errno != EEXIST)
		return failure_errno(failure, errno, "cannot make %s", u->dir);
	u->dir_fd = open(u->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u->dir_fd < 0)
		return failure_errno(failure, errno, "%s", u->dir);
	/* One that stands empty may be used, others not. */
	if (!made && rmdir(u->dir) < 0)
		return failure_set(failure, errno,
				   "%s: is there already, and not empty",
				   u->dir);
	if (!made) {
		fd_close(u->dir_fd);
		u->dir_fd = FD_NONE;
		return unpack(u, file, unpacked, failure);
	}
	r = fill_directory(u, file, unpacked, failure);
	if (r < 0)
		(void)!path_remove_tree(AT_FDCWD, u->dir);
	return r;
}

int cpio_unpack(const char *path, const char *dir,
		struct cpio_unpacked *ret_unpacked, struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unpacking u = {
		.dir = dir,
		.dir_fd = FD_NONE,
		.tree_fd = FD_NONE,
		.parent_fd = FD_NONE,
	};
	struct cpio_unpacked unpacked = { 0 };
	struct reader file;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "%s", path);
	r = reader_over_fd(&file, fd, path, failure);
	if (r == 0)
		r = cpio_catalog_read(&u.catalog, &file, failure);
	if (r == 0)
		r = unpack(&u, &file, &unpacked, failure);
	cpio_catalog_clear(&u.catalog);
	cpio_reader_free(u.reader);
	fd_close(u.tree_fd);
	fd_close(u.dir_fd);
	if (r == 0)
		*ret_unpacked = unpacked;
	return r;
}
