/* SPDX-License-Identifier: MIT */
#include "cli/menu-plain.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_MAX_BYTES 256

/* --- an answer --- */

static int find_number(const struct menu *menu, size_t number,
		       size_t *ret_index, struct failure *failure)
{
	if (number < 1 || number > menu->count)
		return failure_set(failure, ENOENT, "the numbers are 1 to %zu",
				   menu->count);
	*ret_index = number - 1;
	return 0;
}

static int find_part(const struct menu *menu, const char *part,
		     size_t *ret_index, struct failure *failure)
{
	size_t found = 0, count = 0;

	for (size_t i = 0; i < menu->count; i++) {
		const char *text = menu->items[i].text;

		if (!strcasestr(text, part))
			continue;
		found = i;
		count++;
		/* The whole of it may be a part of others. */
		if (strcasecmp(text, part) == 0) {
			count = 1;
			break;
		}
	}
	if (count == 0)
		return failure_set(failure, ENOENT, "\"%s\" is in none", part);
	if (count > 1)
		return failure_set(failure, EEXIST,
				   "\"%s\" is in %zu of them: say more", part,
				   count);
	*ret_index = found;
	return 0;
}

int menu_plain_find(const struct menu *menu, const char *answer,
		    size_t *ret_index, struct failure *failure)
{
	char text[LINE_MAX_BYTES];
	uint64_t number;

	str_copy(text, sizeof(text), answer + strspn(answer, " \t"));
	str_trim_end(text);
	if (text[0] == '\0')
		return find_number(menu, menu->chosen + 1, ret_index, failure);
	if (strcasecmp(text, "q") == 0)
		return -ECANCELED;
	if (strspn(text, "0123456789") < strlen(text))
		return find_part(menu, text, ret_index, failure);
	if (str_to_u64(text, menu->count, &number) < 0)
		number = 0;
	return find_number(menu, (size_t)number, ret_index, failure);
}

/* --- asking --- */

static void print_title(const struct menu *menu)
{
	char line[256];

	str_copy(line, sizeof(line), menu->title);
	str_make_printable(line);
	puts(line);
}

static void print_item(const struct menu *menu, size_t index)
{
	const struct menu_item *item = &menu->items[index];
	char line[512];
	struct text text = text_over(line, sizeof(line));

	text_add(&text, "%4zu  %s", index + 1, item->text);
	if (item->detail && *item->detail)
		text_add(&text, "  (%s)", item->detail);
	str_make_printable(line);
	puts(line);
}

/* A line byte by byte, as what is behind it is somebody else's. */
static int read_line(char buf[static LINE_MAX_BYTES])
{
	size_t len = 0;

	for (;;) {
		char byte;
		ssize_t n = read(STDIN_FILENO, &byte, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 && len == 0)
			return -ECANCELED;
		if (n == 0 || byte == '\n')
			break;
		if (len + 1 < LINE_MAX_BYTES)
			buf[len++] = byte;
	}
	buf[len] = '\0';
	return 0;
}

int menu_plain_choose(const struct menu *menu, size_t *ret_index)
{
	char line[LINE_MAX_BYTES];
	int r;

	print_title(menu);
	for (size_t i = 0; i < menu->count; i++)
		print_item(menu, i);
	do {
		struct failure failure = { 0 };

		printf("Number or a part of it (Enter: %zu, q: leave): ",
		       menu->chosen + 1);
		fflush(stdout);
		r = read_line(line);
		if (r < 0)
			return r;
		r = menu_plain_find(menu, line, ret_index, &failure);
		if (failure.err)
			puts(failure.text);
	} while (r == -ENOENT || r == -EEXIST);
	return r;
}
