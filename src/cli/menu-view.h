/* SPDX-License-Identifier: MIT */
/* What a menu shows and what keys do to it. Decides without I/O. */
#pragma once

#include "base/text.h"
#include "cli/keys.h"
#include "cli/menu.h"

#define MENU_ROWS_MAX	 20		     /* of items */
#define MENU_LINES_MAX	 (MENU_ROWS_MAX + 3) /* and title, hint, prompt */
#define MENU_COLUMNS_MAX 160		     /* what is wider is not used */
#define MENU_LINE_BYTES	 (4 * MENU_COLUMNS_MAX + 16) /* UTF-8, and marks */
#define MENU_PAINT_BYTES (MENU_LINES_MAX * (MENU_LINE_BYTES + 8) + 32)

enum menu_answer {
	MENU_GOES_ON,
	MENU_CHOSEN, /* menu_view_chosen() */
	MENU_LEFT,
};

struct menu_frame {
	size_t count;
	size_t width[MENU_LINES_MAX]; /* columns */
	char line[MENU_LINES_MAX][MENU_LINE_BYTES];
};

struct menu_view {
	const struct menu *menu; /* borrowed */
	size_t *shown; /* indices of the items that are searched for */
	size_t shown_count;
	size_t at, top;	   /* in shown: the one that is marked, the first row */
	size_t rows;	   /* that there are for items */
	size_t columns;	   /* that are used */
	size_t text_width; /* beyond which details begin */
	size_t number;	   /* typed; 0: none */
	bool searching;
	char wanted[48]; /* what is searched for */
	struct menu_frame painted, next;
};

/* For a terminal of so many lines and columns; 0: not known. -ENOMEM. */
int menu_view_open(const struct menu *menu, size_t lines, size_t columns,
		   struct menu_view **ret_view) _must_check;
struct menu_view *menu_view_close(struct menu_view *view); /* NULL; NULL fine */

/* The terminal has another size now. */
void menu_view_resize(struct menu_view *view, size_t lines, size_t columns);

/* character: of KEY_CHARACTER. */
enum menu_answer menu_view_key(struct menu_view *view, enum key key,
			       char character);

/* The index in the menu's items. Once MENU_CHOSEN was the answer. */
size_t menu_view_chosen(const struct menu_view *view);

/* Appends what brings the terminal from what was painted last to now: only
 * the lines that changed, as a serial line is slow. */
void menu_view_paint(struct menu_view *view, struct text *out);
/* Appends what removes it; the cursor is where it began. */
void menu_view_erase(struct menu_view *view, struct text *out);
