/* SPDX-License-Identifier: MIT */
/* A medium that is a table of files, and a menu as a text, for the tests of
 * boot loader configurations. */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "iso/boot-menu.h"
#include "tap.h"

struct fake_file {
	const char *path, *text;
};

static inline const struct fake_file *fake_find(void *context, const char *path)
{
	const struct fake_file *file = context;

	while (file->path && strcmp(file->path, path) != 0)
		file++;
	return file->path ? file : NULL;
}

static inline int fake_read(void *context, const char *path, char **ret_text,
			    size_t *ret_len)
{
	const struct fake_file *file = fake_find(context, path);

	if (!file)
		return -ENOENT;
	*ret_text = strdup(file->text);
	*ret_len = strlen(file->text);
	return *ret_text ? 0 : -ENOMEM;
}

static inline bool fake_exists(void *context, const char *path)
{
	return fake_find(context, path);
}

/* Names in a directory, of directories too; equal ones must follow one another
 * in the table. */
static inline int fake_list(void *context, const char *path,
			    int (*each)(const char *name, void *each_context),
			    void *each_context)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
	char last[256] = "", name[256];
	int r = -ENOENT;

	for (const struct fake_file *file = context; file->path; file++) {
		const char *rest = file->path + len;

		if (strncmp(file->path, path, len) != 0 || *rest != '/')
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(rest + 1, "/"), rest + 1);
		if (strcmp(name, last) == 0)
			continue;
		memcpy(last, name, sizeof(last));
		r = each(name, each_context);
		if (r != 0)
			return r;
	}
	return r;
}

static inline struct boot_files fake_medium(const struct fake_file *files)
{
	return (struct boot_files){
		.read = fake_read,
		.exists = fake_exists,
		.list = fake_list,
		.label = "LIVE_1",
		.uuid = "2026-11-21-10-20-30-00",
		.context = (void *)(uintptr_t)files,
	};
}

/*
 * Of each entry "TITLE | KERNEL | INITRD,INITRD | COMMAND LINE\n", of the
 * default one with a "*" before; of another system only the title.
 */
static inline const char *menu_text(const struct boot_menu *menu)
{
	static char buf[32768];
	struct text text = text_over(buf, sizeof(buf));

	for (size_t i = 0; i < menu->count; i++) {
		const struct boot_entry *entry = &menu->entries[i];

		text_add(&text, "%s%s", i == menu->chosen ? "*" : "",
			 entry->title);
		if (entry->other_system) {
			text_put(&text, "\n");
			continue;
		}
		text_add(&text, " | %s | ", entry->kernel);
		for (size_t k = 0; k < entry->initrd_count; k++)
			text_add(&text, "%s%s", k > 0 ? "," : "",
				 entry->initrds[k]);
		text_add(&text, " | %s\n", entry->cmdline);
	}
	return buf;
}

/* Reads a configuration and compares the menu with what it should be. */
static inline void check_menu(int (*parse)(const struct boot_files *files,
					   const char *path,
					   struct boot_menu *menu),
			      const struct fake_file *list, const char *path,
			      int want, const char *menu_want, const char *what)
{
	_cleanup_boot_menu struct boot_menu menu = { 0 };
	struct boot_files files = fake_medium(list);

	ok_int(parse(&files, path, &menu), want, what);
	ok_str(menu_text(&menu), menu_want, what);
}
