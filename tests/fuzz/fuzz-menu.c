/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/menu-view.h"
#include "wire/view.h"

#define ITEMS_MAX 64
#define TEXT_MAX  200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char texts[ITEMS_MAX][TEXT_MAX];
static char bytes[MENU_PAINT_BYTES];

/* Only what a menu itself sends may act upon a terminal. */
static bool is_clean(const char *s)
{
	static const char *const ours[] = { "\r",     "\n",	 "\x1b[K",
					    "\x1b[J", "\x1b[7m", "\x1b[0m" };
	const char *rest = NULL;

	while (*s) {
		if ((unsigned char)*s >= ' ' && *s != 0x7f) {
			s++;
			continue;
		}
		rest = str_after(s, "\x1b[");
		if (rest && rest[strspn(rest, "0123456789")] == 'A') {
			s = rest + strspn(rest, "0123456789") + 1;
			continue;
		}
		rest = NULL;
		for (size_t i = 0; !rest && i < ARRAY_SIZE(ours); i++)
			rest = str_after(s, ours[i]);
		if (!rest)
			return false;
		s = rest;
	}
	return true;
}

static void check(struct menu_view *view)
{
	struct text out = text_over(bytes, sizeof(bytes));

	menu_view_paint(view, &out);
	if (out.cut || !is_clean(bytes) ||
	    (view->shown_count > 0 &&
	     (view->at >= view->shown_count || view->at < view->top ||
	      view->at >= view->top + view->rows)))
		abort();
	for (size_t i = 0; i < view->painted.count; i++)
		if (view->painted.width[i] >= view->columns)
			abort();
}

static size_t take_items(struct view *input, struct menu_item *items)
{
	size_t count = 1 + view_u8(input) % ITEMS_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t want = view_u8(input) % TEXT_MAX;
		struct view text = view_sub(input, MIN(want, input->left));
		size_t len = text.left;

		if (len > 0)
			memcpy(texts[i], view_take(&text, len), len);
		texts[i][len] = '\0';
		items[i] = (struct menu_item){ .text = texts[i] };
		if (i % 2)
			items[i].detail = texts[i - 1];
	}
	return count;
}

/* A size, items, and then bytes that are typed; 0xff: another size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_over(data, size);
	struct menu_item items[ITEMS_MAX];
	struct menu menu = { .title = "menu", .items = items };
	struct menu_view *view;
	struct keys keys = { 0 };
	uint8_t lines = view_u8(&input), columns = view_u8(&input);

	menu.count = take_items(&input, items);
	menu.chosen = view_u8(&input);
	if (menu_view_open(&menu, lines, columns, &view) < 0)
		return 0;
	check(view);
	while (input.left > 0 && !input.bad) {
		uint8_t byte = view_u8(&input);

		if (byte == 0xff)
			menu_view_resize(view, view_u8(&input),
					 view_u8(&input));
		else if (menu_view_key(view, keys_take(&keys, byte),
				       keys.character) == MENU_CHOSEN &&
			 menu_view_chosen(view) >= menu.count)
			abort();
		check(view);
	}
	menu_view_close(view);
	return 0;
}
