/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

struct walk {
	int top_fd;
	const char *name;
	int (*found)(void *context, const struct cpio_found *what,
		     struct failure *failure);
	void *context;
	char path[PATH_MAX];
	char target[PATH_MAX];
};

static int failed(const struct walk *walk, int err, struct failure *failure)
{
	return failure_errno(failure, err, "%s/%.200s", walk->name, walk->path);
}

static int not_dots(const struct dirent *entry)
{
	return !str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..");
}

/* alphasort(3) asks the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_directory(struct walk *walk, struct failure *failure);

static int walk_entry(struct walk *walk, int dir_fd, const char *name,
		      struct failure *failure)
{
	struct cpio_found what = { .path = walk->path };
	ssize_t n;
	int r;

	if (fstatat(dir_fd, name, &what.st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(walk, errno, failure);
	if (S_ISLNK(what.st.st_mode)) {
		n = readlinkat(dir_fd, name, walk->target,
			       sizeof(walk->target) - 1);
		if (n < 0)
			return failed(walk, errno, failure);
		walk->target[n] = '\0';
		what.target = walk->target;
	}
	r = walk->found(walk->context, &what, failure);
	return r == 0 && S_ISDIR(what.st.st_mode)
		       ? walk_directory(walk, failure)
		       : r;
}

static int walk_names(struct walk *walk, int dir_fd, struct dirent **names,
		      int count, struct failure *failure)
{
	size_t len = strlen(walk->path);
	int r = 0;

	for (int i = 0; r == 0 && i < count; i++) {
		struct text text =
			text_over(walk->path + len, sizeof(walk->path) - len);

		text_add(&text, "%s%s", len > 0 ? "/" : "", names[i]->d_name);
		r = text.cut ? failed(walk, ENAMETOOLONG, failure)
			     : walk_entry(walk, dir_fd, names[i]->d_name,
					  failure);
		walk->path[len] = '\0';
	}
	return r;
}

/* Opened from the top each time, so that depth takes no descriptors. */
static int walk_directory(struct walk *walk, struct failure *failure)
{
	_cleanup_fd int fd =
		path_open_in_root(walk->top_fd,
				  walk->path[0] ? walk->path : ".",
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct dirent **names = NULL;
	int count, r;

	if (fd < 0)
		return failed(walk, -fd, failure);
	count = scandirat(fd, ".", &names, not_dots, by_bytes);
	if (count < 0)
		return failed(walk, errno, failure);
	r = walk_names(walk, fd, names, count, failure);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return r;
}

int cpio_tree_walk(int top_fd, const char *name,
		   int (*found)(void *context, const struct cpio_found *what,
				struct failure *failure),
		   void *context, struct failure *failure)
{
	struct walk *walk = malloc(sizeof(*walk));
	int r;

	if (!walk)
		return failure_errno(failure, ENOMEM, "%s", name);
	*walk = (struct walk){
		.top_fd = top_fd,
		.name = name,
		.found = found,
		.context = context,
	};
	r = walk_directory(walk, failure);
	free(walk);
	return r;
}
