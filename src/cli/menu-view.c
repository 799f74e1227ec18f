/* SPDX-License-Identifier: MIT */
/*
 * A menu is some lines where the cursor was, not the whole screen: what was
 * there stays to be read. It is painted over by going up as many lines as it
 * has, which is why no line may be wider than the terminal.
 */
#include "cli/menu-view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINES	   24 /* of a terminal that does not say: VT100 */
#define COLUMNS	   80
#define OTHERS	   3 /* lines that are no items */
#define MARK_WIDTH 8 /* " > 123  " */
#define GAP	   2
#define REVERSE	   "\x1b[7m"
#define PLAIN	   "\x1b[0m"

/* --- texts --- */

/* Bytes of the character at s, and the columns it takes: two for all that may
 * be wide (East Asian scripts and above), as too few would spoil the picture. */
static size_t character_at(const char *s, size_t *ret_columns)
{
	unsigned char first = (unsigned char)*s;
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	*ret_columns = first < 0xe1 ? 1 : 2;
	return len;
}

struct line {
	struct text text;
	size_t width, max; /* columns */
};

/* Printable text, as far as it fits. */
static void put(struct line *line, const char *from)
{
	char copy[MENU_LINE_BYTES];

	str_copy(copy, sizeof(copy), from);
	str_make_printable(copy);
	for (const char *s = copy; *s;) {
		size_t columns, len = character_at(s, &columns);

		if (columns > line->max - line->width)
			break;
		text_add(&line->text, "%.*s", (int)len, s);
		line->width += columns;
		s += len;
	}
}

static void pad(struct line *line, size_t width)
{
	while (line->width < MIN(width, line->max))
		put(line, " ");
}

static size_t width_of(const char *from)
{
	char copy[MENU_LINE_BYTES];
	size_t width = 0;

	str_copy(copy, sizeof(copy), from);
	str_make_printable(copy);
	for (const char *s = copy; *s;) {
		size_t columns;

		s += character_at(s, &columns);
		width += columns;
	}
	return width;
}

/* --- what is shown --- */

static bool is_wanted(const struct menu_view *view,
		      const struct menu_item *item)
{
	return strcasestr(item->text, view->wanted) ||
	       (item->detail && strcasestr(item->detail, view->wanted));
}

/* So that the marked one is among the rows. */
static void scroll(struct menu_view *view)
{
	size_t last = view->shown_count > view->rows
			      ? view->shown_count - view->rows
			      : 0;

	if (view->at < view->top)
		view->top = view->at;
	if (view->at >= view->top + view->rows)
		view->top = view->at - view->rows + 1;
	view->top = MIN(view->top, last);
}

static void mark(struct menu_view *view, size_t index)
{
	view->at = 0;
	for (size_t i = 0; i < view->shown_count; i++)
		if (view->shown[i] <= index)
			view->at = i;
	scroll(view);
}

static void search(struct menu_view *view)
{
	size_t index = view->shown_count > 0 ? view->shown[view->at]
					     : view->menu->chosen;

	view->shown_count = 0;
	for (size_t i = 0; i < view->menu->count; i++)
		if (is_wanted(view, &view->menu->items[i]))
			view->shown[view->shown_count++] = i;
	mark(view, index);
}

/* The widest text, but not more than most of a line. */
static void measure(struct menu_view *view)
{
	size_t most = (view->columns - MARK_WIDTH) * 2 / 3;

	view->text_width = 0;
	for (size_t i = 0; i < view->menu->count; i++) {
		size_t width = width_of(view->menu->items[i].text);

		view->text_width = MAX(view->text_width, MIN(width, most));
	}
}

int menu_view_open(const struct menu *menu, size_t lines, size_t columns,
		   struct menu_view **ret_view)
{
	struct menu_view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	view->menu = menu;
	view->shown = calloc(menu->count, sizeof(*view->shown));
	if (!view->shown) {
		menu_view_close(view);
		return -ENOMEM;
	}
	menu_view_resize(view, lines, columns);
	search(view);
	*ret_view = view;
	return 0;
}

struct menu_view *menu_view_close(struct menu_view *view)
{
	if (view)
		free(view->shown);
	free(view);
	return NULL;
}

size_t menu_view_chosen(const struct menu_view *view)
{
	return view->shown[view->at];
}

/* --- keys --- */

static void move(struct menu_view *view, ssize_t by)
{
	ssize_t at = (ssize_t)view->at + by;
	ssize_t last = (ssize_t)view->shown_count - 1;

	view->number = 0;
	if (last < 0)
		return;
	view->at = (size_t)(at < 0 ? 0 : MIN(at, last));
	scroll(view);
}

/* The number's item is marked at once; Enter takes it. */
static void digit(struct menu_view *view, size_t value)
{
	size_t number = view->number * 10 + value;

	if (number > view->menu->count) /* another one begins */
		number = value;
	if (number == 0 || number > view->menu->count)
		return;
	view->number = number;
	mark(view, number - 1);
}

static void search_more(struct menu_view *view, char character)
{
	size_t len = strlen(view->wanted);

	if (len + 1 < sizeof(view->wanted)) {
		view->wanted[len] = character;
		view->wanted[len + 1] = '\0';
	}
	search(view);
}

static void set_search(struct menu_view *view, bool on)
{
	view->searching = on;
	view->number = 0;
	view->wanted[0] = '\0';
	search(view);
}

/* A character of UTF-8 has several bytes. */
static void backspace(struct menu_view *view)
{
	size_t len = strlen(view->wanted);

	view->number /= 10;
	if (!view->searching)
		return;
	if (len == 0) {
		set_search(view, false);
		return;
	}
	do {
		len--;
	} while (len > 0 && ((unsigned char)view->wanted[len] & 0xc0) == 0x80);
	view->wanted[len] = '\0';
	search(view);
}

static enum menu_answer character_typed(struct menu_view *view, char character)
{
	if (view->searching)
		search_more(view, character);
	else if (character >= '0' && character <= '9')
		digit(view, (size_t)(character - '0'));
	else if (character == '/')
		set_search(view, true);
	else if (character == 'j' || character == 'k')
		move(view, character == 'j' ? 1 : -1);
	else if (character == 'q' || character == 'Q')
		return MENU_LEFT;
	return MENU_GOES_ON;
}

enum menu_answer menu_view_key(struct menu_view *view, enum key key,
			       char character)
{
	ssize_t page = (ssize_t)view->rows;

	switch (key) {
	case KEY_CHARACTER:
		return character_typed(view, character);
	case KEY_ENTER:
		return view->shown_count > 0 ? MENU_CHOSEN : MENU_GOES_ON;
	case KEY_LEAVE:
		return MENU_LEFT;
	case KEY_ESCAPE:
		if (!view->searching)
			return MENU_LEFT;
		set_search(view, false);
		break;
	case KEY_BACKSPACE:
		backspace(view);
		break;
	case KEY_CLEAR:
		set_search(view, view->searching);
		break;
	case KEY_UP:
	case KEY_DOWN:
		move(view, key == KEY_UP ? -1 : 1);
		break;
	case KEY_PAGE_UP:
	case KEY_PAGE_DOWN:
		move(view, key == KEY_PAGE_UP ? -page : page);
		break;
	case KEY_HOME:
	case KEY_END:
		move(view, key == KEY_HOME ? -(ssize_t)view->menu->count
					   : (ssize_t)view->menu->count);
		break;
	case KEY_REDRAW:
		for (size_t i = 0; i < view->painted.count; i++)
			view->painted.line[i][0] = '\0';
		break;
	case KEY_NONE:
		break;
	}
	return MENU_GOES_ON;
}

/* --- the picture --- */

static struct line new_line(struct menu_view *view)
{
	char *buf = view->next.line[view->next.count];

	return (struct line){
		.text = text_over(buf, MENU_LINE_BYTES),
		/* In its last column a terminal is of two minds. */
		.max = view->columns - 1,
	};
}

static void end_line(struct menu_view *view, const struct line *line)
{
	view->next.width[view->next.count++] = line->width;
}

static void add_item(struct menu_view *view, size_t row)
{
	size_t index = view->shown[row];
	const struct menu_item *item = &view->menu->items[index];
	struct line line = new_line(view);
	bool marked = row == view->at;
	char number[32];

	snprintf(number, sizeof(number), " %c %3zu  ", marked ? '>' : ' ',
		 index + 1);
	if (marked)
		text_add(&line.text, REVERSE);
	put(&line, number);
	put(&line, item->text);
	if (item->detail && *item->detail) {
		pad(&line, MARK_WIDTH + view->text_width);
		put(&line, "  ");
		put(&line, item->detail);
	}
	if (marked)
		text_add(&line.text, PLAIN);
	end_line(view, &line);
}

static void add_hint(struct menu_view *view, size_t end)
{
	struct line line = new_line(view);
	char range[64];

	if (view->shown_count == 0)
		snprintf(range, sizeof(range),
			 " none of %zu: ", view->menu->count);
	else
		snprintf(range, sizeof(range),
			 " %zu-%zu of %zu: ", view->top + 1, end,
			 view->shown_count);
	put(&line, range);
	put(&line, view->searching
			   ? "type a part of it, Enter takes, Esc shows all"
			   : "arrows or a number, Enter takes, / searches, q "
			     "leaves");
	end_line(view, &line);
}

static void add_prompt(struct menu_view *view)
{
	struct line line = new_line(view);
	char number[32];

	if (view->searching) {
		put(&line, " /");
		put(&line, view->wanted);
	} else {
		snprintf(number, sizeof(number), " > %.0zu", view->number);
		put(&line, number);
	}
	end_line(view, &line);
}

static void compose(struct menu_view *view)
{
	size_t end = MIN(view->top + view->rows, view->shown_count);
	struct line title;

	view->next.count = 0;
	title = new_line(view);
	put(&title, view->menu->title);
	end_line(view, &title);
	for (size_t row = view->top; row < end; row++)
		add_item(view, row);
	add_hint(view, end);
	add_prompt(view);
}

static void go_up(struct text *out, size_t lines)
{
	text_add(out, "\r");
	if (lines > 0)
		text_add(out, "\x1b[%zuA", lines);
}

void menu_view_paint(struct menu_view *view, struct text *out)
{
	const struct menu_frame *old = &view->painted, *new = &view->next;

	compose(view);
	if (old->count > 0)
		go_up(out, old->count - 1);
	for (size_t i = 0; i < new->count; i++) {
		bool last = i == new->count - 1;

		/* The cursor ends behind the last one. */
		if (last || i >= old->count ||
		    !str_eq(new->line[i], old->line[i]))
			text_add(out, "%s\x1b[K", new->line[i]);
		text_put(out, last ? "" : "\r\n");
	}
	if (new->count < old->count)
		text_put(out, "\x1b[J");
	view->painted = view->next;
}

void menu_view_erase(struct menu_view *view, struct text *out)
{
	if (view->painted.count > 0) {
		go_up(out, view->painted.count - 1);
		text_put(out, "\x1b[J");
	}
	view->painted.count = 0;
}

/* Lines that do not fit any more were broken by the terminal, or cut: it is
 * painted anew above the highest place where it may begin. */
static void forget_lines(struct menu_view *view)
{
	struct menu_frame *frame = &view->painted;
	size_t count = 0;

	for (size_t i = 0; i < frame->count; i++)
		count += MAX(DIV_ROUND_UP(frame->width[i], view->columns), 1);
	frame->count = MIN(count, view->rows + OTHERS);
	frame->count = MIN(frame->count, MENU_LINES_MAX);
	for (size_t i = 0; i < frame->count; i++)
		frame->line[i][0] = '\0';
}

void menu_view_resize(struct menu_view *view, size_t lines, size_t columns)
{
	lines = lines ? lines : LINES;
	columns = columns ? columns : COLUMNS;
	view->rows = lines > OTHERS ? MIN(lines - OTHERS, MENU_ROWS_MAX) : 1;
	view->columns = MAX(MIN(columns, MENU_COLUMNS_MAX), MARK_WIDTH + GAP);
	measure(view);
	forget_lines(view);
	scroll(view);
}
