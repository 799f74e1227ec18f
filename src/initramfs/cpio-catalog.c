/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-catalog.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "image/cpio-links.h"
#include "image/name.h"

#define LINKS_MAX 40 /* as the kernel follows */

struct node {
	const char *path;
	size_t item;
};

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path,
		      ((const struct node *)b)->path);
}

static struct node *find_node(const struct cpio_catalog *catalog,
			      const char *path)
{
	const struct node wanted = { .path = path };
	void *const root = catalog->by_path;
	struct node **found = tfind(&wanted, &root, compare_nodes);

	return found ? *found : NULL;
}

size_t cpio_catalog_find(const struct cpio_catalog *catalog, const char *path)
{
	const struct node *node = find_node(catalog, path);

	return node ? node->item : CPIO_ITEM_NONE;
}

bool cpio_entry_may_link(const struct newc_entry *entry)
{
	return entry->links > 1 && !S_ISDIR(entry->mode) &&
	       !S_ISLNK(entry->mode);
}

/* --- paths --- */

struct walk {
	char path[PATH_MAX]; /* so far, "" is the root */
	char rest[PATH_MAX];
	int links;
};

static void pop(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

static int push(char *path, const char *name, size_t len)
{
	size_t at = strlen(path);

	if (at + len + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	if (at > 0)
		path[at++] = '/';
	memcpy(path + at, name, len);
	path[at + len] = '\0';
	return 0;
}

/* path is a symlink to target: what is left of the name goes on from there. */
static int follow(struct walk *walk, const char *target, const char *rest)
{
	char joined[PATH_MAX];
	struct text text = text_over(joined, sizeof(joined));

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	text_put(&text, target);
	text_put(&text, "/");
	text_put(&text, rest);
	if (text.cut)
		return -ENAMETOOLONG;
	str_copy(walk->rest, sizeof(walk->rest), joined);
	if (target[0] == '/')
		walk->path[0] = '\0';
	else
		pop(walk->path);
	return 0;
}

static int step(const struct cpio_catalog *catalog, struct walk *walk)
{
	char rest[PATH_MAX];
	const char *name = rest;
	size_t len, item;
	int r = 0;

	str_copy(rest, sizeof(rest), walk->rest);
	name += strspn(name, "/");
	len = strcspn(name, "/");
	str_copy(walk->rest, sizeof(walk->rest),
		 name + len + strspn(name + len, "/"));
	if (len == 0 || (len == 1 && name[0] == '.'))
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		pop(walk->path);
		return 0;
	}
	r = push(walk->path, name, len);
	if (r < 0 || walk->rest[0] == '\0')
		return r;
	item = cpio_catalog_find(catalog, walk->path);
	if (item == CPIO_ITEM_NONE || !catalog->items[item].target)
		return 0;
	str_copy(rest, sizeof(rest), walk->rest);
	return follow(walk, catalog->items[item].target, rest);
}

int cpio_catalog_resolve(const struct cpio_catalog *catalog, const char *name,
			 char ret_path[static PATH_MAX])
{
	struct walk walk = { .links = 0 };
	char copy[PATH_MAX];
	const char *clean;
	int r = 0;

	if (!str_copy(copy, sizeof(copy), name))
		return -ENAMETOOLONG;
	if (name_clean(copy, &clean) != NAME_GOOD)
		return -EINVAL;
	str_copy(walk.rest, sizeof(walk.rest), clean);
	while (r == 0 && walk.rest[0])
		r = step(catalog, &walk);
	if (r == 0)
		str_copy(ret_path, PATH_MAX, walk.path[0] ? walk.path : ".");
	return r;
}

/* --- reading --- */

struct reading {
	struct cpio_catalog *catalog;
	struct cpio_reader *reader;
	struct cpio_links links;
	size_t archives;
	size_t room, segment_room;
	const char *name; /* of the file */
};

static int no_memory(const struct reading *reading, struct failure *failure)
{
	return failure_errno(failure, ENOMEM, "%s", reading->name);
}

static int grow(void **array, size_t *room, size_t count, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*array, more, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*room = more;
	return 0;
}

static char *keep_name(struct cpio_catalog *catalog, const char *name)
{
	catalog->names += strlen(name) + 1;
	return strdup(name);
}

/* It counts at its path now, and what did before does not. */
static int enter_path(struct cpio_catalog *catalog, size_t index)
{
	struct cpio_item *item = &catalog->items[index];
	struct node *node = find_node(catalog, item->path);

	if (node) {
		catalog->items[node->item].shadowed = true;
		node->item = index;
		return 0;
	}
	node = malloc(sizeof(*node));
	if (!node)
		return -ENOMEM;
	*node = (struct node){ item->path, index };
	if (!tsearch(node, &catalog->by_path, compare_nodes)) {
		free(node);
		return -ENOMEM;
	}
	return 0;
}

/* The links of an inode are kept with the index of its last item as their
 * name: cpio_links knows names only. */
static int enter_group(struct reading *reading, size_t index)
{
	struct cpio_catalog *catalog = reading->catalog;
	struct cpio_item *item = &catalog->items[index];
	struct cpio_inode *inode;
	char word[24];

	item->group = index;
	item->next_link = CPIO_ITEM_NONE;
	if (!cpio_entry_may_link(&item->entry))
		return 0;
	snprintf(word, sizeof(word), "%zu", index);
	inode = cpio_links_find(&reading->links, &item->entry);
	if (!inode)
		return cpio_links_add(&reading->links, &item->entry, word)
			       ? 0
			       : -ENOMEM;
	{
		uint64_t before;
		int r = str_to_u64(inode->name, catalog->count, &before);

		if (r < 0)
			return r;
		catalog->items[before].next_link = index;
		item->group = catalog->items[before].group;
	}
	return cpio_inode_rename(inode, word);
}

static int check_bounds(const struct reading *reading, struct failure *failure)
{
	const struct cpio_catalog *catalog = reading->catalog;

	if (catalog->count < CPIO_ITEMS_MAX && catalog->names < CPIO_NAMES_MAX)
		return 0;
	return failure_set(failure, EFBIG,
			   "%s: has more than %zu entries, or their names are "
			   "too long",
			   reading->name, CPIO_ITEMS_MAX);
}

static int bad_name(const struct reading *reading, const char *name, int r,
		    struct failure *failure)
{
	return failure_set(failure, EBADMSG, "%s: the entry '%.128s' %s",
			   reading->name, name,
			   r == -EINVAL ? "has \"..\" in its name or no name"
			   : r == -ELOOP
				   ? "lies behind symbolic links in a circle"
				   : "has too long a name");
}

static int read_item(struct reading *reading, struct failure *failure)
{
	struct cpio_catalog *catalog = reading->catalog;
	const struct newc_entry *entry = cpio_reader_entry(reading->reader);
	char path[PATH_MAX], target[PATH_MAX] = "";
	struct cpio_item *item;
	size_t index = catalog->count;
	int r = check_bounds(reading, failure);

	if (r < 0)
		return r;
	r = cpio_catalog_resolve(catalog, entry->name, path);
	if (r < 0)
		return bad_name(reading, entry->name, r, failure);
	if (grow((void **)&catalog->items, &reading->room, index,
		 sizeof(*item)) < 0)
		return no_memory(reading, failure);
	item = &catalog->items[index];
	*item = (struct cpio_item){
		.entry = *entry,
		.segment = catalog->segment_count - 1,
		.archive = reading->archives,
		.path = keep_name(catalog, path),
	};
	catalog->count++;
	item->entry.name = keep_name(catalog, entry->name);
	if (S_ISLNK(entry->mode)) {
		r = cpio_reader_target(reading->reader, target, failure);
		if (r < 0)
			return r;
		item->target = keep_name(catalog, target);
	}
	if (!item->path || !item->entry.name ||
	    (S_ISLNK(item->entry.mode) && !item->target) ||
	    enter_path(catalog, index) < 0 || enter_group(reading, index) < 0)
		return no_memory(reading, failure);
	return 0;
}

static int begin_segment(struct reading *reading, struct failure *failure)
{
	struct cpio_catalog *catalog = reading->catalog;

	if (grow((void **)&catalog->segments, &reading->segment_room,
		 catalog->segment_count, sizeof(*catalog->segments)) < 0)
		return no_memory(reading, failure);
	catalog->segments[catalog->segment_count++] =
		*cpio_reader_segment(reading->reader);
	return 0;
}

/* Returns 1, or 0 at the end. */
static int read_next(struct reading *reading, struct failure *failure)
{
	struct cpio_catalog *catalog = reading->catalog;
	enum cpio_event event = CPIO_END;
	int r = cpio_reader_next(reading->reader, &event, failure);

	if (r < 0)
		return r;
	switch (event) {
	case CPIO_END:
		return 0;
	case CPIO_SEGMENT:
		r = begin_segment(reading, failure);
		break;
	case CPIO_ENTRY:
		r = read_item(reading, failure);
		break;
	case CPIO_TRAILER:
		reading->archives++;
		cpio_links_clear(&reading->links);
		break;
	case CPIO_SEGMENT_END:
		catalog->segments[catalog->segment_count - 1] =
			*cpio_reader_segment(reading->reader);
		break;
	}
	return r < 0 ? r : 1;
}

int cpio_catalog_read(struct cpio_catalog *ret_catalog,
		      const struct reader *file, struct failure *failure)
{
	struct cpio_catalog catalog = { 0 };
	struct reading *reading = calloc(1, sizeof(*reading));
	int r = -ENOMEM;

	if (!reading)
		return failure_errno(failure, ENOMEM, "%s", file->name);
	reading->catalog = &catalog;
	reading->name = file->name;
	reading->reader = cpio_reader_new(file, failure);
	if (reading->reader) {
		catalog.limit = cpio_reader_limit(reading->reader);
		do {
			r = read_next(reading, failure);
		} while (r > 0);
	}
	if (r == 0 && catalog.segment_count == 0)
		r = failure_set(failure, EBADMSG,
				"%s: there is no archive in it", file->name);
	cpio_links_clear(&reading->links);
	cpio_reader_free(reading->reader);
	free(reading);
	if (r < 0)
		cpio_catalog_clear(&catalog);
	else
		*ret_catalog = catalog;
	return r;
}

void cpio_catalog_clear(struct cpio_catalog *catalog)
{
	tdestroy(catalog->by_path, free);
	for (size_t i = 0; i < catalog->count; i++) {
		free((void *)(uintptr_t)catalog->items[i].entry.name);
		free(catalog->items[i].path);
		free(catalog->items[i].target);
	}
	free(catalog->items);
	free(catalog->segments);
	*catalog = (struct cpio_catalog){ 0 };
}
