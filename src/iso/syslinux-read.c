/* SPDX-License-Identifier: MIT */
/*
 * Lines of a keyword and its value. Those behind a LABEL are about it, others
 * about all; MENU BEGIN and MENU END put labels into a submenu, whose names
 * are known only at its end. So all labels are collected first, and made
 * entries afterwards. Relative paths are relative to where the first
 * configuration lies, in included files too.
 */
#include "iso/syslinux-internal.h"

#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NESTING_MAX  12 /* of included files */
#define FILES_MAX    64
#define SUBMENUS_MAX 16 /* within one another */
#define LABELS_MAX   1024

/* A line as it is read. */
struct line {
	struct syslinux *of;
	const char *value;
	unsigned nesting;
};

static int read_file(struct syslinux *of, const char *name, unsigned nesting);

/* The rest of a line behind a keyword of either case; NULL: another one. */
static const char *behind(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	if (strncasecmp(line, keyword, len) != 0)
		return NULL;
	line += len;
	if (*line && *line != ' ' && *line != '\t')
		return NULL;
	return line + strspn(line, " \t");
}

static char *copy(struct syslinux *of, const char *text)
{
	return arena_copy(of->arena, text, strlen(text) + 1);
}

static int keep(struct syslinux *of, const char **where, const char *text)
{
	*where = copy(of, text);
	return *where ? 0 : -E2BIG;
}

/* --- keywords --- */

static int do_label(const struct line *line)
{
	struct syslinux *of = line->of;
	struct syslinux_label *label;

	if (++of->label_count > LABELS_MAX)
		return -E2BIG;
	label = arena_alloc(of->arena, sizeof(*label));
	if (!label)
		return -E2BIG;
	label->submenu = of->submenu;
	*of->labels_end = label;
	of->labels_end = &label->next;
	of->label = label;
	return keep(of, &label->name, line->value);
}

static int set_kernel(const struct line *line, enum syslinux_kind kind)
{
	struct syslinux_label *label = line->of->label;

	if (!label)
		return 0;
	label->kind = kind;
	return keep(line->of, &label->kernel, line->value);
}

static int do_kernel(const struct line *line)
{
	return set_kernel(line, SYSLINUX_KERNEL);
}

static int do_linux(const struct line *line)
{
	return set_kernel(line, SYSLINUX_LINUX);
}

static int do_other(const struct line *line)
{
	return set_kernel(line, SYSLINUX_OTHER);
}

static int do_config(const struct line *line)
{
	if (!line->of->label)
		return read_file(line->of, line->value, line->nesting + 1);
	return set_kernel(line, SYSLINUX_CONFIG);
}

static int do_append(const struct line *line)
{
	struct syslinux *of = line->of;

	return keep(of, of->label ? &of->label->append : &of->append,
		    line->value);
}

static int do_initrd(const struct line *line)
{
	if (!line->of->label)
		return 0;
	return keep(line->of, &line->of->label->initrd, line->value);
}

static int do_default(const struct line *line)
{
	return keep(line->of, &line->of->default_name, line->value);
}

static int do_include(const struct line *line)
{
	return read_file(line->of, line->value, line->nesting + 1);
}

/* UI menu.c32 FILE reads another file; what other modules do with theirs is
 * their own business. */
static int do_ui(const struct line *line)
{
	size_t len = strcspn(line->value, " \t");
	const char *file = line->value + len + strspn(line->value + len, " \t");
	char module[PATH_MAX];

	snprintf(module, sizeof(module), "%.*s", (int)len, line->value);
	if (!*file || !syslinux_is_menu(module))
		return 0;
	return read_file(line->of, file, line->nesting + 1);
}

static int do_menu_label(const struct line *line)
{
	struct syslinux *of = line->of;

	if (of->label)
		return keep(of, &of->label->title, line->value);
	if (of->submenu)
		return keep(of, &of->submenu->label, line->value);
	return 0;
}

static int do_menu_title(const struct line *line)
{
	struct syslinux *of = line->of;

	return of->submenu ? keep(of, &of->submenu->title, line->value) : 0;
}

static int do_menu_default(const struct line *line)
{
	if (line->of->label)
		line->of->label->is_default = true;
	return 0;
}

static int do_menu_hide(const struct line *line)
{
	if (line->of->label)
		line->of->label->is_hidden = true;
	return 0;
}

static int do_menu_disable(const struct line *line)
{
	if (line->of->label)
		line->of->label->is_disabled = true;
	return 0;
}

static int do_menu_begin(const struct line *line)
{
	struct syslinux *of = line->of;
	struct syslinux_submenu *submenu;

	if (++of->submenu_depth > SUBMENUS_MAX)
		return -E2BIG;
	submenu = arena_alloc(of->arena, sizeof(*submenu));
	if (!submenu)
		return -E2BIG;
	submenu->parent = of->submenu;
	of->submenu = submenu;
	of->label = NULL;
	return keep(of, &submenu->name, line->value);
}

static int do_menu_end(const struct line *line)
{
	struct syslinux *of = line->of;

	if (of->submenu) {
		of->submenu = of->submenu->parent;
		of->submenu_depth--;
	}
	of->label = NULL;
	return 0;
}

struct keyword {
	const char *word;
	int (*run)(const struct line *line);
};

static const struct keyword keywords[] = {
	{ "label", do_label },	   { "kernel", do_kernel },
	{ "linux", do_linux },	   { "com32", do_kernel },
	{ "boot", do_other },	   { "bss", do_other },
	{ "pxe", do_other },	   { "fdimage", do_other },
	{ "comboot", do_other },   { "localboot", do_other },
	{ "append", do_append },   { "initrd", do_initrd },
	{ "config", do_config },   { "default", do_default },
	{ "include", do_include }, { "ui", do_ui },
};

static const struct keyword menu_keywords[] = {
	{ "label", do_menu_label },	{ "title", do_menu_title },
	{ "default", do_menu_default }, { "hide", do_menu_hide },
	{ "disable", do_menu_disable }, { "begin", do_menu_begin },
	{ "end", do_menu_end },		{ "include", do_include },
};

static int run_keyword(struct line *line, const char *text,
		       const struct keyword *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		line->value = behind(text, list[i].word);
		if (line->value)
			return list[i].run(line);
	}
	return 0;
}

static int run_line(struct syslinux *of, const char *text, unsigned nesting)
{
	struct line line = { .of = of, .nesting = nesting };
	const char *menu = behind(text, "menu");

	/* TEXT HELP … ENDTEXT is prose. */
	if (of->in_text) {
		of->in_text = !behind(text, "endtext");
		return 0;
	}
	if (behind(text, "text")) {
		of->in_text = true;
		return 0;
	}
	if (menu)
		return run_keyword(&line, menu, menu_keywords,
				   ARRAY_SIZE(menu_keywords));
	return run_keyword(&line, text, keywords, ARRAY_SIZE(keywords));
}

/* --- files --- */

static int run_text(struct syslinux *of, char *text, unsigned nesting)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		int r;

		str_trim_end(line);
		r = run_line(of, line + strspn(line, " \t"), nesting);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reads a file as if its lines stood here; one that is not there is none. */
static int read_file(struct syslinux *of, const char *name, unsigned nesting)
{
	char word[PATH_MAX], path[PATH_MAX];
	_cleanup_free char *text = NULL;
	size_t len;
	int r;

	/* MENU INCLUDE FILE TITLE */
	if (!str_copy(word, sizeof(word), name))
		return 0;
	word[strcspn(word, " \t")] = '\0';
	if (boot_path_join(of->directory, word, path, sizeof(path)) < 0)
		return 0;
	if (nesting > NESTING_MAX || ++*of->file_count > FILES_MAX)
		return -E2BIG;
	r = of->files->read(of->files->context, path, &text, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	of->has_file = true;
	return run_text(of, text, nesting);
}

int syslinux_read(struct syslinux *of, const char *path)
{
	int r;

	of->labels_end = &of->labels;
	r = read_file(of, path, 0);
	if (r < 0)
		return r;
	return of->has_file ? 0 : -ENOENT;
}
