/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-plan.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"

struct node {
	const char *path;
	size_t addition;
};

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path,
		      ((const struct node *)b)->path);
}

static struct node *find_node(const struct cpio_plan *plan, const char *path)
{
	const struct node wanted = { .path = path };
	void *const root = plan->by_path;
	struct node **found = tfind(&wanted, &root, compare_nodes);

	return found ? *found : NULL;
}

uint32_t cpio_mtime(void)
{
	const char *word = getenv("SOURCE_DATE_EPOCH");
	uint64_t value;

	return word && str_to_u64(word, UINT32_MAX, &value) == 0
		       ? (uint32_t)value
		       : 0;
}

int cpio_plan_open(struct cpio_plan *ret_plan,
		   const struct cpio_catalog *catalog, struct failure *failure)
{
	*ret_plan = (struct cpio_plan){
		.catalog = catalog,
		.compression = COMPRESSION_ZSTD,
		.mtime = cpio_mtime(),
	};
	if (!catalog)
		return 0;
	if (catalog->segment_count > 0)
		ret_plan->compression =
			catalog->segments[catalog->segment_count - 1]
				.compression;
	ret_plan->changes =
		calloc(catalog->count + 1, sizeof(*ret_plan->changes));
	return ret_plan->changes ? 0
				 : failure_errno(failure, ENOMEM, "an initrd");
}

static void source_clear(struct cpio_source *source)
{
	free(source->path);
	free(source->bytes);
	*source = (struct cpio_source){ 0 };
}

void cpio_plan_close(struct cpio_plan *plan)
{
	for (size_t i = 0; plan->catalog && i < plan->catalog->count; i++)
		if (plan->changes)
			source_clear(&plan->changes[i].source);
	free(plan->changes);
	tdestroy(plan->by_path, free);
	for (size_t i = 0; i < plan->addition_count; i++) {
		source_clear(&plan->additions[i].source);
		free(plan->additions[i].path);
	}
	free(plan->additions);
	*plan = (struct cpio_plan){ 0 };
}

static int no_memory(struct failure *failure, const char *path)
{
	return failure_errno(failure, ENOMEM, "%s", path);
}

static int source_copy(struct cpio_source *to, const struct cpio_source *from)
{
	source_clear(to);
	to->dir_fd = from->dir_fd;
	to->path = from->path ? strdup(from->path) : NULL;
	to->bytes = from->bytes ? strdup(from->bytes) : NULL;
	return (from->path && !to->path) || (from->bytes && !to->bytes)
		       ? -ENOMEM
		       : 0;
}

/* --- what is there --- */

/* The item that counts at path and stays, or CPIO_ITEM_NONE. */
static size_t find_item(const struct cpio_plan *plan, const char *path)
{
	size_t item = plan->catalog ? cpio_catalog_find(plan->catalog, path)
				    : CPIO_ITEM_NONE;

	return item != CPIO_ITEM_NONE && plan->changes[item].fate != CPIO_DROP
		       ? item
		       : CPIO_ITEM_NONE;
}

static struct cpio_addition *find_addition(const struct cpio_plan *plan,
					   const char *path)
{
	const struct node *node = find_node(plan, path);

	return node && !plan->additions[node->addition].dropped
		       ? &plan->additions[node->addition]
		       : NULL;
}

const struct newc_entry *cpio_plan_entry(const struct cpio_plan *plan,
					 const char *path)
{
	const struct cpio_addition *addition = find_addition(plan, path);
	size_t item = find_item(plan, path);

	if (addition)
		return &addition->entry;
	if (item == CPIO_ITEM_NONE)
		return NULL;
	return plan->changes[item].fate == CPIO_CHANGE
		       ? &plan->changes[item].entry
		       : &plan->catalog->items[item].entry;
}

/* --- changing it --- */

/* The change of an item, begun. */
static struct cpio_change *change_item(struct cpio_plan *plan, size_t item)
{
	struct cpio_change *change = &plan->changes[item];

	if (change->fate != CPIO_CHANGE)
		change->entry = plan->catalog->items[item].entry;
	change->fate = CPIO_CHANGE;
	return change;
}

static void copy_attributes(struct newc_entry *to,
			    const struct newc_entry *from)
{
	to->mode = (to->mode & S_IFMT) | (from->mode & 07777);
	to->uid = from->uid;
	to->gid = from->gid;
	to->node_major = from->node_major;
	to->node_minor = from->node_minor;
}

void cpio_plan_touch(struct cpio_plan *plan, const char *path,
		     const struct newc_entry *entry)
{
	struct cpio_addition *addition = find_addition(plan, path);
	size_t item = find_item(plan, path);

	if (addition)
		copy_attributes(&addition->entry, entry);
	else if (item != CPIO_ITEM_NONE)
		copy_attributes(&change_item(plan, item)->entry, entry);
}

static int set_item(struct cpio_plan *plan, size_t item,
		    const struct newc_entry *entry,
		    const struct cpio_source *source)
{
	struct cpio_change *change = change_item(plan, item);

	change->entry.mode = entry->mode;
	change->entry.mtime = entry->mtime;
	copy_attributes(&change->entry, entry);
	change->alone = true;
	change->content = true;
	return source_copy(&change->source, source);
}

static int append(struct cpio_plan *plan, const char *path,
		  const struct newc_entry *entry,
		  const struct cpio_source *source, size_t link_to)
{
	struct cpio_addition *addition;
	struct node *node;

	if (plan->addition_count == plan->addition_room) {
		size_t room =
			plan->addition_room ? plan->addition_room * 2 : 64;

		addition =
			reallocarray(plan->additions, room, sizeof(*addition));
		if (!addition)
			return -ENOMEM;
		plan->additions = addition;
		plan->addition_room = room;
	}
	addition = &plan->additions[plan->addition_count++];
	*addition = (struct cpio_addition){
		.entry = *entry,
		.path = strdup(path),
		.link_to = link_to,
	};
	node = malloc(sizeof(*node));
	if (!addition->path || !node ||
	    source_copy(&addition->source, source) < 0) {
		free(node);
		return -ENOMEM;
	}
	*node = (struct node){ addition->path, plan->addition_count - 1 };
	if (!tsearch(node, &plan->by_path, compare_nodes)) {
		free(node);
		return -ENOMEM;
	}
	return 0;
}

static int set_addition(struct cpio_plan *plan, const char *path,
			const struct newc_entry *entry,
			const struct cpio_source *source, size_t link_to)
{
	const struct node *node = find_node(plan, path);
	struct cpio_addition *addition;

	if (!node)
		return append(plan, path, entry, source, link_to);
	addition = &plan->additions[node->addition];
	addition->entry = *entry;
	addition->link_to = link_to;
	addition->dropped = false;
	return source_copy(&addition->source, source);
}

/* Directories above path that are nowhere. The kernel makes none of its own
 * accord: what is in them would be missing. */
static int set_parents(struct cpio_plan *plan, const char *path,
		       struct failure *failure)
{
	const struct newc_entry directory = {
		.mode = S_IFDIR | 0755,
		.mtime = plan->mtime,
	};
	const struct cpio_source nothing = { 0 };
	char parent[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		const struct newc_entry *entry;

		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		entry = cpio_plan_entry(plan, parent);
		if (entry && !S_ISDIR(entry->mode))
			return failure_set(failure, ENOTDIR,
					   "%s: %s is no directory there", path,
					   parent);
		if (!entry && append(plan, parent, &directory, &nothing,
				     CPIO_ITEM_NONE) < 0)
			return no_memory(failure, path);
	}
	return 0;
}

/* Something lies below path, which then must be a directory. */
static bool has_below(const struct cpio_plan *plan, const char *path)
{
	size_t count = plan->catalog ? plan->catalog->count : 0;

	for (size_t i = 0; i < count; i++) {
		const char *rest =
			str_after(plan->catalog->items[i].path, path);

		if (rest && *rest == '/' && plan->changes[i].fate != CPIO_DROP)
			return true;
	}
	for (size_t i = 0; i < plan->addition_count; i++) {
		const char *rest = str_after(plan->additions[i].path, path);

		if (rest && *rest == '/' && !plan->additions[i].dropped)
			return true;
	}
	return false;
}

int cpio_plan_set(struct cpio_plan *plan, const char *path,
		  const struct newc_entry *entry,
		  const struct cpio_source *source, size_t link_to,
		  struct failure *failure)
{
	const struct newc_entry *before = cpio_plan_entry(plan, path);
	size_t item = find_item(plan, path);
	int r;

	if (strlen(path) >= PATH_MAX)
		return failure_errno(failure, ENAMETOOLONG, "%.200s", path);
	if (before && S_ISDIR(before->mode) && !S_ISDIR(entry->mode) &&
	    has_below(plan, path))
		return failure_set(failure, EISDIR,
				   "%s: is a directory with something in it; "
				   "--remove it first",
				   path);
	r = set_parents(plan, path, failure);
	if (r < 0)
		return r;
	r = item != CPIO_ITEM_NONE
		    ? set_item(plan, item, entry, source)
		    : set_addition(plan, path, entry, source, link_to);
	return r < 0 ? no_memory(failure, path) : 0;
}

int cpio_plan_remove(struct cpio_plan *plan, const char *path,
		     struct failure *failure)
{
	size_t count = plan->catalog ? plan->catalog->count : 0;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		const char *rest =
			str_after(plan->catalog->items[i].path, path);

		if (!rest || (*rest != '\0' && *rest != '/'))
			continue;
		found |= plan->changes[i].fate != CPIO_DROP;
		plan->changes[i].fate = CPIO_DROP;
	}
	for (size_t i = 0; i < plan->addition_count; i++) {
		const char *rest = str_after(plan->additions[i].path, path);

		if (!rest || (*rest != '\0' && *rest != '/'))
			continue;
		found |= !plan->additions[i].dropped;
		plan->additions[i].dropped = true;
	}
	return found ? 0
		     : failure_set(failure, ENOENT, "%s: is not in the initrd",
				   path);
}
