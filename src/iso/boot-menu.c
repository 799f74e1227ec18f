/* SPDX-License-Identifier: MIT */
#include "iso/boot-menu.h"

#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/cmdline.h"

#define ENTRIES_STEP 16 /* that room is made for at once */
#define FILES_STEP   16
#define NAMED_MAX    4 /* titles in a message */

/* --- an entry --- */

void boot_entry_clear(struct boot_entry *entry)
{
	free(entry->title);
	free(entry->kernel);
	for (size_t i = 0; i < entry->initrd_count; i++)
		free(entry->initrds[i]);
	free(entry->cmdline);
	*entry = (struct boot_entry){ 0 };
}

int boot_entry_add_initrd(struct boot_entry *entry, const char *path)
{
	char *copy;

	if (entry->initrd_count == BOOT_INITRDS_MAX)
		return -E2BIG;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	entry->initrds[entry->initrd_count++] = copy;
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

static bool is_same(const struct boot_entry *a, const struct boot_entry *b)
{
	if (a->other_system != b->other_system)
		return false;
	if (a->other_system)
		return str_eq(a->title, b->title);
	if (!is_same_text(a->kernel, b->kernel) ||
	    !is_same_text(a->cmdline, b->cmdline) ||
	    a->initrd_count != b->initrd_count)
		return false;
	for (size_t i = 0; i < a->initrd_count; i++)
		if (!str_eq(a->initrds[i], b->initrds[i]))
			return false;
	return true;
}

int boot_entry_add_initrds(struct boot_entry *entry, const char *directory,
			   const char *list)
{
	char name[PATH_MAX], path[PATH_MAX];

	while (*list) {
		size_t len = strcspn(list, ",");
		int r;

		if (len >= sizeof(name))
			return -E2BIG;
		memcpy(name, list, len);
		name[len] = '\0';
		list += len + (list[len] == ',');
		if (len == 0)
			continue;
		if (boot_path_join(directory, name, path, sizeof(path)) < 0)
			return -E2BIG;
		r = boot_entry_add_initrd(entry, path);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The value of an initrd= of the command line. */
static int take_initrds(struct boot_entry *entry, struct view value)
{
	char list[PATH_MAX];
	size_t len = value.left;

	if (len >= sizeof(list))
		return -E2BIG;
	view_copy(&value, list, len);
	list[len] = '\0';
	return boot_entry_add_initrds(entry, "/", list);
}

/*
 * Boot loaders put BOOT_IMAGE= and initrd= there for whoever reads
 * /proc/cmdline; to us the latter says what to load.
 */
static int tidy_cmdline(struct boot_entry *entry)
{
	_cleanup_free char *old = TAKE_PTR(entry->cmdline);
	struct cmdline words = cmdline_over(old ? old : "");
	bool has_initrds = entry->initrd_count > 0;
	size_t size = words.rest.left + 1;
	const uint8_t *from = words.rest.at;
	struct cmdline_word word;
	struct text text;

	entry->cmdline = malloc(size);
	if (!entry->cmdline)
		return -ENOMEM;
	text = text_over(entry->cmdline, size);
	for (; cmdline_next(&words, &word); from = words.rest.at) {
		int r = 0;

		/* White space, as is before words only. */
		while (*from == ' ' || (*from >= '\t' && *from <= '\r'))
			from++;
		if (cmdline_is(&word, "BOOT_IMAGE"))
			continue;
		if (!cmdline_is(&word, "initrd")) {
			text_add(&text, "%s%.*s", text.len > 0 ? " " : "",
				 (int)(words.rest.at - from), from);
			continue;
		}
		if (!has_initrds && word.value.left > 0)
			r = take_initrds(entry, word.value);
		if (r < 0)
			return r;
	}
	str_make_printable(entry->cmdline);
	return 0;
}

/* --- a menu --- */

/* The menu's own copy of a file's name. */
static int intern_file(struct boot_menu *menu, const char **file)
{
	const char *name = *file ? *file : "";

	for (size_t i = 0; i < menu->file_count; i++)
		if (str_eq(menu->files[i], name)) {
			*file = menu->files[i];
			return 0;
		}
	if (menu->file_count % FILES_STEP == 0) {
		char **files =
			reallocarray(menu->files, menu->file_count + FILES_STEP,
				     sizeof(*files));

		if (!files)
			return -ENOMEM;
		menu->files = files;
	}
	menu->files[menu->file_count] = strdup(name);
	if (!menu->files[menu->file_count])
		return -ENOMEM;
	*file = menu->files[menu->file_count++];
	return 0;
}

static int append(struct boot_menu *menu, struct boot_entry *entry)
{
	int r;

	if (menu->count == BOOT_ENTRIES_MAX)
		return -E2BIG;
	if (menu->count % ENTRIES_STEP == 0) {
		struct boot_entry *entries =
			reallocarray(menu->entries, menu->count + ENTRIES_STEP,
				     sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		menu->entries = entries;
	}
	r = intern_file(menu, &entry->file);
	if (r < 0)
		return r;
	menu->entries[menu->count] = *entry;
	*entry = (struct boot_entry){ 0 };
	return (int)menu->count++;
}

/* What is started as Linux is, and is none. */
static bool is_known_other(const char *kernel)
{
	static const char *const names[] = {
		"memtest", "mt86", "memdisk", "ipxe", "gpxe", "netboot.xyz",
	};
	const char *base = strrchr(kernel, '/');

	base = base ? base + 1 : kernel;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncasecmp(base, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

int boot_menu_add(struct boot_menu *menu, struct boot_entry *entry)
{
	int r;

	str_make_printable(entry->title);
	str_trim_end(entry->title);
	if (!entry->kernel || is_known_other(entry->kernel))
		entry->other_system = true;
	r = tidy_cmdline(entry);
	for (size_t i = 0; r == 0 && i < menu->count; i++)
		if (is_same(entry, &menu->entries[i])) {
			boot_entry_clear(entry);
			return (int)i;
		}
	if (r == 0)
		r = append(menu, entry);
	boot_entry_clear(entry);
	return r;
}

void boot_menu_clear(struct boot_menu *menu)
{
	for (size_t i = 0; i < menu->count; i++)
		boot_entry_clear(&menu->entries[i]);
	free(menu->entries);
	for (size_t i = 0; i < menu->file_count; i++)
		free(menu->files[i]);
	free(menu->files);
	*menu = (struct boot_menu){ 0 };
}

/* --- finding an entry --- */

static const char *last_part(const char *title)
{
	const char *part = title;

	for (const char *at = title; (at = strstr(at, " > ")); at += 3)
		part = at + 3;
	return part;
}

static bool is_title(const char *title, const char *label)
{
	return strcasecmp(title, label) == 0;
}

static bool is_last_part(const char *title, const char *label)
{
	return strcasecmp(last_part(title), label) == 0;
}

static bool contains(const char *title, const char *label)
{
	return strcasestr(title, label);
}

static bool is_among(const struct boot_menu *menu, size_t from,
		     bool (*is)(const char *title, const char *label),
		     const char *label, size_t *ret_index)
{
	for (size_t i = from; i < menu->count; i++)
		if (is(menu->entries[i].title, label)) {
			*ret_index = i;
			return true;
		}
	return false;
}

static bool is_any(const char *title, const char *label)
{
	(void)title;
	(void)label;
	return true;
}

/* The titles of those that is() holds for, as many as a line takes. */
static void name_some(const struct boot_menu *menu,
		      bool (*is)(const char *title, const char *label),
		      const char *label, struct text *text)
{
	size_t named = 0, i;

	for (i = 0; is_among(menu, i, is, label, &i); i++) {
		if (named++ == NAMED_MAX) {
			text_add(text, ", ...");
			return;
		}
		text_add(text, "%s%zu \"%.40s\"", named > 1 ? ", " : "", i + 1,
			 menu->entries[i].title);
	}
}

int boot_menu_find(const struct boot_menu *menu, const char *label,
		   size_t *ret_index, struct failure *failure)
{
	static bool (*const ways[])(const char *title, const char *label) = {
		is_title,
		is_last_part,
		contains,
	};
	char names[256];
	struct text text = text_over(names, sizeof(names));
	uint64_t number;

	/* A number may be all of a title, too: "1337". */
	for (size_t way = 0; *label && way < ARRAY_SIZE(ways); way++) {
		size_t first, second;

		if (ways[way] == contains &&
		    str_to_u64(label, menu->count, &number) == 0 &&
		    number > 0) {
			*ret_index = (size_t)number - 1;
			return 0;
		}
		if (!is_among(menu, 0, ways[way], label, &first))
			continue;
		if (!is_among(menu, first + 1, ways[way], label, &second)) {
			*ret_index = first;
			return 0;
		}
		name_some(menu, ways[way], label, &text);
		return failure_set(failure, ENOTUNIQ,
				   "\"%.60s\" stands for several entries: %s; "
				   "give the number of one",
				   label, names);
	}
	name_some(menu, is_any, label, &text);
	return failure_set(failure, ENOENT, "no entry \"%.60s\"; there %s %s",
			   label, menu->count == 1 ? "is" : "are", names);
}
