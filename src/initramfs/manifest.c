/* SPDX-License-Identifier: MIT */
#include "initramfs/manifest.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SYMLINKS_MAX 16

static void entry_clear(struct manifest_entry *entry)
{
	free(entry->path);
	free(entry->source);
	free(entry->bytes);
}

void manifest_clear(struct manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		entry_clear(&m->entries[i]);
	free(m->entries);
	*m = (struct manifest){ 0 };
}

void manifest_fail(struct manifest *m, const struct failure *failure)
{
	if (!manifest_failed(m))
		m->failure = *failure;
}

int manifest_check(const struct manifest *m, struct failure *failure)
{
	if (m->failure.err && failure)
		*failure = m->failure;
	return -m->failure.err;
}

/* Where path (without the leading "/") is, or would be inserted. */
static size_t position_of(const struct manifest *m, const char *path)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(m->entries[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct manifest_entry *entry_at(const struct manifest *m,
				       const char *path)
{
	size_t i = position_of(m, path);

	return i < m->count && str_eq(m->entries[i].path, path) ? &m->entries[i]
								: NULL;
}

static void remove_last_component(struct text *path)
{
	char *slash = strrchr(path->buf, '/');

	path->len = slash ? (size_t)(slash - path->buf) : 0;
	path->buf[path->len] = '\0';
}

/*
 * Writes path without its leading "/", "." and "..", and with the symlinks of
 * the manifest on the way resolved, but not the last component. -ENAMETOOLONG,
 * -ELOOP.
 */
static int resolve(const struct manifest *m, const char *path,
		   char ret_resolved[static PATH_MAX])
{
	struct text done = text_over(ret_resolved, PATH_MAX);
	char rest[PATH_MAX], longer[PATH_MAX];
	const char *at = rest;
	int symlinks = 0;

	if (!str_copy(rest, sizeof(rest), path))
		return -ENAMETOOLONG;
	for (;;) {
		const struct manifest_entry *entry;
		struct text text = text_over(longer, sizeof(longer));
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 0)
			return 0;
		if (len == 2 && at[0] == '.' && at[1] == '.')
			remove_last_component(&done);
		else if (len != 1 || at[0] != '.')
			text_add(&done, "%s%.*s", done.len > 0 ? "/" : "",
				 (int)len, at);
		if (done.cut)
			return -ENAMETOOLONG;
		at += len;
		entry = entry_at(m, done.buf);
		if (!entry || !S_ISLNK(entry->mode) || *at == '\0')
			continue;
		if (++symlinks > SYMLINKS_MAX)
			return -ELOOP;
		text_add(&text, "%s%s", entry->bytes, at);
		if (text.cut)
			return -ENAMETOOLONG;
		if (entry->bytes[0] == '/')
			done = text_over(ret_resolved, PATH_MAX);
		else
			remove_last_component(&done);
		memcpy(rest, longer, sizeof(rest));
		at = rest;
	}
}

const struct manifest_entry *manifest_find(const struct manifest *m,
					   const char *path)
{
	char resolved[PATH_MAX];

	return resolve(m, path, resolved) < 0 ? NULL : entry_at(m, resolved);
}

static bool same_thing(const struct manifest_entry *a,
		       const struct manifest_entry *b)
{
	if (a->mode != b->mode || a->major != b->major ||
	    a->minor != b->minor || !a->source != !b->source)
		return false;
	if (a->source)
		return str_eq(a->source, b->source);
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

/* For one more entry. */
static int make_room(struct manifest *m)
{
	size_t room = m->room ? m->room * 2 : 256;
	void *entries;

	if (m->count < m->room)
		return 0;
	entries = reallocarray(m->entries, room, sizeof(*m->entries));
	if (!entries)
		return -ENOMEM;
	m->entries = entries;
	m->room = room;
	return 0;
}

/* Takes over what entry points to, also when it fails. */
static void insert(struct manifest *m, struct manifest_entry *entry)
{
	size_t i = position_of(m, entry->path);
	struct manifest_entry *old = entry_at(m, entry->path);

	entry->part = m->part;
	if (old && S_ISDIR(old->mode) && S_ISDIR(entry->mode) &&
	    (old->implied || entry->implied)) {
		if (!entry->implied) {
			old->mode = entry->mode;
			old->implied = false;
		}
		entry_clear(entry);
		return;
	}
	if (old) {
		if (!same_thing(old, entry))
			failure_set(&m->failure, EEXIST,
				    "/%s would be in the initramfs twice, with "
				    "different content",
				    entry->path);
		entry_clear(entry);
		return;
	}
	if (make_room(m) < 0) {
		failure_errno(&m->failure, ENOMEM, "/%s", entry->path);
		entry_clear(entry);
		return;
	}
	memmove(&m->entries[i + 1], &m->entries[i],
		(m->count - i) * sizeof(*m->entries));
	m->entries[i] = *entry;
	m->count++;
}

static void insert_parents(struct manifest *m, const char *path)
{
	const char *slash = path;

	while (!manifest_failed(m) && (slash = strchr(slash, '/'))) {
		struct manifest_entry parent = {
			.path = strndup(path, (size_t)(slash - path)),
			.mode = S_IFDIR | 0755,
			.implied = true,
		};

		if (parent.path)
			insert(m, &parent);
		else
			failure_errno(&m->failure, ENOMEM, "/%s", path);
		slash++;
	}
}

/* Adds a copy of entry and of the bytes and strings it points to. */
static void add(struct manifest *m, const char *path,
		const struct manifest_entry *entry)
{
	struct manifest_entry copy = *entry;
	char resolved[PATH_MAX];
	int r;

	if (manifest_failed(m))
		return;
	r = path[0] == '/' ? resolve(m, path, resolved) : -EINVAL;
	if (r == 0 && resolved[0] == '\0')
		r = -EINVAL;
	if (r < 0) {
		failure_errno(&m->failure, -r, "%s in the initramfs", path);
		return;
	}
	copy.path = strdup(resolved);
	copy.source = entry->source ? strdup(entry->source) : NULL;
	copy.bytes = entry->bytes ? malloc(entry->len + 1) : NULL;
	if (!copy.path || (entry->source && !copy.source) ||
	    (entry->bytes && !copy.bytes)) {
		failure_errno(&m->failure, ENOMEM, "%s", path);
		entry_clear(&copy);
		return;
	}
	if (entry->bytes) {
		memcpy(copy.bytes, entry->bytes, entry->len);
		copy.bytes[entry->len] = '\0';
	}
	insert_parents(m, resolved);
	if (manifest_failed(m))
		entry_clear(&copy);
	else
		insert(m, &copy);
}

void manifest_directory(struct manifest *m, const char *path, mode_t mode)
{
	add(m, path, &(struct manifest_entry){ .mode = S_IFDIR | mode });
}

void manifest_file(struct manifest *m, const char *path, mode_t mode,
		   const char *source)
{
	struct stat st;

	if (manifest_failed(m))
		return;
	if (stat(source, &st) < 0)
		failure_errno(&m->failure, errno, "%s", source);
	else if (!S_ISREG(st.st_mode))
		failure_set(&m->failure, EINVAL, "%s: not a regular file",
			    source);
	else
		add(m, path,
		    &(struct manifest_entry){ .mode = S_IFREG | mode,
					      .source = (char *)source });
}

void manifest_bytes(struct manifest *m, const char *path, mode_t mode,
		    const void *bytes, size_t len)
{
	add(m, path,
	    &(struct manifest_entry){ .mode = S_IFREG | mode,
				      .bytes = (char *)bytes,
				      .len = len });
}

void manifest_text(struct manifest *m, const char *path, mode_t mode,
		   const char *text)
{
	manifest_bytes(m, path, mode, text, strlen(text));
}

void manifest_symlink(struct manifest *m, const char *path, const char *target)
{
	add(m, path,
	    &(struct manifest_entry){ .mode = S_IFLNK | 0777,
				      .bytes = (char *)target,
				      .len = strlen(target) });
}

void manifest_char_device(struct manifest *m, const char *path, mode_t mode,
			  unsigned major, unsigned minor)
{
	add(m, path,
	    &(struct manifest_entry){
		    .mode = S_IFCHR | mode, .major = major, .minor = minor });
}

void manifest_block_device(struct manifest *m, const char *path, mode_t mode,
			   unsigned major, unsigned minor)
{
	add(m, path,
	    &(struct manifest_entry){
		    .mode = S_IFBLK | mode, .major = major, .minor = minor });
}

void manifest_move_below(struct manifest *m, const char *path,
			 struct manifest *ret_below)
{
	char prefix[PATH_MAX];
	struct text text = text_over(prefix, sizeof(prefix));
	size_t first, count = 0;

	text_add(&text, "%s/", path + 1);
	first = position_of(m, prefix);
	while (first + count < m->count &&
	       str_after(m->entries[first + count].path, prefix))
		count++;
	ret_below->entries = calloc(count, sizeof(*m->entries));
	if (!ret_below->entries) {
		failure_errno(&m->failure, ENOMEM, "the manifest");
		return;
	}
	memcpy(ret_below->entries, &m->entries[first],
	       count * sizeof(*m->entries));
	ret_below->count = ret_below->room = count;
	memmove(&m->entries[first], &m->entries[first + count],
		(m->count - first - count) * sizeof(*m->entries));
	m->count -= count;
}
