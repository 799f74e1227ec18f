/* SPDX-License-Identifier: MIT */
/*
 * Makes entries of the labels of a configuration (syslinux-read.c), in the
 * order of the menu; those that MENU HIDE keeps from it come last, as they can
 * still be typed. A label that opens another configuration gives the entries
 * of that one, but no configuration is opened twice: "back" leads nowhere.
 */
#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/syslinux-internal.h"
#include "wire/cmdline.h"

#define ARENA_SIZE  (8 * MIB) /* taken as it is used */
#define OPENED_MAX  32
#define NESTING_MAX 8 /* of configurations */
#define TITLE_MAX   512

/* All of one run of syslinux_menu(). */
struct run {
	const struct boot_files *files;
	const char *directory;
	struct boot_menu *menu;
	char opened[OPENED_MAX][256]; /* paths of configurations */
	size_t opened_count;
	unsigned file_count, depth;
	bool has_chosen;
};

/* A configuration that is shown. */
struct shown {
	struct run *run;
	struct syslinux *of;
	const char *path;
	const char *prefix; /* of titles: "Advanced > ", or "" */
	bool is_first;	    /* its default is the menu's */
};

static int show_file(struct run *run, const char *path, const char *prefix,
		     bool is_first);

/* --- titles --- */

/* "^" marks the key that chooses an entry. */
static void add_title(struct text *text, const char *title)
{
	for (; *title; title++)
		if (*title != '^')
			text_add(text, "%c", *title);
}

static void add_submenus(struct text *text,
			 const struct syslinux_submenu *submenu)
{
	const char *title;

	if (!submenu)
		return;
	add_submenus(text, submenu->parent);
	title = submenu->label ? submenu->label : submenu->title;
	add_title(text, title ? title : submenu->name);
	text_put(text, " > ");
}

static void make_title(const struct shown *shown,
		       const struct syslinux_label *label, char *buf,
		       size_t size)
{
	struct text text = text_over(buf, size);

	text_put(&text, shown->prefix);
	add_submenus(&text, label->submenu);
	add_title(&text, label->title ? label->title : label->name);
}

/* --- what a label starts --- */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcasecmp(name + len - n, suffix) == 0;
}

/* By their suffixes, as SYSLINUX tells files from kernels. */
static bool is_program(const char *name)
{
	static const char *const suffixes[] = {
		".c32", ".com", ".cbt", ".0", ".bin", ".bs", ".bss", ".img",
	};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (has_suffix(name, suffixes[i]))
			return true;
	return false;
}

static bool is_module(const char *name, const char *const *modules,
		      size_t count)
{
	const char *base = strrchr(name, '/');

	base = base ? base + 1 : name;
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(base, modules[i]) == 0)
			return true;
	return false;
}

bool syslinux_is_menu(const char *module)
{
	static const char *const modules[] = { "menu.c32", "vesamenu.c32" };

	return is_module(module, modules, ARRAY_SIZE(modules));
}

/* What chooses among other labels, which are entries themselves. */
static bool is_choosing_module(const char *name)
{
	static const char *const modules[] = {
		"ifcpu64.c32",
		"ifcpu.c32",
		"whichsys.c32",
		"ifplop.c32",
	};

	return is_module(name, modules, ARRAY_SIZE(modules));
}

/* The first word of text into buf; returns what is behind it. */
static const char *first_word(const char *text, char *buf, size_t size)
{
	size_t len = strcspn(text, " \t");

	snprintf(buf, size, "%.*s", (int)len, text);
	text += len;
	return text + strspn(text, " \t");
}

struct start {
	char kernel[PATH_MAX]; /* a name */
	const char *options;   /* behind it */
	const char *append;
	enum syslinux_kind kind;
};

static void find_start(const struct shown *shown,
		       const struct syslinux_label *label, struct start *ret)
{
	const char *append = label->append ? label->append : shown->of->append;

	ret->kind = label->kind;
	ret->options = first_word(label->kernel ? label->kernel : "",
				  ret->kernel, sizeof(ret->kernel));
	ret->append = append && !str_eq(append, "-") ? append : "";
	if (ret->kind != SYSLINUX_KERNEL || !is_program(ret->kernel))
		return;
	ret->kind = SYSLINUX_OTHER;
	if (is_choosing_module(ret->kernel))
		ret->kind = SYSLINUX_NONE;
	if (syslinux_is_menu(ret->kernel) && *ret->append) {
		ret->kind = SYSLINUX_CONFIG;
		first_word(ret->append, ret->kernel, sizeof(ret->kernel));
	}
}

static int set_linux(const struct shown *shown,
		     const struct syslinux_label *label,
		     const struct start *start, struct boot_entry *entry)
{
	const char *directory = shown->of->directory;
	char path[PATH_MAX], list[PATH_MAX];
	int r = boot_path_join(shown->of->directory, start->kernel, path,
			       sizeof(path));

	if (r < 0)
		return 0;
	entry->kernel = strdup(path);
	if (!entry->kernel || asprintf(&entry->cmdline, "%s %s", start->options,
				       start->append) < 0) {
		entry->cmdline = NULL;
		return -ENOMEM;
	}
	if (label->initrd)
		return boot_entry_add_initrds(entry, directory, label->initrd);
	if (cmdline_last(entry->cmdline, "initrd", list, sizeof(list)) > 0)
		return boot_entry_add_initrds(entry, directory, list);
	return 0;
}

/* --- showing --- */

static bool is_default(const struct shown *shown,
		       const struct syslinux_label *label)
{
	const char *name = shown->of->default_name;
	char word[256];

	for (const struct syslinux_label *other = shown->of->labels; other;
	     other = other->next)
		if (other->is_default && !other->submenu)
			return other == label;
	first_word(name ? name : "", word, sizeof(word));
	return strcasecmp(word, label->name) == 0;
}

static int add_entry(const struct shown *shown,
		     const struct syslinux_label *label,
		     const struct start *start, const char *title)
{
	_cleanup(boot_entry_clear) struct boot_entry entry = {
		.file = shown->path,
		.title = strdup(title),
	};
	struct run *run = shown->run;
	int r = 0;

	if (!entry.title)
		return -ENOMEM;
	if (start->kind != SYSLINUX_OTHER)
		r = set_linux(shown, label, start, &entry);
	if (r == 0)
		r = boot_menu_add(run->menu, &entry);
	if (r < 0)
		return r;
	if (shown->is_first && !run->has_chosen && is_default(shown, label)) {
		run->menu->chosen = (size_t)r;
		run->has_chosen = true;
	}
	return 0;
}

/* A label without a title is in no menu, and so in no title below it: there is
 * one that chooses among configurations before anything is shown. */
static int show_config(const struct shown *shown,
		       const struct syslinux_label *label, const char *name,
		       const char *title)
{
	char path[PATH_MAX], prefix[TITLE_MAX + 4];

	if (boot_path_join(shown->of->directory, name, path, sizeof(path)) < 0)
		return 0;
	snprintf(prefix, sizeof(prefix), "%s > ", title);
	return show_file(shown->run, path,
			 label->title ? prefix : shown->prefix,
			 shown->is_first && !label->title);
}

static int show_label(const struct shown *shown,
		      const struct syslinux_label *label)
{
	char title[TITLE_MAX];
	struct start start;

	find_start(shown, label, &start);
	make_title(shown, label, title, sizeof(title));
	switch (start.kind) {
	case SYSLINUX_NONE:
		return 0;
	case SYSLINUX_KERNEL:
	case SYSLINUX_LINUX:
	case SYSLINUX_OTHER:
		return add_entry(shown, label, &start, title);
	case SYSLINUX_CONFIG:
		return show_config(shown, label, start.kernel, title);
	}
	return 0;
}

static int show_labels(const struct shown *shown, bool hidden)
{
	int r = 0;

	for (const struct syslinux_label *label = shown->of->labels;
	     label && r == 0; label = label->next)
		if (label->is_hidden == hidden && !label->is_disabled)
			r = show_label(shown, label);
	return r;
}

/* DEFAULT may be a kernel and its command line, where no label has the name. */
static int show_default(const struct shown *shown)
{
	struct syslinux_label label = { .name = "linux",
					.kind = SYSLINUX_KERNEL };
	char word[PATH_MAX], path[PATH_MAX];

	if (shown->of->labels || !shown->of->default_name)
		return 0;
	label.kernel = shown->of->default_name;
	first_word(label.kernel, word, sizeof(word));
	if (boot_path_join(shown->of->directory, word, path, sizeof(path)) <
		    0 ||
	    !shown->run->files->exists(shown->run->files->context, path))
		return 0;
	return show_label(shown, &label);
}

/* Whether this is the first time. */
static bool open_once(struct run *run, const char *path)
{
	for (size_t i = 0; i < run->opened_count; i++)
		if (str_eq(run->opened[i], path))
			return false;
	return run->opened_count < OPENED_MAX &&
	       str_copy(run->opened[run->opened_count++],
			sizeof(run->opened[0]), path);
}

static int show(const struct shown *shown)
{
	int r = show_labels(shown, false);

	if (r == 0)
		r = show_labels(shown, true);
	return r < 0 ? r : show_default(shown);
}

static int show_file(struct run *run, const char *path, const char *prefix,
		     bool is_first)
{
	_cleanup_arena struct arena arena = { 0 };
	struct syslinux of = { .files = run->files,
			       .directory = run->directory,
			       .arena = &arena,
			       .file_count = &run->file_count };
	const struct shown shown = { .run = run,
				     .of = &of,
				     .path = path,
				     .prefix = prefix,
				     .is_first = is_first };
	int r;

	if (!open_once(run, path))
		return 0;
	if (run->depth == NESTING_MAX)
		return -E2BIG;
	if (arena_map(&arena, ARENA_SIZE) < 0)
		return -ENOMEM;
	run->depth++;
	r = syslinux_read(&of, path);
	if (r == 0)
		r = show(&shown);
	run->depth--;
	/* One that is not there is no entry; the first must be there. */
	if (r == -ENOENT && run->depth > 0)
		r = 0;
	return r;
}

int syslinux_menu(const struct boot_files *files, const char *path,
		  struct boot_menu *menu)
{
	_cleanup_free struct run *run = calloc(1, sizeof(*run));
	char absolute[PATH_MAX], directory[PATH_MAX];

	if (!run)
		return -ENOMEM;
	if (boot_path_join("/", path, absolute, sizeof(absolute)) < 0)
		return -ENOENT;
	str_copy(directory, sizeof(directory), absolute);
	*strrchr(directory, '/') = '\0';
	run->files = files;
	run->directory = directory;
	run->menu = menu;
	return show_file(run, absolute, "", true);
}
