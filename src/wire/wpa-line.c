/* SPDX-License-Identifier: MIT */
#include "wire/wpa-line.h"

struct view wpa_field_next(struct view *line, char separator)
{
	const uint8_t *end =
		line->left > 0 ? memchr(line->at, separator, line->left) : NULL;
	size_t len = end ? (size_t)(end - line->at) : line->left;
	struct view field = view_sub(line, len);

	if (end)
		view_skip(line, 1);
	return field;
}

bool wpa_line_next(struct view *text, struct view *ret_line)
{
	if (text->bad || text->left == 0)
		return false;
	*ret_line = wpa_field_next(text, '\n');
	return true;
}

bool wpa_value(struct view line, const char *name, struct view *ret_value)
{
	size_t len = strlen(name);

	if (!view_starts(line, name, len))
		return false;
	view_skip(&line, len);
	if (view_u8(&line) != '=')
		return false;
	*ret_value = line;
	return true;
}

bool wpa_equal(struct view text, const char *word)
{
	return text.left == strlen(word) && view_starts(text, word, text.left);
}

bool wpa_number(struct view text, int32_t *ret_number)
{
	bool negative = view_starts(text, "-", 1);
	int32_t number = 0;

	if (negative)
		view_skip(&text, 1);
	if (text.left == 0 || text.left > 9)
		return false;
	while (text.left > 0) {
		uint8_t c = view_u8(&text);

		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (c - '0');
	}
	*ret_number = negative ? -number : number;
	return true;
}
