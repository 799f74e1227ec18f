/* SPDX-License-Identifier: MIT */
/*
 * What the ISO offers, and which of it is booted. From a server this takes some
 * requests for some kilobytes, so that what cannot work is said before
 * anything is fetched, or ended.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/menu.h"

/* --- which entry --- */

static int show_menu(const struct boot *boot, size_t *index,
		     struct failure *failure)
{
	const struct boot_menu *menu = &boot->choice.menu;
	struct menu_item *items = calloc(menu->count, sizeof(*items));
	struct menu shown = { .title = boot->source.title, .items = items };
	int r;

	if (!items)
		return failure_errno(failure, ENOMEM, "the menu");
	for (size_t i = 0; i < menu->count; i++)
		items[i].text = menu->entries[i].title;
	shown.count = menu->count;
	shown.chosen = *index;
	r = menu_choose(&shown, index, failure);
	free(items);
	return r;
}

static int choose(struct boot *boot, struct failure *failure)
{
	const struct boot_arguments *a = boot->arguments;
	const struct distro *distro = boot->source.distro;
	struct boot_choice *choice = &boot->choice;
	struct failure none;

	choice->index = choice->menu.chosen;
	if (a->entry)
		return boot_menu_find(&choice->menu, a->entry, &choice->index,
				      failure);
	/* A table may be older than the ISO. */
	if (distro && distro->entry &&
	    boot_menu_find(&choice->menu, distro->entry, &choice->index,
			   &none) < 0)
		log_warning("%s", none.text);
	if (a->in_menus && choice->menu.count > 1)
		return show_menu(boot, &choice->index, failure);
	return 0;
}

/* --- whether it can work --- */

static int check_kernel(struct boot *boot, const struct boot_entry *entry,
			struct failure *failure)
{
	struct boot_choice *choice = &boot->choice;
	struct iso_reader file;
	int r;

	r = iso_reader_open(&file, &choice->iso, entry->kernel, failure);
	if (r < 0)
		return r;
	r = kernel_image_check(&file.reader, &choice->kernel, failure);
	if (r < 0)
		return r;
	if (boot->policy.needs_signature && !choice->kernel.is_signed)
		return failure_set(failure, EKEYREJECTED,
				   "%s of %s cannot be started: %s, and it is "
				   "not signed",
				   entry->kernel, boot->source.title,
				   boot->policy.why);
	return 0;
}

static int add_up_initrds(struct boot_choice *choice,
			  const struct boot_entry *entry,
			  struct failure *failure)
{
	choice->initrd_size = 0;
	for (size_t i = 0; i < entry->initrd_count; i++) {
		struct iso_entry file;
		int r = iso_find(&choice->iso, entry->initrds[i], &file,
				 failure);

		if (r < 0)
			return r;
		choice->initrd_size += file.size;
	}
	return 0;
}

static int find_medium(struct boot *boot, const struct boot_entry *entry,
		       struct failure *failure)
{
	const struct distro *distro = boot->source.distro;

	return medium_recognise(&boot->choice.iso, entry,
				distro ? distro->medium : MEDIUM_UNKNOWN,
				&boot->choice.medium, failure);
}

int boot_look(struct boot *boot, struct failure *failure)
{
	struct boot_choice *choice = &boot->choice;
	const struct boot_entry *entry;
	int r;

	boot_menu_clear(&choice->menu);
	boot->chosen = false;
	r = iso_open(&choice->iso, boot->source.reader, failure);
	if (r == 0)
		r = boot_menu_read(&choice->iso, &choice->menu, failure);
	if (r == 0)
		r = choose(boot, failure);
	if (r < 0)
		return r;
	entry = &choice->menu.entries[choice->index];
	if (entry->other_system)
		return failure_set(failure, ENOTSUP,
				   "\"%s\" is no Linux that kexec can start: "
				   "choose another entry",
				   entry->title);
	r = check_kernel(boot, entry, failure);
	if (r == 0)
		r = add_up_initrds(choice, entry, failure);
	if (r == 0)
		r = find_medium(boot, entry, failure);
	boot->chosen = r == 0;
	return r;
}
