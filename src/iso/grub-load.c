/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/grub-internal.h"

static void add_quoted(struct text *text, const char *word)
{
	bool has_space = word[strcspn(word, " \t\n")];

	/* As GRUB does, so that the kernel sees one word again; one with its
	 * own quotes has them for that. */
	if (has_space && !strchr(word, '"'))
		text_add(text, "\"%s\"", word);
	else
		text_put(text, word);
}

static int join_words(struct grub *grub, const struct grub_arguments *arguments,
		      char **ret_cmdline)
{
	struct text text = text_over(grub->scratch, sizeof(grub->scratch));

	for (size_t i = 2; i < arguments->count; i++) {
		if (i > 2)
			text_put(&text, " ");
		add_quoted(&text, arguments->list[i]);
	}
	if (text.cut)
		return -E2BIG;
	*ret_cmdline = strdup(text.buf);
	return *ret_cmdline ? 0 : -ENOMEM;
}

int grub_linux(struct grub *grub, const struct grub_arguments *arguments)
{
	struct boot_entry *entry = grub->loading;
	char path[PATH_MAX];
	int r;

	grub->status = GRUB_FALSE;
	if (arguments->count < 2)
		return 0;
	boot_entry_clear(entry);
	if (grub_path(grub, arguments->list[1], path, sizeof(path)) < 0) {
		entry->other_system = true;
		return 0;
	}
	grub->status = GRUB_TRUE;
	entry->file = grub->file;
	entry->kernel = strdup(path);
	if (!entry->kernel)
		return -ENOMEM;
	r = join_words(grub, arguments, &entry->cmdline);
	return r;
}

int grub_initrd(struct grub *grub, const struct grub_arguments *arguments)
{
	struct boot_entry *entry = grub->loading;
	char path[PATH_MAX];
	int r = 0;

	/* Each initrd command is for the kernel before it, and replaces what an
	 * earlier one said. */
	while (entry->initrd_count > 0)
		free(entry->initrds[--entry->initrd_count]);
	grub->status = entry->kernel ? GRUB_TRUE : GRUB_FALSE;
	if (!entry->kernel)
		return 0;
	for (size_t i = 1; r == 0 && i < arguments->count; i++) {
		const char *name = arguments->list[i];

		/* newc:NAME:FILE puts a file into an archive of its own. */
		if (str_after(name, "newc:"))
			continue;
		if (grub_path(grub, name, path, sizeof(path)) < 0) {
			entry->other_system = true;
			continue;
		}
		r = boot_entry_add_initrd(entry, path);
	}
	return r;
}
