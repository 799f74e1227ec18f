/* SPDX-License-Identifier: MIT */
/*
 * The terminal of a menu: raw while it is shown, so that keys come as they are
 * typed and Ctrl+C is one of them. A size that changes is looked for while
 * nothing is typed, which needs no signal.
 */
#include "cli/menu.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/fd.h"
#include "cli/menu-plain.h"
#include "cli/menu-view.h"

/* An Escape without anything behind it within this time is one; a line of 1200
 * baud sends a byte in 9 ms, and a network holds some back. */
#define ESCAPE_MS 150
#define LOOK_MS	  500

struct screen {
	struct menu_view *view;
	struct keys keys;
	struct winsize size;
	struct termios before;
	char *bytes; /* MENU_PAINT_BYTES */
};

static bool can_move_cursor(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       !str_eq(term, "dumb");
}

static struct winsize ask_size(void)
{
	struct winsize size = { 0 };

	/* A serial line has none: zeros. */
	(void)!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size;
}

static int show(struct screen *screen,
		void (*draw)(struct menu_view *view, struct text *out))
{
	struct text out = text_over(screen->bytes, MENU_PAINT_BYTES);

	draw(screen->view, &out);
	return fd_write_all(STDOUT_FILENO, screen->bytes, out.len);
}

static int look_at_size(struct screen *screen)
{
	struct winsize size = ask_size();

	if (size.ws_row == screen->size.ws_row &&
	    size.ws_col == screen->size.ws_col)
		return 0;
	screen->size = size;
	menu_view_resize(screen->view, size.ws_row, size.ws_col);
	return show(screen, menu_view_paint);
}

/* The next byte into *ret_byte; 0: none came in time. The end of the input is
 * -ECANCELED. */
static int read_byte(const struct screen *screen, uint8_t *ret_byte)
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	int r = poll(&wait, 1,
		     keys_are_open(&screen->keys) ? ESCAPE_MS : LOOK_MS);
	ssize_t n;

	if (r <= 0)
		return r < 0 && errno != EINTR ? -errno : 0;
	n = read(STDIN_FILENO, ret_byte, 1);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	return n == 0 ? -ECANCELED : 1;
}

/* One key, or a while without. Negative errno, or enum menu_answer. */
static int step(struct screen *screen)
{
	enum menu_answer answer;
	enum key key;
	uint8_t byte;
	int r = read_byte(screen, &byte);

	if (r < 0)
		return r;
	key = r > 0 ? keys_take(&screen->keys, byte) : keys_end(&screen->keys);
	if (key == KEY_NONE)
		return look_at_size(screen);
	answer = menu_view_key(screen->view, key, screen->keys.character);
	r = answer == MENU_GOES_ON ? show(screen, menu_view_paint) : 0;
	return r < 0 ? r : (int)answer;
}

static int set_raw(struct screen *screen)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &screen->before) < 0)
		return -errno;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0 ? -errno : 0;
}

static int run_screen(struct screen *screen, size_t *ret_index)
{
	int r = set_raw(screen), gone;

	if (r < 0)
		return r;
	r = show(screen, menu_view_paint);
	while (r == MENU_GOES_ON)
		r = step(screen);
	gone = show(screen, menu_view_erase);
	(void)!tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
	if (r < 0 || gone < 0)
		return r < 0 ? r : gone;
	if (r == MENU_LEFT)
		return -ECANCELED;
	*ret_index = menu_view_chosen(screen->view);
	return 0;
}

static int choose_on_screen(const struct menu *menu, size_t *ret_index)
{
	struct screen screen = { .size = ask_size() };
	int r = menu_view_open(menu, screen.size.ws_row, screen.size.ws_col,
			       &screen.view);

	screen.bytes = malloc(MENU_PAINT_BYTES);
	if (r == 0)
		r = screen.bytes ? run_screen(&screen, ret_index) : -ENOMEM;
	menu_view_close(screen.view);
	free(screen.bytes);
	return r;
}

/* What stays on the screen. */
static void tell(const struct menu *menu, size_t index)
{
	char line[512];
	struct text text = text_over(line, sizeof(line));

	text_add(&text, "%s: %s", menu->title, menu->items[index].text);
	str_make_printable(line);
	puts(line);
	fflush(stdout);
}

int menu_choose(const struct menu *menu, size_t *ret_index,
		struct failure *failure)
{
	bool screen = can_move_cursor();
	size_t index;
	int r;

	if (menu->count == 0)
		return failure_set(failure, ENODATA,
				   "%s: there is nothing to choose from",
				   menu->title);
	fflush(stdout);
	r = screen ? choose_on_screen(menu, &index)
		   : menu_plain_choose(menu, &index);
	if (r == -ECANCELED)
		return failure_set(failure, ECANCELED, "%s: nothing was chosen",
				   menu->title);
	if (r < 0)
		return failure_errno(failure, -r, "%s: cannot ask",
				     menu->title);
	if (screen)
		tell(menu, index);
	*ret_index = index;
	return 0;
}
