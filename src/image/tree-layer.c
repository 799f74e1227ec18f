/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. A whiteout hides what the layers below have, never an
 * entry of its own layer, whichever of the two comes first (image-spec
 * layer.md).
 *
 * UNPACK_LAYER: the directory holds this layer and nothing else, so whatever is
 * found where a whiteout goes is the layer's own. A file there hides what is
 * below it by itself; a directory is made opaque; where nothing is, a device
 * 0:0 is made, and an entry that comes later takes its place.
 *
 * UNPACK_APPLY: the directory holds the layers below too, so what this one
 * makes is noted (seen.h): a file by its directory's inode and its name, which
 * is the same through whichever symlink it is reached; a directory by its own
 * inode, with all directories above it. A whiteout then removes what is not
 * noted. Directories that are changed, but have no entry in this layer, get
 * back the time they had.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "base/text.h"
#include "image/name.h"
#include "image/tree-internal.h"

#define MARKS_MAX (16 * MIB)
#define DEPTH_MAX 512 /* of directories that are emptied but stay */

/* In place of a name, which never has a slash. */
#define ITSELF	"/"
#define TOUCHED "/touched"

static bool keeps_lower(const struct tree *tree)
{
	return tree->mode == UNPACK_APPLY && !tree->lowest &&
	       tree->depth != UNPACK_NOTHING;
}

/* "a/b" is in "a", "a" in "."; the name in it is returned. */
static const char *split(const char *name, char ret_dir[static PATH_MAX])
{
	const char *slash = strrchr(name, '/');

	if (!slash) {
		str_copy(ret_dir, PATH_MAX, ".");
		return name;
	}
	memcpy(ret_dir, name, (size_t)(slash - name));
	ret_dir[slash - name] = '\0';
	return slash + 1;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* --- UNPACK_APPLY: what is noted --- */

/* This directory and those above it are of this layer, too. */
static int note_dir(struct tree *tree, const char *name)
{
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	ino_t last = 0;
	struct stat st;
	int r;

	text_put(&text, name);
	for (;;) {
		if (fstatat(AT_FDCWD, path, &st, 0) < 0)
			return -errno;
		r = seen_add(&tree->seen, seen_key(st.st_ino, ITSELF));
		/* Above "/" is "/". */
		if (r <= 0 || st.st_ino == last)
			return r;
		last = st.st_ino;
		text_put(&text, "/..");
		if (text.cut)
			return -ENAMETOOLONG;
	}
}

int layer_made(struct tree *tree, const struct item *item)
{
	char dir[PATH_MAX];
	const char *last = split(item->name, dir);
	struct stat st;
	int r;

	if (item->in_place_of_whiteout && !item->link &&
	    archive_entry_filetype(item->entry) == AE_IFDIR)
		return layer_mark_opaque(tree, item->name);
	if (!keeps_lower(tree))
		return 0;
	if (!item->link && archive_entry_filetype(item->entry) == AE_IFDIR) {
		if (fstatat(AT_FDCWD, item->name, &st, 0) < 0)
			return -errno;
		/* It has an entry, so it gets that one's time. */
		r = seen_add(&tree->seen, seen_key(st.st_ino, TOUCHED));
		return r < 0 ? r : note_dir(tree, item->name);
	}
	if (fstatat(AT_FDCWD, dir, &st, 0) < 0)
		return -errno;
	r = seen_add(&tree->seen, seen_key(st.st_ino, last));
	return r < 0 ? r : note_dir(tree, dir);
}

int layer_touch(struct tree *tree, const char *name)
{
	char dir[PATH_MAX];
	struct stat st;
	int r;

	if (!keeps_lower(tree) || str_eq(name, "."))
		return 0;
	(void)split(name, dir);
	if (fstatat(AT_FDCWD, dir, &st, 0) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	r = seen_add(&tree->seen, seen_key(st.st_ino, TOUCHED));
	if (r <= 0)
		return r;
	return tree_remember_dir(tree, dir,
				 (struct tree_dir){ .kind = TREE_DIR_TOUCHED,
						    .mtime = st.st_mtim,
						    .inode = st.st_ino });
}

/* --- UNPACK_APPLY: what goes --- */

static int empty(struct tree *tree, const char *name, int depth);

/* Removes what is at name in the directory, unless it is of this layer. */
static int remove_lower(struct tree *tree, ino_t dir, const char *name,
			int depth)
{
	const char *slash = strrchr(name, '/');
	struct stat st;
	int r;

	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (S_ISDIR(st.st_mode)) {
		if (seen_has(&tree->seen, seen_key(st.st_ino, ITSELF)))
			return empty(tree, name, depth + 1);
	} else if (seen_has(&tree->seen,
			    seen_key(dir, slash ? slash + 1 : name))) {
		return 0;
	}
	r = layer_touch(tree, name);
	return r < 0 ? r : path_remove_tree(AT_FDCWD, name);
}

/* Removes all in a directory that is not of this layer. */
static int empty(struct tree *tree, const char *name, int depth)
{
	_cleanup_dir DIR *dir = opendir(name);
	struct dirent *entry;
	struct stat st;
	int r = 0;

	if (!dir || fstat(dirfd(dir), &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (depth > DEPTH_MAX)
		return -ELOOP;
	while (r == 0 && (entry = readdir(dir))) {
		char path[PATH_MAX];
		struct text text = text_over(path, sizeof(path));

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		text_put(&text, name);
		text_put(&text, "/");
		text_put(&text, entry->d_name);
		r = text.cut ? -ENAMETOOLONG
			     : remove_lower(tree, st.st_ino, path, depth);
	}
	return r;
}

static int remove_named(struct tree *tree, const char *name)
{
	char dir[PATH_MAX];
	struct stat st;

	(void)split(name, dir);
	if (fstatat(AT_FDCWD, dir, &st, 0) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return remove_lower(tree, st.st_ino, name, 0);
}

/* --- UNPACK_LAYER --- */

int layer_mark_opaque(struct tree *tree, const char *name)
{
	size_t len = strlen(name) + 1;
	ssize_t n;

	if (tree->lowest)
		return 0;
	/* overlayfs always merges the roots of all layers. */
	if (str_eq(name, ".")) {
		tree->leans_on_lower = true;
		return 0;
	}
	tree->marked += len;
	if (tree->marked > MARKS_MAX)
		return -ENOBUFS;
	n = write(tree->marks_fd, name, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int make_whiteout(struct tree *tree, const char *name)
{
	struct stat st;
	int r = tree_make_parents(tree, name);

	if (r == 0 && mknodat(AT_FDCWD, name, S_IFCHR, makedev(0, 0)) < 0)
		r = -errno;
	/* Below a file, or below another whiteout, nothing shows anyway. */
	if (r == -ENOTDIR)
		return 0;
	if (r != -EEXIST)
		return r;
	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? layer_mark_opaque(tree, name) : 0;
}

static int make_opaque(struct tree *tree, const char *dir)
{
	/* Its name ends in "/.", so this makes the directory itself. */
	int r = tree_make_parents(tree, dir);

	if (r == -ENOTDIR)
		return 0;
	return r < 0 ? r : layer_mark_opaque(tree, dir);
}

/* --- both --- */

int layer_replace(struct tree *tree, const char *name, bool *ret_was_whiteout)
{
	struct stat st;

	if (str_eq(name, "."))
		return -EISDIR;
	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_was_whiteout =
		tree->mode == UNPACK_LAYER && !tree->lowest && is_whiteout(&st);
	return path_remove_tree(AT_FDCWD, name);
}

static int hide(struct tree *tree, enum name_whiteout kind, const char *target)
{
	bool one = kind == NAME_WHITEOUT;

	if (tree->lowest || tree->depth == UNPACK_NOTHING)
		return 0;
	if (tree->mode == UNPACK_APPLY)
		return one ? remove_named(tree, target)
			   : empty(tree, target, 0);
	return one ? make_whiteout(tree, target) : make_opaque(tree, target);
}

int layer_whiteout(struct tree *tree, const char *name, struct failure *failure)
{
	enum name_whiteout kind;
	char target[PATH_MAX];
	int r;

	if (tree->mode == UNPACK_ROOT)
		return 0;
	kind = name_whiteout(name, target);
	switch (kind) {
	case NAME_PLAIN:
		return 0;
	case NAME_METADATA:
		return 1;
	case NAME_BAD_WHITEOUT:
		return failure_set(failure, EBADMSG,
				   "%s: entry '%.128s' is a whiteout of no "
				   "name",
				   tree->label, name);
	case NAME_WHITEOUT:
	case NAME_OPAQUE:
		break;
	}
	r = hide(tree, kind, target);
	if (r == -ENOSPC)
		return r;
	return r < 0 ? failure_errno(failure, -r,
				     "%s: cannot apply the whiteout '%.128s'",
				     tree->label, name)
		     : 1;
}
