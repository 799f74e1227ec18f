/* SPDX-License-Identifier: MIT */
/*
 * The tree may be what a hostile image left behind: it is walked by
 * descriptors, each opened in the one of its directory without following a
 * symlink, and only after its type is known, since to open a device can do
 * things.
 */
#include "image/pack.h"

#include <fcntl.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/pack-entry.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

#define BUFFER_BYTES (256 * KIB)
#define LINKS_FIRST  256 /* a power of two */

/* A file with several names that has been written, by its inode. */
struct link {
	dev_t device;
	ino_t inode;
	char *path; /* NULL: the slot is free */
};

struct packer {
	const struct pack *pack;
	struct failure *failure;
	struct tar_write tar;
	struct pack_entry entry;
	struct link *links; /* open addressing, link_room slots */
	size_t link_count, link_room;
	struct pack_result result;
	size_t path_len;
	char path[PATH_MAX]; /* of the entry, relative to the root */
	uint8_t buffer[BUFFER_BYTES];
};

static int fail(const struct packer *packer, int r)
{
	return failure_errno(packer->failure, -r, "%s: cannot read '%.128s'",
			     packer->pack->name, packer->path);
}

/* --- content --- */

static int write_piece(struct packer *packer, int fd, off_t at, off_t len)
{
	while (len > 0) {
		size_t want = MIN((size_t)len, sizeof(packer->buffer));
		ssize_t n = pread(fd, packer->buffer, want, at);
		int r;

		if (n < 0)
			return fail(packer, -errno);
		if (n == 0)
			return failure_set(packer->failure, EIO,
					   "%s: '%.128s' became shorter while "
					   "it was read; is something still "
					   "using it?",
					   packer->pack->name, packer->path);
		r = tar_write_content(&packer->tar, packer->buffer, (size_t)n);
		if (r < 0)
			return r;
		at += n;
		len -= n;
		packer->result.bytes += (uint64_t)n;
	}
	return 0;
}

static int write_content(struct packer *packer, const struct pack_file *file)
{
	const struct tar_entry *entry = &packer->entry.tar;
	int r = 0;

	if (!entry->sparse)
		return write_piece(packer, file->fd, 0, file->st.st_size);
	for (size_t i = 0; i < entry->piece_count && r == 0; i++)
		r = write_piece(packer, file->fd, (off_t)entry->pieces[i].at,
				(off_t)entry->pieces[i].len);
	return r;
}

/* --- hard links --- */

static struct link *find_link(const struct packer *packer, dev_t device,
			      ino_t inode)
{
	uint64_t hash = ((uint64_t)inode ^ (uint64_t)device << 32) *
			0x9e3779b97f4a7c15u;
	size_t mask = packer->link_room - 1;

	for (size_t i = hash >> 32 & mask;; i = (i + 1) & mask) {
		struct link *link = &packer->links[i];

		if (!link->path ||
		    (link->inode == inode && link->device == device))
			return link;
	}
}

/* At most half of the slots are in use. */
static int make_link_room(struct packer *packer)
{
	struct link *old = packer->links;
	size_t old_room = packer->link_room;
	size_t room = old_room ? old_room * 2 : LINKS_FIRST;

	if (packer->link_count < old_room / 2)
		return 0;
	packer->links = calloc(room, sizeof(*packer->links));
	if (!packer->links) {
		packer->links = old;
		return -ENOMEM;
	}
	packer->link_room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i].path)
			*find_link(packer, old[i].device, old[i].inode) =
				old[i];
	free(old);
	return 0;
}

/* The name under which this file was written before, NULL when this is the
 * first. */
static int earlier_name(struct packer *packer, const struct stat *st,
			const char **ret_path)
{
	struct link *link;
	int r;

	*ret_path = NULL;
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	r = make_link_room(packer);
	if (r < 0)
		return r;
	link = find_link(packer, st->st_dev, st->st_ino);
	if (link->path) {
		*ret_path = link->path;
		return 0;
	}
	*link = (struct link){ st->st_dev, st->st_ino, strdup(packer->path) };
	if (!link->path)
		return -ENOMEM;
	packer->link_count++;
	return 0;
}

/* --- entries --- */

/* Opens what has content, and sees to it that it still is what it was. */
static int open_file(const struct packer *packer, struct pack_file *file)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat *st = &file->st;

	if (fstatat(file->dir_fd, file->name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(packer, -errno);
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	if (S_ISDIR(st->st_mode))
		flags |= O_DIRECTORY;
	file->fd = openat(file->dir_fd, file->name, flags);
	if (file->fd < 0 || fstat(file->fd, st) < 0)
		return fail(packer, -errno);
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)
		       ? 0
		       : fail(packer, -ESTALE);
}

static int write_entry(struct packer *packer, const struct pack_file *file)
{
	struct pack_entry *entry = &packer->entry;
	const char *earlier;
	int r = earlier_name(packer, &file->st, &earlier);

	if (r == 0)
		r = pack_entry_describe(entry, file);
	if (r == 0 && !earlier)
		r = pack_entry_attributes(entry, file);
	if (r < 0)
		return fail(packer, r);
	entry->tar.path = packer->path;
	if (earlier) {
		entry->tar.type = TAR_HARD_LINK;
		entry->tar.link = earlier;
		entry->tar.size = 0;
		entry->tar.sparse = false;
	}
	packer->result.entries++;
	r = tar_write_entry(&packer->tar, &entry->tar);
	if (r == 0 && !earlier && S_ISREG(file->st.st_mode))
		r = write_content(packer, file);
	return r;
}

/* An empty file of this name in the directory that path names. */
static int write_mark(struct packer *packer, const struct stat *st)
{
	const struct tar_entry entry = {
		.type = TAR_FILE,
		.path = packer->path,
		.mtime = st->st_mtim,
	};

	packer->result.entries++;
	return tar_write_entry(&packer->tar, &entry);
}

/* Appends a component to the path; the caller cuts it off again. */
static int enter_name(struct packer *packer, const char *prefix,
		      const char *name)
{
	struct text path = { packer->path, sizeof(packer->path),
			     packer->path_len, false };

	if (path.len > 0)
		text_put(&path, "/");
	text_put(&path, prefix);
	text_put(&path, name);
	if (path.cut)
		return fail(packer, -ENAMETOOLONG);
	packer->path_len = path.len;
	return 0;
}

static void leave_name(struct packer *packer, size_t len)
{
	packer->path_len = len;
	packer->path[len] = '\0';
}

static int pack_mark(struct packer *packer, const char *prefix,
		     const char *name, const struct stat *st)
{
	size_t len = packer->path_len;
	int r = enter_name(packer, prefix, name);

	if (r == 0)
		r = write_mark(packer, st);
	leave_name(packer, len);
	return r;
}

static int pack_dir(struct packer *packer, const struct pack_file *dir);

static int pack_here(struct packer *packer, struct pack_file *file)
{
	int r = open_file(packer, file);

	if (r < 0)
		return r;
	if (S_ISSOCK(file->st.st_mode)) {
		packer->result.sockets++;
		return 0;
	}
	if (packer->pack->form == PACK_LAYER &&
	    str_after(file->name, WHITEOUT_PREFIX))
		return failure_set(packer->failure, EINVAL,
				   "%s: '%.128s' cannot be in a layer, where "
				   "such a name says that a file was removed; "
				   "rename it",
				   packer->pack->name, packer->path);
	r = write_entry(packer, file);
	if (r == 0 && S_ISDIR(file->st.st_mode))
		r = pack_dir(packer, file);
	return r;
}

static int pack_name(struct packer *packer, int dir_fd, const char *name)
{
	struct pack_file file = { .dir_fd = dir_fd,
				  .name = name,
				  .fd = FD_NONE };
	size_t len = packer->path_len;
	struct stat st;
	int r;

	if (packer->pack->form == PACK_LAYER &&
	    fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    pack_is_whiteout(&st))
		return pack_mark(packer, WHITEOUT_PREFIX, name, &st);
	r = enter_name(packer, "", name);
	if (r == 0)
		r = pack_here(packer, &file);
	fd_close(file.fd);
	leave_name(packer, len);
	return r;
}

/* --- directories --- */

struct names {
	char **list;
	size_t count, room;
};

static void cleanup_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static int add_name(struct names *names, const char *name)
{
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 64;
		char **list =
			reallocarray(names->list, room, sizeof(*names->list));

		if (!list)
			return -ENOMEM;
		names->list = list;
		names->room = room;
	}
	names->list[names->count] = strdup(name);
	return names->list[names->count++] ? 0 : -ENOMEM;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(int dir_fd, struct names *names)
{
	_cleanup_dir DIR *dir = NULL;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -errno;
	}
	while (r == 0) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = add_name(names, entry->d_name);
	}
	if (r == 0)
		r = -errno;
	if (r == 0 && names->count > 0)
		qsort(names->list, names->count, sizeof(*names->list),
		      compare_names);
	return r;
}

static int pack_dir(struct packer *packer, const struct pack_file *dir)
{
	_cleanup(cleanup_names) struct names names = { 0 };
	int r = list_names(dir->fd, &names);

	if (r < 0)
		return fail(packer, r);
	if (packer->pack->form == PACK_LAYER && pack_is_opaque(dir))
		r = pack_mark(packer, "", WHITEOUT_OPAQUE, &dir->st);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = pack_name(packer, dir->fd, names.list[i]);
	return r;
}

static int pack_root(struct packer *packer)
{
	struct pack_file root = { .dir_fd = packer->pack->root_fd,
				  .name = ".",
				  .fd = FD_NONE };
	int r;

	(void)str_copy(packer->path, sizeof(packer->path), ".");
	r = open_file(packer, &root);
	if (r == 0)
		r = write_entry(packer, &root);
	leave_name(packer, 0);
	if (r == 0)
		r = pack_dir(packer, &root);
	if (r == 0)
		r = tar_write_end(&packer->tar);
	fd_close(root.fd);
	return r;
}

int pack_tree(const struct pack *pack, struct pack_result *ret_result,
	      struct failure *failure)
{
	_cleanup_free struct packer *packer = calloc(1, sizeof(*packer));
	int r;

	if (!packer)
		return failure_errno(failure, ENOMEM, "%s", pack->name);
	packer->pack = pack;
	packer->failure = failure;
	packer->tar = (struct tar_write){ .write = pack->write,
					  .context = pack->context,
					  .name = pack->name,
					  .failure = failure };
	r = pack_root(packer);
	tar_write_free(&packer->tar);
	pack_entry_free(&packer->entry);
	for (size_t i = 0; i < packer->link_room; i++)
		free(packer->links[i].path);
	free(packer->links);
	if (r == 0 && ret_result)
		*ret_result = packer->result;
	return r;
}
