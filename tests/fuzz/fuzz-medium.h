/* SPDX-License-Identifier: MIT */
/*
 * A medium out of fuzzed bytes: files that NUL bytes separate, called /0, /1,
 * … and in a directory "/d" 0.conf, 1.conf, …, the same again. Every path of
 * even length is there.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/boot-menu.h"

struct fuzz_medium {
	const uint8_t *data;
	size_t size;
};

/* The text of file number n. */
static inline int fuzz_file(const struct fuzz_medium *medium, size_t n,
			    char **ret_text, size_t *ret_len)
{
	const uint8_t *from = medium->data, *end = from + medium->size;

	for (; n > 0; n--) {
		from = from < end ? memchr(from, 0, (size_t)(end - from))
				  : NULL;
		if (!from)
			return -ENOENT;
		from++;
	}
	*ret_len = from < end
			   ? strnlen((const char *)from, (size_t)(end - from))
			   : 0;
	*ret_text = malloc(*ret_len + 1);
	if (!*ret_text)
		return -ENOMEM;
	memcpy(*ret_text, from, *ret_len);
	(*ret_text)[*ret_len] = '\0';
	return 0;
}

static inline int fuzz_read(void *context, const char *path, char **ret_text,
			    size_t *ret_len)
{
	const char *name = str_after(path, "/d/");

	name = name ? name : path + 1;
	if (*path != '/' || *name < '0' || *name > '9')
		return -ENOENT;
	return fuzz_file(context, (size_t)(*name - '0'), ret_text, ret_len);
}

static inline bool fuzz_exists(void *context, const char *path)
{
	(void)context;
	return strlen(path) % 2 == 0;
}

static inline int fuzz_list(void *context, const char *path,
			    int (*each)(const char *name, void *each_context),
			    void *each_context)
{
	int r = 0;

	(void)context;
	(void)path;
	for (char digit = '0'; r == 0 && digit <= '9'; digit++) {
		const char name[] = { digit, '.', 'c', 'o', 'n', 'f', '\0' };

		r = each(name, each_context);
	}
	return r;
}

static inline void fuzz_check_entry(const struct boot_entry *entry)
{
	if (!entry->title || !entry->cmdline || !entry->file ||
	    !str_is_printable(entry->title) ||
	    !str_is_printable(entry->cmdline) ||
	    entry->initrd_count > BOOT_INITRDS_MAX)
		abort();
	if (!entry->other_system && *entry->kernel != '/')
		abort();
	for (size_t i = 0; i < entry->initrd_count; i++)
		if (*entry->initrds[i] != '/')
			abort();
}

/* Parses, and checks what every menu promises. */
static inline int fuzz_menu(const uint8_t *data, size_t size,
			    int (*parse)(const struct boot_files *files,
					 const char *path,
					 struct boot_menu *menu),
			    const char *path)
{
	struct fuzz_medium medium = { data, size };
	const struct boot_files files = {
		.read = fuzz_read,
		.exists = fuzz_exists,
		.list = fuzz_list,
		.label = "LABEL",
		.context = &medium,
	};
	_cleanup_boot_menu struct boot_menu menu = { 0 };

	if (parse(&files, path, &menu) == -ENOMEM)
		abort(); /* a bound lacks */
	if (menu.count > BOOT_ENTRIES_MAX ||
	    (menu.count > 0 && menu.chosen >= menu.count))
		abort();
	for (size_t i = 0; i < menu.count; i++)
		fuzz_check_entry(&menu.entries[i]);
	return 0;
}
