/* SPDX-License-Identifier: MIT */
/*
 * Later entries replace earlier ones of the same name, as with tar(1); a
 * directory stays and gets the later one's attributes. Parents that the
 * archive does not have are made. Until all is written, directories can be
 * entered and emptied by their owner; their own attributes go on last
 * (tree-finish.c), because what is made in them would change those, and their
 * modes and default ACLs would change what is made in them.
 */
#include "image/tree-internal.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"

#define HEAD_BYTES   4096 /* UNPACK_HEADS */
#define TRIES	     4
#define PARENTS_MODE 0755
#define PERMISSIONS  07777

void tree_init(struct tree *tree)
{
	struct stat st;

	tree->fd = FD_NONE;
	tree->inherits = (tree->mode == UNPACK_APPLY && !tree->lowest) ||
			 stat(".", &st) < 0 || (st.st_mode & S_ISGID);
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->dir_count; i++) {
		free(tree->dirs[i].name);
		free(tree->dirs[i].late.value);
	}
	free(tree->dirs);
	seen_free(&tree->seen);
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

static bool is_directory(const char *name)
{
	struct stat st;

	return fstatat(AT_FDCWD, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int make_parent(struct tree *tree, const char *name)
{
	const struct tree_dir implied = { .kind = TREE_DIR_IMPLIED };
	bool was_whiteout = false;
	int r = layer_touch(tree, name);

	if (r < 0)
		return r;
	if (mkdirat(AT_FDCWD, name, PARENTS_MODE) < 0) {
		if (errno != EEXIST)
			return -errno;
		if (tree->mode != UNPACK_LAYER || is_directory(name))
			return 0;
		r = layer_replace(tree, name, &was_whiteout);
		if (r < 0)
			return r;
		if (mkdirat(AT_FDCWD, name, PARENTS_MODE) < 0)
			return -errno;
	}
	if (was_whiteout)
		return layer_mark_opaque(tree, name);
	return tree->mode == UNPACK_LAYER && !tree->lowest
		       ? tree_remember_dir(tree, name, implied)
		       : 0;
}

int tree_make_parents(struct tree *tree, const char *name)
{
	char path[PATH_MAX];

	if (!str_copy(path, sizeof(path), name))
		return -ENAMETOOLONG;
	for (char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = make_parent(tree, path);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return 0;
}

static int remove_existing(struct tree *tree, struct item *item)
{
	if (tree->mode != UNPACK_ROOT)
		return layer_replace(tree, item->name,
				     &item->in_place_of_whiteout);
	if (unlinkat(AT_FDCWD, item->name, 0) == 0)
		return 0;
	if (errno != EISDIR)
		return -errno;
	return unlinkat(AT_FDCWD, item->name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* --- creating --- */

static mode_t permissions(const struct item *item)
{
	return archive_entry_mode(item->entry) & PERMISSIONS;
}

static int create_file(struct item *item)
{
	item->fd = openat(AT_FDCWD, item->name,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  permissions(item) & 0777);
	return item->fd;
}

static int create_dir(struct item *item)
{
	struct stat st;

	if (mkdirat(AT_FDCWD, item->name, 0700) == 0)
		return 0;
	if (errno == EEXIST &&
	    fstatat(AT_FDCWD, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		item->merged = S_ISDIR(st.st_mode);
		if (item->merged)
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

static dev_t device_of(const struct item *item)
{
	return makedev(archive_entry_rdevmajor(item->entry),
		       archive_entry_rdevminor(item->entry));
}

static int create_node(struct item *item)
{
	return mknodat(AT_FDCWD, item->name,
		       archive_entry_filetype(item->entry) | permissions(item),
		       device_of(item));
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return fstatat(AT_FDCWD, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(AT_FDCWD, b, &y, AT_SYMLINK_NOFOLLOW) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int create_link(struct item *item)
{
	if (linkat(AT_FDCWD, item->link, AT_FDCWD, item->name, 0) == 0)
		return 0;
	/* Removing what is there would remove what is linked to. */
	if (errno == EEXIST && is_same_file(item->name, item->link))
		return 0;
	return -1;
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

/* What stood in the way of creating it, put right. */
static int make_way(struct tree *tree, struct item *item, int r)
{
	switch (r) {
	case -EEXIST:
		return remove_existing(tree, item);
	case -ENOTDIR: /* a whiteout is a parent? */
		return tree->mode == UNPACK_LAYER
			       ? tree_make_parents(tree, item->name)
			       : r;
	case -ENOENT:
		return tree_make_parents(tree, item->name);
	case -ENOSPC:
		return watch_wait(&tree->watch) ? 0 : r;
	}
	return r;
}

static int create(struct tree *tree, struct item *item)
{
	create_function creator = creator_of(item);
	int r = creator ? layer_touch(tree, item->name) : -EBADMSG;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		if (creator(item) >= 0)
			return 0;
		r = make_way(tree, item, -errno);
	}
	return r < 0 ? r : -ENOENT; /* a hard link to what is not there */
}

/* --- the sink --- */

static bool is_device(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFCHR ||
	       archive_entry_filetype(entry) == AE_IFBLK;
}

/* A device that must not be: overlayfs would take it for a whiteout. */
static bool is_false_whiteout(const struct tree *tree, const struct item *item)
{
	return tree->mode == UNPACK_LAYER && !item->link &&
	       archive_entry_filetype(item->entry) == AE_IFCHR &&
	       device_of(item) == 0;
}

/*
 * Whether r, the answer to creating it, can be lived with: a device for who may
 * not make any, and a link to one; a link to what a layer below may have.
 */
static bool may_lose(struct tree *tree, const struct item *item, int r)
{
	if (tree->unprivileged && r == -EPERM && !item->link &&
	    is_device(item->entry)) {
		tree->lost.devices++;
		return true;
	}
	if (r != -ENOENT || !item->link)
		return false;
	if (tree->mode == UNPACK_LAYER && !tree->lowest) {
		tree->leans_on_lower = true;
		return true;
	}
	if (tree->lost.devices == 0)
		return false;
	tree->lost.devices++;
	return true;
}

static int make_item(struct tree *tree, struct item *item)
{
	int r;

	if (is_false_whiteout(tree, item)) {
		tree->lost.devices++;
		return 0;
	}
	r = create(tree, item);
	if (r < 0)
		return may_lose(tree, item, r) ? 0 : r;
	r = layer_made(tree, item);
	return r < 0 ? r : tree_item_made(tree, item);
}

static int add_entry(void *context, struct archive_entry *entry,
		     const char *name, const char *link,
		     struct failure *failure)
{
	struct tree *tree = context;
	struct item item = {
		.entry = entry, .name = name, .link = link, .fd = FD_NONE
	};
	int r = layer_whiteout(tree, name, failure);

	atomic_fetch_add_explicit(tree->entries, 1, memory_order_relaxed);
	if (r != 0)
		return MIN(r, 0);
	if (tree->depth == UNPACK_NOTHING)
		return 0;
	r = make_item(tree, &item);
	if (r == 0)
		r = watch_take(&tree->watch, ROOM_ENTRY_BYTES);
	if (r == -ENOENT && link)
		return failure_set(failure, ENOENT,
				   "%s: '%.100s' is a hard link to '%.100s', "
				   "which is not in the image",
				   tree->label, name, link);
	return r < 0 ? fail(tree, name, r, failure) : 0;
}

static int write_data(struct tree *tree, struct view bytes, uint64_t offset)
{
	int r = 0;

	while (bytes.left > 0 && r == 0) {
		ssize_t n =
			pwrite(tree->fd, bytes.at, bytes.left, (off_t)offset);

		if (n < 0 && errno == ENOSPC && watch_wait(&tree->watch))
			continue;
		if (n < 0)
			return -errno;
		view_skip(&bytes, (size_t)n);
		offset += (uint64_t)n;
		tree->end = offset;
		r = watch_take(&tree->watch, (uint64_t)n);
	}
	return r;
}

static int add_data(void *context, struct view bytes, uint64_t offset,
		    struct failure *failure)
{
	struct tree *tree = context;
	int r;

	atomic_fetch_add_explicit(tree->unpacked, bytes.left,
				  memory_order_relaxed);
	if (tree->fd < 0) /* of what is not made */
		return 0;
	if (tree->depth == UNPACK_HEADS)
		bytes.left = offset < HEAD_BYTES
				     ? MIN(bytes.left, HEAD_BYTES - offset)
				     : 0;
	r = write_data(tree, bytes, offset);
	return r < 0 ? fail(tree, archive_entry_pathname(tree->entry), r,
			    failure)
		     : 0;
}

static int end_entry(void *context, struct failure *failure)
{
	struct tree *tree = context;
	int r;

	if (tree->fd < 0)
		return 0;
	r = tree_file_written(tree);
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
