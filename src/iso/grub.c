/* SPDX-License-Identifier: MIT */
/*
 * What grub.cfg would show, found by running it as GRUB does, which takes two
 * steps: the file is run from top to bottom, which leaves a list of menu
 * entries with their bodies; and a body is run when its entry is chosen, with
 * the variables as they are by then. We choose every entry, one after the
 * other, each in a scope of its own, and note what `linux` and `initrd` would
 * load. A submenu's body leaves a list again.
 *
 * A script is a program, and this one is hostile: it has a bound for its
 * memory (the arena, of which nothing is freed before the end), for its steps
 * and for its depth. It can change nothing but its own variables.
 *
 *   grub-lexer.c grub-parser.c   text into a tree of commands
 *   grub-run.c                   if, while, for, functions, files
 *   grub-environment.c           variables, and words with variables in them
 *   grub-commands.c grub-test.c grub-files.c grub-load.c    the commands
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/grub-internal.h"

#define ARENA_SIZE (16 * MIB) /* taken as it is used */
#define TITLE_MAX  512

/* Entries for nothing that we start must not use up the room of the others. */
#define OTHERS_MAX (BOOT_ENTRIES_MAX / 2)

/* --- items --- */

/* Options of menuentry that have a value as the next word. */
static bool has_value(const char *option)
{
	static const char *const options[] = {
		"--class", "--users", "--hotkey", "--source", "--id",
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (str_eq(option, options[i]))
			return true;
	return false;
}

/* Sorts the words of menuentry into its title, its id and what is left, which
 * are the parameters of its body; the title is the first of them. */
static int read_words(struct grub *grub, const struct grub_arguments *from,
		      struct grub_item *item)
{
	struct grub_arguments *to = &item->arguments;
	const char *id;

	to->list =
		arena_alloc(grub->arena, (from->count + 1) * sizeof(*to->list));
	if (!to->list)
		return -E2BIG;
	to->list[to->count++] = from->list[0];
	for (size_t i = 1; i < from->count; i++) {
		const char *word = from->list[i];

		id = str_after(word, "--id=");
		if (id)
			item->id = id;
		else if (str_eq(word, "--id") && i + 1 < from->count)
			item->id = from->list[i + 1];
		if (has_value(word))
			i++;
		else if (!str_after(word, "--"))
			to->list[to->count++] = word;
	}
	item->title = to->count > 1 ? to->list[1] : "";
	return 0;
}

int grub_add_item(struct grub *grub, const struct grub_arguments *arguments,
		  const struct grub_node *body, bool is_submenu)
{
	struct grub_item *item = arena_alloc(grub->arena, sizeof(*item));
	int r;

	if (!item)
		return -E2BIG;
	r = read_words(grub, arguments, item);
	if (r < 0)
		return r;
	item->body = body;
	item->file = grub->file;
	item->is_submenu = is_submenu;
	*grub->level->end = item;
	grub->level->end = &item->next;
	grub->status = GRUB_TRUE;
	return 0;
}

/* --- the default --- */

/* By its number from 0, its id or its title; NULL: there is none. */
static const struct grub_item *find_item(const struct grub_level *level,
					 const char *name)
{
	const struct grub_item *item = level->first;
	bool is_number;
	uint64_t number;

	is_number = str_to_u64(name, SIZE_MAX, &number) == 0;
	for (uint64_t i = 0; item; item = item->next, i++) {
		if (is_number ? i == number : str_eq(item->title, name))
			return item;
		if (item->id && str_eq(item->id, name))
			return item;
	}
	return NULL;
}

/*
 * The item that default= names; behind a ">" is the same for its submenu. The
 * first one when there is no such.
 */
static const struct grub_item *default_item(const struct grub_level *level,
					    const char *name,
					    const char **ret_rest)
{
	const struct grub_item *item = find_item(level, name);
	char first[TITLE_MAX];

	*ret_rest = "";
	if (item)
		return item;
	/* A title may have ">" itself: "Troubleshooting -->". */
	for (const char *at = name; (at = strchr(at, '>')); at++) {
		snprintf(first, sizeof(first), "%.*s", (int)(at - name), name);
		item = find_item(level, first);
		if (!item)
			continue;
		*ret_rest = at + 1;
		return item;
	}
	return level->first;
}

/* --- showing menus --- */

static int show_level(struct grub *grub, const struct grub_level *level,
		      const char *choice);

static int add_entry(struct grub *grub, const char *title)
{
	struct boot_entry *entry = grub->loading;
	int r;

	if (!entry->kernel) {
		entry->other_system = true;
		if (grub->menu->count >= OTHERS_MAX)
			return 0;
	}
	free(entry->title);
	entry->title = strdup(title);
	if (!entry->title)
		return -ENOMEM;
	if (!entry->file)
		entry->file = grub->file;
	r = boot_menu_add(grub->menu, entry);
	if (r < 0)
		return r;
	if (grub->is_default_path && !grub->has_chosen) {
		grub->menu->chosen = (size_t)r;
		grub->has_chosen = true;
	}
	return 0;
}

/* Shows what an item's body left: an entry, or a menu, or both. */
static int show_result(struct grub *grub, const struct grub_item *item,
		       const char *title, const char *choice)
{
	const struct grub_level *level = grub->level;
	int r = 0;

	if (grub->loading->kernel ||
	    (!item->is_submenu && !level->first && !grub->has_menu))
		r = add_entry(grub, title);
	if (r < 0 || !level->first)
		return r;
	return show_level(grub, level,
			  *choice ? choice : grub_get(grub, "default"));
}

static int run_item(struct grub *grub, const struct grub_item *item,
		    const char *choice)
{
	struct text text = text_over(grub->scratch, TITLE_MAX);
	const char *title;
	int r = grub_open_scope(grub, item->is_submenu);

	if (r < 0)
		return r;
	text_add(&text, "%s%s", grub->prefix, item->title);
	title = grub_string(grub->arena, text.buf, text.len);
	text_put(&text, " > ");
	grub->prefix = grub_string(grub->arena, text.buf, text.len);
	if (!title || !grub->prefix)
		return -E2BIG;
	grub->arguments = item->arguments;
	grub->file = item->file;
	grub->has_menu = false;
	r = grub_run(grub, item->body);
	grub->leave = GRUB_STAY;
	return r < 0 ? r : show_result(grub, item, title, choice);
}

/* Chooses one item, and then each of the menu that it leads to. */
static int show_item(struct grub *grub, const struct grub_item *item,
		     const char *choice)
{
	_cleanup(boot_entry_clear) struct boot_entry entry = { 0 };
	struct grub_level level = { .end = &level.first };
	struct boot_entry *loading = grub->loading;
	struct grub_arguments arguments = grub->arguments;
	struct grub_level *outer = grub->level;
	struct grub_scope scope = grub->scope;
	const char *file = grub->file, *prefix = grub->prefix;
	int r;

	if (++grub->depth > GRUB_DEPTH_MAX)
		return -E2BIG;
	grub->level = &level;
	grub->loading = &entry;
	r = run_item(grub, item, choice);
	grub->prefix = prefix;
	grub->file = file;
	grub->arguments = arguments;
	grub->loading = loading;
	grub->level = outer;
	grub->scope = scope;
	grub->has_menu = true;
	grub->depth--;
	return r;
}

/* All of a menu; choice: what default= says. */
static int show_level(struct grub *grub, const struct grub_level *level,
		      const char *choice)
{
	bool is_default_path = grub->is_default_path;
	const char *rest;
	const struct grub_item *chosen = default_item(level, choice, &rest);
	int r = 0;

	for (const struct grub_item *item = level->first; item && r == 0;
	     item = item->next) {
		if (++grub->steps > GRUB_STEPS_MAX)
			return -E2BIG;
		grub->is_default_path = is_default_path && item == chosen;
		r = show_item(grub, item, item == chosen ? rest : "");
	}
	grub->is_default_path = is_default_path;
	return r;
}

/* --- files with menus --- */

/* prefix is where GRUB's own files are, for which configurations ask. */
static int set_places(struct grub *grub, const char *path)
{
	char directory[PATH_MAX + 8];
	int r;

	snprintf(directory, sizeof(directory), "(" GRUB_DRIVE ")%.*s",
		 (int)(strrchr(path, '/') - path), path);
	r = grub_set(grub, "config_directory", directory);
	if (r == 0)
		r = grub_set(grub, "config_file", path);
	return r;
}

/* Runs a file and shows its menu. */
static int show_file(struct grub *grub, const char *path)
{
	struct grub_level level = { .end = &level.first };
	struct grub_open_file file;
	enum grub_status status;
	int r = grub_open_file(grub, path, &file);

	if (r < 0)
		return r;
	grub->level = &level;
	r = set_places(grub, path);
	if (r == 0)
		r = grub_run_file(grub, &file);
	grub->leave = GRUB_STAY;
	status = grub->status;
	if (r == 0)
		r = show_level(grub, &level, grub_get(grub, "default"));
	grub->status = status;
	grub_close_file(grub, &file);
	return r;
}

int grub_configfile(struct grub *grub, const char *path)
{
	struct grub_level *outer = grub->level;
	struct grub_scope scope = grub->scope;
	int r = grub_open_scope(grub, true);

	if (r == 0)
		r = show_file(grub, path);
	grub->scope = scope;
	grub->level = outer;
	return r;
}

static int set_facts(struct grub *grub, const char *path)
{
	static const char *const facts[][2] = {
#if defined(__x86_64__)
		{ "grub_cpu", "x86_64" },
#elif defined(__aarch64__)
		{ "grub_cpu", "arm64" },
#endif
		/* The same entries as for the BIOS, and less memory tests. */
		{ "grub_platform", "efi" },
		{ "root", GRUB_DRIVE },
		{ "cmdpath", "(" GRUB_DRIVE ")/EFI/BOOT" },
		{ "menuentry_id_option", "--id" },
		{ "feature_menuentry_id", "y" },
		{ "feature_menuentry_options", "y" },
		{ "feature_default_font_path", "y" },
		{ "feature_platform_search_hint", "y" },
		{ "feature_timeout_style", "y" },
		{ "feature_all_video_module", "y" },
		{ "feature_chainloader_bpb", "y" },
		{ "feature_ntldr", "y" },
		{ "feature_net_cmd", "y" },
	};
	char prefix[PATH_MAX + 8];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(facts); i++) {
		r = grub_set(grub, facts[i][0], facts[i][1]);
		if (r == 0)
			r = grub_export(grub, facts[i][0]);
	}
	snprintf(prefix, sizeof(prefix), "(" GRUB_DRIVE ")%.*s",
		 (int)(strrchr(path, '/') - path), path);
	if (r == 0)
		r = grub_set(grub, "prefix", prefix);
	return r < 0 ? r : grub_export(grub, "prefix");
}

static int run_main(struct grub *grub, const char *path)
{
	_cleanup(boot_entry_clear) struct boot_entry entry = { 0 };
	int r = grub_open_scope(grub, true);

	grub->loading = &entry;
	if (r == 0)
		r = set_facts(grub, path);
	if (r == 0)
		r = show_file(grub, path);
	if (r == 0 && !grub->parsed)
		r = -ENOENT;
	/* One that just boots, without a menu. */
	if (r == 0 && entry.kernel)
		r = add_entry(grub, strrchr(entry.kernel, '/') + 1);
	return r;
}

int grub_menu(const struct boot_files *files, const char *path,
	      struct boot_menu *menu)
{
	_cleanup_free struct grub *grub = calloc(1, sizeof(*grub));
	_cleanup_arena struct arena arena = { 0 };
	char absolute[PATH_MAX];

	if (!grub || arena_map(&arena, ARENA_SIZE) < 0)
		return -ENOMEM;
	if (boot_path_join("/", path, absolute, sizeof(absolute)) < 0)
		return -ENOENT;
	grub->files = files;
	grub->menu = menu;
	grub->arena = &arena;
	grub->file = absolute;
	grub->prefix = "";
	grub->is_default_path = true;
	return run_main(grub, absolute);
}
