/* SPDX-License-Identifier: MIT */
/*
 * What has become of an unpacked initrd, against its original: entry by entry,
 * with the data of each file as it is read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "base/whole-file.h"
#include "initramfs/cpio-pack.h"
#include "initramfs/cpio-special.h"
#include "initramfs/cpio-tree.h"
#include "initramfs/cpio-unpack.h"

#define CHUNK	    (256 * KIB)
#define SPECIAL_MAX (64 * MIB)

/* Of an inode: what its data is now. */
struct data {
	bool known, same;
	dev_t dev; /* the file that it was compared with */
	ino_t ino;
};

struct comparing {
	struct cpio_plan *plan;
	const struct cpio_catalog *catalog;
	const struct reader *file;
	struct cpio_reader *reader;
	int tree_fd;
	const char *name;
	struct cpio_specials specials;
	struct data *data; /* of each item that is the first of its inode */
	uint8_t chunk[CHUNK];
};

static int failed(const struct comparing *c, const char *path, int err,
		  struct failure *failure)
{
	return failure_errno(failure, err, "%s/" CPIO_TREE "/%.200s", c->name,
			     path);
}

/* 1, or 0: it is gone. */
static int stat_in_tree(const struct comparing *c, const char *path,
			struct stat *st, struct failure *failure)
{
	_cleanup_fd int fd =
		path_open_in_root(c->tree_fd, path, O_PATH | O_NOFOLLOW, 0);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return failed(c, path, -fd, failure);
	return fstat(fd, st) < 0 ? failed(c, path, errno, failure) : 1;
}

/* --- data --- */

static int compare_bytes(struct comparing *c, int fd, struct data *data,
			 struct failure *failure)
{
	struct view bytes;
	int r;

	while (data->same &&
	       (r = cpio_reader_data(c->reader, &bytes, failure)) != 0) {
		if (r < 0)
			return r;
		while (data->same && bytes.left > 0) {
			size_t want = MIN(bytes.left, (size_t)CHUNK);
			ssize_t n = fd_read_full(fd, c->chunk, want);

			if (n < 0)
				return failed(c, "", (int)-n, failure);
			data->same = (size_t)n == want &&
				     memcmp(c->chunk, view_take(&bytes, want),
					    want) == 0;
		}
	}
	return 0;
}

/* The first name of its inode that counts and is still a file. */
static int compare_data(struct comparing *c, const struct cpio_item *item,
			struct failure *failure)
{
	struct data *data = &c->data[item->group];
	const struct cpio_item *items = c->catalog->items;

	for (size_t i = item->group; i != CPIO_ITEM_NONE;
	     i = items[i].next_link) {
		_cleanup_fd int fd = FD_NONE;
		struct stat st;

		if (items[i].shadowed)
			continue;
		fd = path_open_in_root(c->tree_fd, items[i].path,
				       O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		*data = (struct data){
			.known = true,
			.same = (uint64_t)st.st_size == item->entry.size,
			.dev = st.st_dev,
			.ino = st.st_ino,
		};
		return compare_bytes(c, fd, data, failure);
	}
	return 0;
}

static int read_data(struct comparing *c, struct failure *failure)
{
	enum cpio_event event = CPIO_SEGMENT;
	size_t index = 0;
	int r = 0;

	while (r == 0 && event != CPIO_END) {
		r = cpio_reader_next(c->reader, &event, failure);
		if (r < 0 || event != CPIO_ENTRY)
			continue;
		if (index >= c->catalog->count)
			return failure_set(failure, EBUSY,
					   "%s: changes while it is read",
					   c->file->name);
		if (S_ISREG(c->catalog->items[index].entry.mode) &&
		    c->catalog->items[index].entry.size > 0)
			r = compare_data(c, &c->catalog->items[index], failure);
		index++;
	}
	return r;
}

/* Whether a file of the tree has the data that its item had. *ret_own: it is
 * not the same file any more as the item's other names. */
static bool has_same_data(const struct comparing *c,
			  const struct cpio_item *item, const struct stat *st,
			  bool *ret_own)
{
	const struct data *data = &c->data[item->group];

	*ret_own = data->known &&
		   (data->dev != st->st_dev || data->ino != st->st_ino);
	if (!data->known)
		return st->st_size == 0;
	return data->same && !*ret_own;
}

/* --- an item --- */

static void fill_attributes(const struct comparing *c, const char *path,
			    const struct stat *st, struct newc_entry *entry)
{
	const struct cpio_special *row = cpio_specials_find(&c->specials, path);

	if (row && (row->mode & S_IFMT) == (entry->mode & S_IFMT)) {
		entry->mode = row->mode;
		entry->uid = row->uid;
		entry->gid = row->gid;
		entry->node_major = row->node_major;
		entry->node_minor = row->node_minor;
		return;
	}
	entry->uid = entry->gid = 0;
	if (!S_ISLNK(entry->mode))
		entry->mode = (entry->mode & S_IFMT) | (st->st_mode & 07777);
}

static bool have_same_attributes(const struct newc_entry *a,
				 const struct newc_entry *b)
{
	/* Symlinks have no permissions. */
	return (S_ISLNK(a->mode) || a->mode == b->mode) && a->uid == b->uid &&
	       a->gid == b->gid && a->node_major == b->node_major &&
	       a->node_minor == b->node_minor;
}

static int read_target(const struct comparing *c, const char *path,
		       char target[static PATH_MAX], struct failure *failure)
{
	_cleanup_fd int fd =
		path_open_in_root(c->tree_fd, path, O_PATH | O_NOFOLLOW, 0);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, PATH_MAX - 1);

	if (n < 0)
		return failed(c, path, fd < 0 ? -fd : errno, failure);
	target[n] = '\0';
	return 0;
}

/* It is something else now than it was. */
static int replace(const struct comparing *c, const char *path,
		   const struct stat *st, struct failure *failure)
{
	char target[PATH_MAX] = "";
	struct newc_entry entry = {
		.mode = st->st_mode,
		.mtime = c->plan->mtime,
	};
	const struct cpio_source source = {
		.dir_fd = c->tree_fd,
		.path = S_ISREG(st->st_mode) ? (char *)(uintptr_t)path : NULL,
		.bytes = S_ISLNK(st->st_mode) ? target : NULL,
	};
	int r = 0;

	if (S_ISLNK(st->st_mode)) {
		entry.mode = S_IFLNK | 0777;
		r = read_target(c, path, target, failure);
	}
	fill_attributes(c, path, st, &entry);
	return r == 0 ? cpio_plan_set(c->plan, path, &entry, &source,
				      CPIO_ITEM_NONE, failure)
		      : r;
}

/* Whether the name that the data stands at still is the same file as the one
 * that was compared, and so gives its new data to its other names. */
static bool has_holder(const struct comparing *c, const struct cpio_item *item)
{
	const struct data *data = &c->data[item->group];
	const struct cpio_item *items = c->catalog->items;

	for (size_t i = item->group; i != CPIO_ITEM_NONE;
	     i = items[i].next_link) {
		struct stat st;

		if (items[i].entry.size == 0 || items[i].shadowed ||
		    c->plan->changes[i].fate == CPIO_DROP)
			continue;
		if (stat_in_tree(c, items[i].path, &st, NULL) > 0 &&
		    st.st_dev == data->dev && st.st_ino == data->ino)
			return true;
	}
	return false;
}

static int compare_file(const struct comparing *c, const struct cpio_item *item,
			const struct stat *st, struct failure *failure)
{
	size_t index = (size_t)(item - c->catalog->items);
	bool own, same = has_same_data(c, item, st, &own);
	struct cpio_change *change = &c->plan->changes[index];
	int r;

	if (same)
		return 0;
	own = own || !has_holder(c, item);
	/* Other names have no data, and are names of the new file. */
	if (!own && item->entry.size == 0)
		return 0;
	r = replace(c, item->path, st, failure);
	if (r == 0 && !own)
		change->alone = false;
	return r;
}

static int compare_there(const struct comparing *c,
			 const struct cpio_item *item, const struct stat *st,
			 struct failure *failure)
{
	struct newc_entry entry = item->entry;
	char target[PATH_MAX] = "";
	int r = 0;

	if ((st->st_mode & S_IFMT) != (item->entry.mode & S_IFMT))
		return replace(c, item->path, st, failure);
	fill_attributes(c, item->path, st, &entry);
	if (!have_same_attributes(&entry, &item->entry))
		cpio_plan_touch(c->plan, item->path, &entry);
	if (S_ISREG(st->st_mode))
		return compare_file(c, item, st, failure);
	if (S_ISLNK(st->st_mode)) {
		r = read_target(c, item->path, target, failure);
		if (r == 0 && !str_eq(target, item->target))
			r = replace(c, item->path, st, failure);
	}
	return r;
}

/* What is gone goes first: a directory that was emptied may be a file now. */
static int drop_missing(struct comparing *c, const struct cpio_item *item,
			struct failure *failure)
{
	const struct cpio_special *row =
		cpio_specials_find(&c->specials, item->path);
	struct stat st;
	int r = stat_in_tree(c, item->path, &st, failure);

	if (r != 0 || (row && cpio_mode_is_node(row->mode)))
		return MIN(r, 0);
	return cpio_plan_remove(c->plan, item->path, failure);
}

static int compare_item(struct comparing *c, const struct cpio_item *item,
			struct failure *failure)
{
	const struct cpio_special *row =
		cpio_specials_find(&c->specials, item->path);
	struct newc_entry entry = item->entry;
	struct stat st;
	int r = stat_in_tree(c, item->path, &st, failure);

	if (r < 0)
		return r;
	if (r > 0)
		return compare_there(c, item, &st, failure);
	if (!row || (row->mode & S_IFMT) != (item->entry.mode & S_IFMT))
		return 0; /* another type: set by add_nodes() */
	fill_attributes(c, item->path, &st, &entry);
	if (!have_same_attributes(&entry, &item->entry))
		cpio_plan_touch(c->plan, item->path, &entry);
	return 0;
}

/* --- what is new --- */

struct bounds {
	char **paths; /* of all items, sorted */
	size_t count;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether an item lies below path, a directory that the archive has not. */
static bool is_implied(const struct bounds *bounds, const char *path)
{
	size_t low = 0, high = bounds->count, len = strlen(path);

	/* The first path behind "path/". */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *at = bounds->paths[middle];
		int order = strncmp(at, path, len);

		if (order == 0)
			order = (unsigned char)at[len] - '/';
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < bounds->count &&
	       strncmp(bounds->paths[low], path, len) == 0 &&
	       bounds->paths[low][len] == '/';
}

struct adding {
	struct comparing *c;
	struct bounds bounds;
};

static int add_new(void *context, const struct cpio_found *what,
		   struct failure *failure)
{
	const struct adding *adding = context;
	const struct comparing *c = adding->c;

	if (cpio_plan_entry(c->plan, what->path) ||
	    (S_ISDIR(what->st.st_mode) &&
	     is_implied(&adding->bounds, what->path)))
		return 0;
	return replace(c, what->path, &what->st, failure);
}

static int add_from_tree(struct comparing *c, struct failure *failure)
{
	struct adding adding = { .c = c };
	int r;

	adding.bounds.paths =
		calloc(c->catalog->count + 1, sizeof(*adding.bounds.paths));
	if (!adding.bounds.paths)
		return failure_errno(failure, ENOMEM, "%s", c->name);
	for (size_t i = 0; i < c->catalog->count; i++)
		adding.bounds.paths[adding.bounds.count++] =
			c->catalog->items[i].path;
	qsort(adding.bounds.paths, adding.bounds.count,
	      sizeof(*adding.bounds.paths), compare_paths);
	r = cpio_tree_walk(c->tree_fd, c->name, add_new, &adding, failure);
	free(adding.bounds.paths);
	return r;
}

/* Nodes that only a line of text speaks of. */
static int add_nodes(struct comparing *c, struct failure *failure)
{
	const struct cpio_source nothing = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->specials.count; i++) {
		const struct cpio_special *row = &c->specials.rows[i];
		const struct newc_entry *there =
			cpio_plan_entry(c->plan, row->path);
		const struct newc_entry entry = {
			.mode = row->mode,
			.uid = row->uid,
			.gid = row->gid,
			.mtime = c->plan->mtime,
			.node_major = row->node_major,
			.node_minor = row->node_minor,
		};

		if (there && (there->mode & S_IFMT) == (row->mode & S_IFMT))
			continue;
		/* Of what is gone or something else now, it may stay. */
		if (!cpio_mode_is_node(row->mode) &&
		    cpio_catalog_find(c->catalog, row->path) != CPIO_ITEM_NONE)
			continue;
		if (!cpio_mode_is_node(row->mode))
			return failure_set(failure, EINVAL,
					   "%s/" CPIO_SPECIAL
					   ": line %zu: " CPIO_TREE
					   "/%.200s is not there, or "
					   "of another type",
					   c->name, row->line, row->path);
		r = cpio_plan_set(c->plan, row->path, &entry, &nothing,
				  CPIO_ITEM_NONE, failure);
	}
	return r;
}

/* --- all --- */

static int read_specials(struct comparing *c, int dir_fd,
			 struct failure *failure)
{
	_cleanup_fd int fd = openat(dir_fd, CPIO_SPECIAL, O_RDONLY | O_CLOEXEC);
	_cleanup_free char *bytes = NULL;
	char name[PATH_MAX];
	struct text text = text_over(name, sizeof(name));
	size_t len;
	int r = fd < 0 ? -errno
		       : whole_file_read(fd, SPECIAL_MAX, &bytes, &len);

	text_add(&text, "%s/" CPIO_SPECIAL, c->name);
	if (r < 0)
		return failure_errno(failure, -r, "%s", name);
	return cpio_specials_parse(&c->specials, view_over(bytes, len), name,
				   failure);
}

static int compare_each(struct comparing *c,
			int (*compare)(struct comparing *c,
				       const struct cpio_item *item,
				       struct failure *failure),
			struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->catalog->count; i++)
		if (!c->catalog->items[i].shadowed &&
		    c->plan->changes[i].fate != CPIO_DROP)
			r = compare(c, &c->catalog->items[i], failure);
	return r;
}

static int compare_all(struct comparing *c, struct failure *failure)
{
	int r;

	c->data = calloc(c->catalog->count + 1, sizeof(*c->data));
	c->reader = cpio_reader_new(c->file, failure);
	if (!c->data || !c->reader)
		return failure_errno(failure, ENOMEM, "%s", c->name);
	r = read_data(c, failure);
	if (r == 0)
		r = compare_each(c, drop_missing, failure);
	if (r == 0)
		r = compare_each(c, compare_item, failure);
	if (r == 0)
		r = add_from_tree(c, failure);
	return r == 0 ? add_nodes(c, failure) : r;
}

int cpio_pack_unpacked(struct cpio_plan *plan, const struct reader *file,
		       int dir_fd, int tree_fd, const char *name,
		       struct failure *failure)
{
	struct comparing *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return failure_errno(failure, ENOMEM, "%s", name);
	c->plan = plan;
	c->catalog = plan->catalog;
	c->file = file;
	c->tree_fd = tree_fd;
	c->name = name;
	r = read_specials(c, dir_fd, failure);
	if (r == 0)
		r = compare_all(c, failure);
	cpio_reader_free(c->reader);
	cpio_specials_clear(&c->specials);
	free(c->data);
	free(c);
	return r;
}
