/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-pack.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/text.h"
#include "initramfs/cpio-tree.h"

/* An inode with several names, and which addition was the first of them. */
struct inode {
	dev_t dev;
	ino_t ino;
	size_t addition;
};

struct packing {
	struct cpio_plan *plan;
	int dir_fd;
	const char *prefix;
	const struct cpio_owner *owner;
	void *inodes; /* tsearch(3) */
};

static int compare_inodes(const void *a, const void *b)
{
	const struct inode *first = a, *second = b;

	if (first->dev != second->dev)
		return first->dev < second->dev ? -1 : 1;
	return first->ino < second->ino ? -1 : first->ino > second->ino;
}

/* The addition that is the same file, or CPIO_ITEM_NONE: then the next one is
 * remembered to be it. */
static int find_first(struct packing *packing, const struct stat *st,
		      size_t *ret_first)
{
	struct inode *inode, **found;

	*ret_first = CPIO_ITEM_NONE;
	if (st->st_nlink < 2 || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode))
		return 0;
	inode = malloc(sizeof(*inode));
	if (!inode)
		return -ENOMEM;
	*inode = (struct inode){ st->st_dev, st->st_ino,
				 packing->plan->addition_count };
	found = tsearch(inode, &packing->inodes, compare_inodes);
	if (!found) {
		free(inode);
		return -ENOMEM;
	}
	if (*found == inode)
		return 0;
	*ret_first = (*found)->addition;
	free(inode);
	return 0;
}

static int add_found(void *context, const struct cpio_found *what,
		     struct failure *failure)
{
	struct packing *packing = context;
	struct cpio_plan *plan = packing->plan;
	const struct cpio_owner *owner = packing->owner;
	const struct newc_entry entry = {
		.mode = what->st.st_mode,
		.uid = owner->keep ? what->st.st_uid : owner->uid,
		.gid = owner->keep ? what->st.st_gid : owner->gid,
		.mtime = plan->mtime,
		.node_major = major(what->st.st_rdev),
		.node_minor = minor(what->st.st_rdev),
	};
	const struct cpio_source source = {
		.dir_fd = packing->dir_fd,
		.path = S_ISREG(what->st.st_mode)
				? (char *)(uintptr_t)what->path
				: NULL,
		.bytes = (char *)(uintptr_t)what->target,
	};
	const struct newc_entry *before;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t first;

	text_add(&text, "%s%s%s", packing->prefix,
		 packing->prefix[0] ? "/" : "", what->path);
	if (text.cut)
		return failure_errno(failure, ENAMETOOLONG, "%.200s",
				     what->path);
	before = cpio_plan_entry(plan, path);
	if (before && S_ISDIR(before->mode) && S_ISDIR(entry.mode))
		return 0;
	/* A name that replaces one is no addition, and so no link. */
	if (before)
		first = CPIO_ITEM_NONE;
	else if (find_first(packing, &what->st, &first) < 0)
		return failure_errno(failure, ENOMEM, "%s", path);
	return cpio_plan_set(plan, path, &entry, &source, first, failure);
}

int cpio_pack_tree(struct cpio_plan *plan, int dir_fd, const char *name,
		   const char *prefix, const struct cpio_owner *owner,
		   struct failure *failure)
{
	struct packing packing = {
		.plan = plan,
		.dir_fd = dir_fd,
		.prefix = prefix,
		.owner = owner,
	};
	int r = cpio_tree_walk(dir_fd, name, add_found, &packing, failure);

	tdestroy(packing.inodes, free);
	return r;
}
