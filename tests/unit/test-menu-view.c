/* SPDX-License-Identifier: MIT */
/* What a menu shows on a small terminal of the test's own, and what keys do. */
#include "cli/menu-view.h"

#include <stdlib.h>

#include "tap.h"

#define ROWS 30
#define COLS 200

/* --- a terminal --- */

static struct {
	char cell[ROWS][COLS + 1];
	bool reverse[ROWS];
	size_t rows, columns, row, column;
	bool bad; /* a sequence that it does not know, or a line that wrapped */
	size_t bytes;
} term;

static void new_terminal(size_t rows, size_t columns)
{
	memset(&term, 0, sizeof(term));
	term.rows = rows;
	term.columns = columns;
	for (size_t i = 0; i < ROWS; i++)
		memset(term.cell[i], ' ', columns);
}

static void line_feed(void)
{
	if (++term.row < term.rows)
		return;
	memmove(term.cell[0], term.cell[1], (term.rows - 1) * (COLS + 1));
	term.row = term.rows - 1;
	memset(term.cell[term.row], ' ', term.columns);
}

static void clear_from(size_t row, size_t column)
{
	memset(term.cell[row] + column, ' ', term.columns - column);
}

static const char *take_sequence(const char *s)
{
	char *end;
	size_t number = strtoul(s, &end, 10);

	switch (*end) {
	case 'A':
		term.row -= MIN(number, term.row);
		break;
	case 'K':
		clear_from(term.row, term.column);
		break;
	case 'J':
		clear_from(term.row, term.column);
		for (size_t i = term.row + 1; i < term.rows; i++)
			clear_from(i, 0);
		break;
	case 'm':
		term.reverse[term.row] = term.reverse[term.row] || number == 7;
		break;
	default:
		term.bad = true;
	}
	return end + 1;
}

static void feed(const char *s)
{
	term.bytes = strlen(s);
	while (*s) {
		char c = *s++;

		if (c == '\x1b' && *s == '[') {
			s = take_sequence(s + 1);
		} else if (c == '\r') {
			term.column = 0;
		} else if (c == '\n') {
			line_feed();
		} else if ((unsigned char)c < ' ') {
			term.bad = true;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			term.bad = term.bad || term.column + 1 >= term.columns;
			if (!term.bad)
				term.cell[term.row][term.column++] =
					(unsigned char)c < 0x80 ? c : 'u';
		}
	}
}

/* A row without the blanks at its end. */
static const char *row(size_t index)
{
	static char text[COLS + 1];

	str_copy(text, sizeof(text), term.cell[index]);
	str_trim_end(text);
	return text;
}

/* The rows of what is marked, or SIZE_MAX. */
static size_t marked_row(void)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < term.rows; i++)
		if (str_after(term.cell[i], " > ") && term.cell[i][7] == ' ' &&
		    term.cell[i][5] != ' ')
			found = i;
	return found;
}

/* --- the menu --- */

static struct menu_view *view;
static char bytes[MENU_PAINT_BYTES];

static void paint(void)
{
	struct text out = text_over(bytes, sizeof(bytes));

	menu_view_paint(view, &out);
	term.bad = term.bad || out.cut;
	feed(bytes);
}

static void open_menu(const struct menu *menu, size_t rows, size_t columns)
{
	new_terminal(rows, columns);
	if (menu_view_open(menu, rows, columns, &view) < 0)
		abort();
	paint();
}

static enum menu_answer press(enum key key)
{
	enum menu_answer answer = menu_view_key(view, key, '\0');

	paint();
	return answer;
}

static enum menu_answer type(const char *text)
{
	enum menu_answer answer = MENU_GOES_ON;

	for (; *text; text++) {
		answer = menu_view_key(view, KEY_CHARACTER, *text);
		paint();
	}
	return answer;
}

/* What is painted over is the same as what is painted anew. */
static bool is_as_new(void)
{
	static char before[ROWS][COLS + 1];
	size_t first = term.row + 1 - view->painted.count;
	size_t count = view->painted.count;
	bool same = true;

	for (size_t i = 0; i < count; i++)
		memcpy(before[i], term.cell[first + i], COLS + 1);
	view->painted.count = 0;
	new_terminal(term.rows, term.columns);
	paint();
	for (size_t i = 0; i < count; i++)
		same = same && str_eq(before[i], term.cell[i]);
	return same && !term.bad;
}

static const struct menu_item few[] = {
	{ "Debian Live", "grub.cfg" },
	{ "Debian Live (fail-safe)", "grub.cfg" },
	{ "Memory test", NULL },
};
static const struct menu few_menu = { "What to boot", few, 3, 1 };

static void test_few(void)
{
	open_menu(&few_menu, 24, 80);
	ok_str(row(0), "What to boot", "the title");
	ok_str(row(1), "     1  Debian Live              grub.cfg", "an item");
	ok_str(row(2), " >   2  Debian Live (fail-safe)  grub.cfg",
	       "the default is marked");
	ok_str(row(3), "     3  Memory test", "one without detail");
	ok_str(row(4),
	       " 1-3 of 3: arrows or a number, Enter takes, / searches, q "
	       "leaves",
	       "the hint");
	ok_str(row(5), " >", "the prompt");
	ok(term.row == 5 && term.column == 3, "has the cursor");
	ok_int(press(KEY_DOWN), MENU_GOES_ON, "down");
	ok_int((int64_t)marked_row(), 3, "the next one");
	ok(term.bytes < 150, "only what changed is sent");
	press(KEY_DOWN);
	ok_int((int64_t)marked_row(), 3, "there is none below");
	press(KEY_HOME);
	press(KEY_UP);
	ok_int((int64_t)marked_row(), 1, "nor above the first");
	ok(is_as_new(), "painted over as anew");
	ok_int(press(KEY_ENTER), MENU_CHOSEN, "Enter");
	ok_int((int64_t)menu_view_chosen(view), 0, "takes it");
	ok_int(press(KEY_ESCAPE), MENU_LEFT, "Escape leaves");
	ok_int(press(KEY_LEAVE), MENU_LEFT, "so does Ctrl+C");
	ok_int(type("q"), MENU_LEFT, "and q");
	view = menu_view_close(view);
}

static void test_search(void)
{
	open_menu(&few_menu, 24, 80);
	type("/");
	ok_str(row(5), " /", "a search");
	type("FAIL");
	ok_str(row(1), " >   2  Debian Live (fail-safe)  grub.cfg",
	       "whatever the case");
	ok_str(row(3), " /FAIL", "what is searched for");
	ok_str(row(4), "", "nothing is left of the longer one");
	ok(is_as_new(), "painted over as anew");
	type("q");
	ok_str(row(1),
	       " none of 3: type a part of it, Enter takes, Esc shows all",
	       "nothing has it, and q is a letter");
	ok_int(press(KEY_ENTER), MENU_GOES_ON, "nothing to take");
	press(KEY_DOWN);
	press(KEY_BACKSPACE);
	ok_int((int64_t)marked_row(), 1, "one letter less");
	press(KEY_CLEAR);
	ok_str(row(5), " /", "no letter");
	type("memory");
	ok_int(press(KEY_ENTER), MENU_CHOSEN, "Enter");
	ok_int((int64_t)menu_view_chosen(view), 2, "takes the one found");
	ok_int(press(KEY_ESCAPE), MENU_GOES_ON, "Escape ends the search");
	ok_int((int64_t)marked_row(), 3, "the mark stays where it is");
	ok_str(row(5), " >", "the prompt of numbers again");
	type("/");
	press(KEY_BACKSPACE);
	ok_str(row(5), " >", "nothing less than nothing ends it, too");
	type("/\xc3\xa9");
	press(KEY_BACKSPACE);
	ok_str(view->wanted, "", "a character of two bytes");
	for (int i = 0; i < 200; i++)
		type("x");
	ok(is_as_new(), "a long one");
	view = menu_view_close(view);
}

#define MANY 123

static void make_many(struct menu_item *items, char (*texts)[32])
{
	for (size_t i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "System %zu", i + 1);
		items[i] = (struct menu_item){ .text = texts[i] };
	}
}

static void test_many(void)
{
	static struct menu_item items[MANY];
	static char texts[MANY][32];
	const struct menu menu = { "Distributions", items, MANY, 0 };

	make_many(items, texts);
	open_menu(&menu, 24, 80);
	ok_str(row(20), "    20  System 20", "20 of them");
	ok(str_after(row(21), " 1-20 of 123:"), "the range");
	ok(!term.bad && term.row == 22, "on a terminal of 24 lines");
	press(KEY_PAGE_DOWN);
	ok_str(row(20), " >  21  System 21", "a page, as far as it goes");
	press(KEY_PAGE_DOWN);
	press(KEY_END);
	ok_str(row(20), " > 123  System 123", "the end");
	press(KEY_PAGE_UP);
	ok_str(row(1), " > 103  System 103", "a page up");
	type("1");
	ok_str(row(1), " >   1  System 1", "1");
	type("2");
	ok_int((int64_t)marked_row(), 12, "12");
	ok_str(row(22), " > 12", "is shown");
	type("3");
	ok_str(row(20), " > 123  System 123", "123");
	type("4");
	ok_str(row(1), " >   4  System 4", "there is no 1234: 4");
	press(KEY_BACKSPACE);
	type("0");
	ok_str(row(22), " >", "nor a 0");
	ok(is_as_new(), "painted over as anew");
	ok_int(press(KEY_ENTER), MENU_CHOSEN, "Enter");
	ok_int((int64_t)menu_view_chosen(view), 3, "takes what is marked");
	view = menu_view_close(view);
}

static void test_sizes(void)
{
	static struct menu_item items[MANY];
	static char texts[MANY][32];
	const struct menu menu = { "Distributions", items, MANY, 50 };
	bool good = true;

	make_many(items, texts);
	open_menu(&menu, 24, 80);
	for (size_t rows = 4; rows <= 28; rows++)
		for (size_t columns = 1; columns < COLS; columns += 7) {
			new_terminal(rows, MAX(columns, 12));
			menu_view_resize(view, rows, columns);
			view->painted.count = 0;
			paint();
			good = good && marked_row() != SIZE_MAX && !term.bad;
		}
	ok(good, "on every size the mark is to be seen, and nothing wraps");
	menu_view_resize(view, 0, 0);
	ok_int((int64_t)view->rows, 20, "a serial line has 24 lines");
	view = menu_view_close(view);
}

/* A terminal that got narrower has broken the lines. */
static void test_narrower(void)
{
	struct text out = text_over(bytes, sizeof(bytes));

	open_menu(&few_menu, 24, 80);
	menu_view_resize(view, 24, 30);
	menu_view_paint(view, &out);
	/* 12, 41, 41, 19, 65 and 3 columns. */
	ok(str_after(bytes, "\r\x1b[9A"),
	   "goes up as many lines as it has now");
	out = text_over(bytes, sizeof(bytes));
	menu_view_erase(view, &out);
	ok_str(bytes, "\r\x1b[5A\x1b[J", "and is removed as it is then");
	view = menu_view_close(view);
}

static void test_hostile(void)
{
	static const struct menu_item items[] = {
		{ "\x1b[2Jgone\a\r\n\xff", "\x9b\x31m" },
		{ "A very long title that would not fit into a line of eighty "
		  "columns by far",
		  "its detail" },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac", "wide" },
		{ "", "" },
	};
	const struct menu menu = { "A\ntitle", items, 4, 99 };

	open_menu(&menu, 24, 40);
	ok(!term.bad, "what a terminal would act upon is replaced");
	ok_str(row(0), "A?title", "in the title");
	ok_str(row(1), "     1  ?[2Jgone????           ?1m", "in an item");
	ok_int((int64_t)strlen(row(2)), 39, "a long one is cut");
	ok_int((int64_t)marked_row(), 4, "a default behind the last");
	view = menu_view_close(view);
}

/* --- keys --- */

static const struct {
	const char *what, *bytes;
	enum key keys[3];
} sequences[] = {
	{ "a letter", "a", { KEY_CHARACTER } },
	{ "up", "\x1b[A", { KEY_UP } },
	{ "down in application mode", "\x1bOB", { KEY_DOWN } },
	{ "xterm's Home, End", "\x1b[H\x1b[F", { KEY_HOME, KEY_END } },
	{ "Linux's Home, End", "\x1b[1~\x1b[4~", { KEY_HOME, KEY_END } },
	{ "rxvt's Home, End", "\x1b[7~\x1b[8~", { KEY_HOME, KEY_END } },
	{ "pages", "\x1b[5~\x1b[6~", { KEY_PAGE_UP, KEY_PAGE_DOWN } },
	{ "Ctrl and up", "\x1b[1;5A", { KEY_UP } },
	{ "Shift and a page", "\x1b[6;2~", { KEY_PAGE_DOWN } },
	{ "Linux's F1", "\x1b[[Ax", { KEY_CHARACTER } },
	{ "a large number", "\x1b[99999999999999999999~", { KEY_NONE } },
	{ "an answer nobody asked for", "\x1b[?25hx", { KEY_CHARACTER } },
	{ "Escape twice", "\x1b\x1b", { KEY_ESCAPE } },
	{ "Alt and a letter", "\x1bx", { KEY_CHARACTER } },
	{ "Enter", "\r\n", { KEY_ENTER, KEY_ENTER } },
	{ "Backspace", "\b\x7f", { KEY_BACKSPACE, KEY_BACKSPACE } },
	{ "Ctrl+C, Ctrl+D", "\x03\x04", { KEY_LEAVE, KEY_LEAVE } },
	{ "Emacs's", "\x0e\x10\x15", { KEY_DOWN, KEY_UP, KEY_CLEAR } },
	{ "Ctrl+L, Ctrl+A", "\x0c\x01", { KEY_REDRAW } },
};

static void test_keys(void)
{
	struct keys keys = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		enum key got[3] = { 0 };
		size_t count = 0;

		for (const char *s = sequences[i].bytes; *s; s++) {
			enum key key = keys_take(&keys, (uint8_t)*s);

			if (key != KEY_NONE && count < 3)
				got[count++] = key;
		}
		ok(memcmp(got, sequences[i].keys, sizeof(got)) == 0 &&
			   !keys_are_open(&keys),
		   sequences[i].what);
	}
	ok_int(keys_take(&keys, 0x1b), KEY_NONE, "an Escape may begin a key");
	ok(keys_are_open(&keys), "which is to be seen");
	ok_int(keys_end(&keys), KEY_ESCAPE, "or be alone");
	keys_take(&keys, 0x1b);
	keys_take(&keys, '[');
	ok_int(keys_end(&keys), KEY_NONE, "half a key is none");
}

int main(void)
{
	test_few();
	test_search();
	test_many();
	test_sizes();
	test_narrower();
	test_hostile();
	test_keys();
	return tap_done();
}
