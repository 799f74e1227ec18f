/* SPDX-License-Identifier: MIT */
/* A path, component by component, through symlinks, as the kernel would: never
 * above the ISO's own root. */
#include <errno.h>
#include <strings.h>

#include "base/text.h"
#include "iso/iso.h"

#define DEPTH_MAX 64
/* Components that are looked up, symlinks' among them: a path and its links
 * are hostile, and each costs the reading of a directory. */
#define STEPS_MAX 256

struct search {
	const struct iso *iso;
	const char *path;	/* what was asked for */
	struct iso_entry entry; /* found last */
	struct {
		uint64_t start, size;
	} directories[DEPTH_MAX]; /* from the root to where it is */
	size_t depth;
	char rest[PATH_MAX]; /* what is still to be found */
	size_t steps;
	struct failure *failure;
};

struct wanted {
	const char *name;
	struct iso_entry *entry;
	bool found;
};

static int match(const struct iso_entry *entry, void *context)
{
	struct wanted *wanted = context;
	bool exact = str_eq(entry->name, wanted->name);

	if (exact ||
	    (!wanted->found && strcasecmp(entry->name, wanted->name) == 0)) {
		*wanted->entry = *entry;
		wanted->found = true;
	}
	return exact;
}

static int not_there(struct search *search)
{
	return failure_set(search->failure, ENOENT, "%s has no file %s",
			   search->iso->reader->name, search->path);
}

static struct iso_entry directory_above(const struct search *search)
{
	struct iso_entry directory = { .type = ISO_DIRECTORY,
				       .extent_count = 1 };
	size_t last = search->depth - 1;

	directory.extents[0].start = search->directories[last].start;
	directory.extents[0].size = search->directories[last].size;
	directory.size = search->directories[last].size;
	return directory;
}

/* The links of a chain, and a path along them, are as many steps. */
static int follow(struct search *search)
{
	const char *target = search->entry.target;
	char rest[PATH_MAX];
	struct text text = text_over(rest, sizeof(rest));

	if (!*target)
		return not_there(search);
	text_put(&text, target);
	text_put(&text, "/");
	text_put(&text, search->rest);
	if (text.cut)
		return not_there(search);
	memcpy(search->rest, rest, text.len + 1);
	if (*target == '/')
		search->depth = 1;
	return 0;
}

static int enter(struct search *search)
{
	const struct iso_entry *entry = &search->entry;

	if (search->depth == DEPTH_MAX || entry->extent_count == 0)
		return not_there(search);
	search->directories[search->depth].start = entry->extents[0].start;
	search->directories[search->depth].size = entry->extents[0].size;
	search->depth++;
	return 0;
}

static int step(struct search *search, const char *name)
{
	struct iso_entry directory = directory_above(search);
	struct wanted wanted = { .name = name, .entry = &search->entry };
	int r;

	if (++search->steps > STEPS_MAX)
		return failure_set(search->failure, ELOOP,
				   "%s: the symlinks of %s do not end",
				   search->iso->reader->name, search->path);
	r = iso_list(search->iso, &directory, match, &wanted, search->failure);
	if (r < 0)
		return r;
	if (!wanted.found)
		return not_there(search);
	if (search->entry.type == ISO_SYMLINK)
		return follow(search);
	if (search->entry.type == ISO_DIRECTORY)
		return enter(search);
	/* A file has nothing below it. */
	return search->rest[strspn(search->rest, "/")] == '\0'
		       ? 0
		       : not_there(search);
}

/* Takes the first component of what is still to be found; false: none. */
static bool next_component(struct search *search, char name[static PATH_MAX])
{
	const char *begin = search->rest + strspn(search->rest, "/");
	size_t len = strcspn(begin, "/");

	if (len == 0)
		return false;
	memcpy(name, begin, len);
	name[len] = '\0';
	memmove(search->rest, begin + len, strlen(begin + len) + 1);
	return true;
}

static int walk_path(struct search *search)
{
	char name[PATH_MAX];
	int r = 0;

	while (r == 0 && next_component(search, name)) {
		if (str_eq(name, "."))
			continue;
		if (!str_eq(name, "..")) {
			r = step(search, name);
			continue;
		}
		search->depth -= search->depth > 1;
		search->entry = directory_above(search);
	}
	return r;
}

int iso_find(const struct iso *iso, const char *path,
	     struct iso_entry *ret_entry, struct failure *failure)
{
	struct search search = {
		.iso = iso,
		.path = path,
		.entry = iso_root(iso),
		.depth = 1,
		.failure = failure,
	};
	int r;

	search.directories[0].start = iso->root_extent;
	search.directories[0].size = iso->root_size;
	if (!str_copy(search.rest, sizeof(search.rest), path))
		return not_there(&search);
	r = walk_path(&search);
	if (r < 0)
		return r;
	*ret_entry = search.entry;
	return 0;
}
