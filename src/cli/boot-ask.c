/* SPDX-License-Identifier: MIT */
/* The menu of `boomerang boot` alone: what is in memory, then the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/menu.h"

static void add_item(struct menu *menu, struct menu_item *items,
		     const char *text, const char *detail)
{
	items[menu->count++] = (struct menu_item){ text, detail };
}

static void add_all(const struct boot *boot, struct menu *menu,
		    struct menu_item *items)
{
	const struct distros *distros = &boot->distros;

	if (boot->memory.has_kept)
		add_item(menu, items, boot->memory.kept.title, "in memory");
	for (size_t i = 0; i < distros->count; i++)
		add_item(menu, items, distros->list[i].title,
			 distros->list[i].name);
	add_item(menu, items, "Another ISO", "its URL");
}

static int ask_address(struct boot_arguments *arguments,
		       struct failure *failure)
{
	static char line[CONTROL_REF_MAX];

	printf("URL of the ISO: ");
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin))
		str_trim_end(line);
	else
		*line = '\0';
	if (!*line)
		return failure_set(failure, ECANCELED, "nothing chosen");
	arguments->image.request.reference = line;
	return 0;
}

int boot_ask(struct boot *boot, struct boot_arguments *arguments,
	     struct failure *failure)
{
	_cleanup_free struct menu_item *items = NULL;
	struct menu menu = { .title = "What to boot" };
	size_t index, kept;
	int r = distros_load(&boot->distros, failure);

	if (r < 0)
		return r;
	menu.items = items = calloc(boot->distros.count + 2, sizeof(*items));
	if (!items)
		return failure_errno(failure, ENOMEM, "the menu");
	add_all(boot, &menu, items);
	r = menu_choose(&menu, &index, failure);
	if (r < 0)
		return r;
	kept = boot->memory.has_kept ? 1 : 0;
	arguments->in_menus = true;
	if (index + 1 == menu.count)
		return ask_address(arguments, failure);
	arguments->image.request.reference =
		index < kept ? boot->memory.kept.reference
			     : boot->distros.list[index - kept].name;
	return 0;
}
