/* SPDX-License-Identifier: MIT */
/*
 * Files NAME.conf, each an entry, of lines of a key and its value (UAPI.1 Boot
 * Loader Specification, "Type #1"). They are sorted as systemd-boot sorts
 * them, and loader.conf beside their directory names the default.
 */
#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/boot-menu.h"

#define FILES_MAX   BOOT_ENTRIES_MAX
#define OPTIONS_MAX 8192

struct loader_entry {
	char *name; /* of its file */
	char *title, *version, *sort_key;
	bool is_other; /* "efi", or for another architecture */
	struct boot_entry entry;
};

struct loader {
	const struct boot_files *files;
	struct loader_entry *list;
	size_t count;
};

static void entry_clear(struct loader_entry *entry)
{
	free(entry->name);
	free(entry->title);
	free(entry->version);
	free(entry->sort_key);
	boot_entry_clear(&entry->entry);
}

static void loader_clear(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++)
		entry_clear(&loader->list[i]);
	free(loader->list);
}

/* --- one file --- */

static int keep(char **where, const char *value)
{
	free(*where);
	*where = strdup(value);
	return *where ? 0 : -ENOMEM;
}

static int set_title(struct loader_entry *entry, const char *value)
{
	return keep(&entry->title, value);
}

static int set_version(struct loader_entry *entry, const char *value)
{
	return keep(&entry->version, value);
}

static int set_sort_key(struct loader_entry *entry, const char *value)
{
	return keep(&entry->sort_key, value);
}

static int set_linux(struct loader_entry *entry, const char *value)
{
	char path[PATH_MAX];

	if (boot_path_join("/", value, path, sizeof(path)) < 0)
		return 0;
	return keep(&entry->entry.kernel, path);
}

static int add_initrd(struct loader_entry *entry, const char *value)
{
	char path[PATH_MAX];

	if (boot_path_join("/", value, path, sizeof(path)) < 0)
		return 0;
	return boot_entry_add_initrd(&entry->entry, path);
}

/* They may be several, which are one behind the other. */
static int add_options(struct loader_entry *entry, const char *value)
{
	char *old = entry->entry.cmdline;

	if ((old ? strlen(old) : 0) + strlen(value) > OPTIONS_MAX)
		return -E2BIG;
	if (asprintf(&entry->entry.cmdline, "%s%s%s", old ? old : "",
		     old ? " " : "", value) < 0) {
		entry->entry.cmdline = old;
		return -ENOMEM;
	}
	free(old);
	return 0;
}

static int set_other(struct loader_entry *entry, const char *value)
{
	(void)value;
	entry->is_other = true;
	return 0;
}

static int set_architecture(struct loader_entry *entry, const char *value)
{
#if defined(__x86_64__)
	entry->is_other |= strcasecmp(value, "x64") != 0;
#elif defined(__aarch64__)
	entry->is_other |= strcasecmp(value, "aa64") != 0;
#endif
	return 0;
}

static const struct {
	const char *word;
	int (*set)(struct loader_entry *entry, const char *value);
} keys[] = {
	{ "title", set_title },
	{ "version", set_version },
	{ "sort-key", set_sort_key },
	{ "linux", set_linux },
	{ "initrd", add_initrd },
	{ "options", add_options },
	{ "efi", set_other },
	{ "uki", set_other },
	{ "architecture", set_architecture },
};

/* Splits a line into key and value; false: it has none. */
static bool split(char *line, char **ret_key, char **ret_value)
{
	char *value;

	str_trim_end(line);
	line += strspn(line, " \t");
	value = line + strcspn(line, " \t");
	if (*line == '#' || !*value)
		return false;
	*value++ = '\0';
	*ret_key = line;
	*ret_value = value + strspn(value, " \t");
	return true;
}

static int parse(struct loader_entry *entry, char *text)
{
	char *line, *key, *value;

	while ((line = strsep(&text, "\n"))) {
		int r = 0;

		if (!split(line, &key, &value))
			continue;
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
			if (str_eq(key, keys[i].word))
				r = keys[i].set(entry, value);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the directory --- */

static int add_name(const char *name, void *context)
{
	struct loader *loader = context;
	size_t len = strlen(name);

	if (len <= 5 || strcasecmp(name + len - 5, ".conf") != 0)
		return 0;
	if (loader->count == FILES_MAX)
		return -E2BIG;
	loader->list[loader->count].name = strdup(name);
	if (!loader->list[loader->count].name)
		return -ENOMEM;
	loader->count++;
	return 0;
}

static int read_entry(const struct loader *loader, const char *directory,
		      struct loader_entry *entry)
{
	_cleanup_free char *text = NULL;
	char path[PATH_MAX];
	size_t len;
	int r;

	if (boot_path_join(directory, entry->name, path, sizeof(path)) < 0)
		return 0;
	r = loader->files->read(loader->files->context, path, &text, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return parse(entry, text);
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Those with a sort-key first, by it; newer versions first. */
static int compare(const void *x, const void *y)
{
	const struct loader_entry *a = x, *b = y;
	int order = !a->sort_key - !b->sort_key;

	if (order == 0)
		order = compare_text(a->sort_key, b->sort_key);
	if (order == 0 && a->sort_key)
		order = strverscmp(b->version ? b->version : "",
				   a->version ? a->version : "");
	return order ? order : strverscmp(b->name, a->name);
}

/* The pattern of file names that loader.conf has for the default. */
static int read_default(const struct loader *loader, const char *directory,
			char *buf, size_t size)
{
	_cleanup_free char *text = NULL;
	char path[PATH_MAX], *line, *at, *key, *value;
	size_t len;
	int r;

	buf[0] = '\0';
	if (boot_path_join(directory, "../loader.conf", path, sizeof(path)) < 0)
		return 0;
	r = loader->files->read(loader->files->context, path, &text, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	at = text;
	while ((line = strsep(&at, "\n")))
		if (split(line, &key, &value) && str_eq(key, "default") &&
		    !str_copy(buf, size, value))
			buf[0] = '\0';
	return 0;
}

/* Patterns were once said without ".conf". */
static bool is_default(const char *name, const char *pattern)
{
	char bare[NAME_MAX + 1];

	if (boot_name_matches(pattern, name))
		return true;
	if (!str_copy(bare, sizeof(bare), name))
		return false;
	bare[strlen(bare) - 5] = '\0';
	return boot_name_matches(pattern, bare);
}

static int add_entry(struct loader_entry *from, const char *path,
		     struct boot_menu *menu)
{
	struct boot_entry *entry = &from->entry;

	entry->file = path;
	if (asprintf(&entry->title, "%s",
		     from->title ? from->title : from->name) < 0) {
		entry->title = NULL;
		return -ENOMEM;
	}
	entry->other_system |= from->is_other;
	return boot_menu_add(menu, entry);
}

static int add_all(struct loader *loader, const char *directory,
		   struct boot_menu *menu)
{
	bool is_empty = menu->count == 0, has_chosen = false;
	char pattern[NAME_MAX + 1];
	int r = read_default(loader, directory, pattern, sizeof(pattern));

	for (size_t i = 0; r >= 0 && i < loader->count; i++) {
		struct loader_entry *entry = &loader->list[i];
		char path[PATH_MAX];

		if (!entry->entry.kernel && !entry->is_other)
			continue; /* empty or damaged */
		if (boot_path_join(directory, entry->name, path, sizeof(path)) <
		    0)
			continue;
		r = add_entry(entry, path, menu);
		if (r >= 0 && is_empty && !has_chosen &&
		    is_default(entry->name, pattern)) {
			menu->chosen = (size_t)r;
			has_chosen = true;
		}
	}
	return r < 0 ? r : 0;
}

int loader_entries_menu(const struct boot_files *files, const char *directory,
			struct boot_menu *menu)
{
	_cleanup(loader_clear) struct loader loader = { .files = files };
	int r;

	loader.list = calloc(FILES_MAX, sizeof(*loader.list));
	if (!loader.list)
		return -ENOMEM;
	r = files->list(files->context, directory, add_name, &loader);
	if (r < 0)
		return r;
	if (loader.count == 0)
		return -ENOENT;
	for (size_t i = 0; i < loader.count; i++) {
		r = read_entry(&loader, directory, &loader.list[i]);
		if (r < 0)
			return r;
	}
	qsort(loader.list, loader.count, sizeof(*loader.list), compare);
	return add_all(&loader, directory, menu);
}
