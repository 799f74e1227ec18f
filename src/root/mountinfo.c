/* SPDX-License-Identifier: MIT */
#include "root/mountinfo.h"

#include <errno.h>

/* What comes before separator, which is skipped; all of it without one. */
static struct view take_until(struct view *v, char separator)
{
	const void *end = v->left ? memchr(v->at, separator, v->left) : NULL;
	size_t len = end ? (size_t)((const uint8_t *)end - v->at) : v->left;
	struct view word = view_sub(v, len);

	if (end)
		view_skip(v, 1);
	return word;
}

static bool is_octal(uint8_t c)
{
	return c >= '0' && c <= '7';
}

static char unescape(struct view *v)
{
	char c = (char)view_u8(v);

	/* \377 is the highest; a backslash itself comes as \134. */
	if (c != '\\' || v->left < 3 || v->at[0] > '3' || !is_octal(v->at[0]) ||
	    !is_octal(v->at[1]) || !is_octal(v->at[2]))
		return c;
	c = (char)((v->at[0] - '0') << 6 | (v->at[1] - '0') << 3 |
		   (v->at[2] - '0'));
	view_skip(v, 3);
	return c;
}

static int take_word(struct view *line, char *dst, size_t size)
{
	struct view word = take_until(line, ' ');
	size_t len = 0;

	while (word.left > 0 && len < size - 1) {
		dst[len] = unescape(&word);
		if (dst[len++] == '\0')
			return -EBADMSG;
	}
	dst[len] = '\0';
	return word.left > 0 || len == 0 ? -EBADMSG : 0;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS ...] - TYPE SOURCE OPTIONS */
static int parse_line(struct view line, struct mountinfo *mount)
{
	for (int i = 0; i < 3; i++)
		(void)take_until(&line, ' ');
	if (take_word(&line, mount->root, sizeof(mount->root)) < 0 ||
	    take_word(&line, mount->point, sizeof(mount->point)) < 0)
		return -EBADMSG;
	while (line.left > 0) {
		struct view word = take_until(&line, ' ');

		if (word.left != 1 || word.at[0] != '-')
			continue;
		if (take_word(&line, mount->type, sizeof(mount->type)) < 0)
			return -EBADMSG;
		/* mount(2) with an empty source leaves an empty word. */
		if (take_word(&line, mount->source, sizeof(mount->source)) < 0)
			mount->source[0] = '\0';
		return 1;
	}
	return -EBADMSG;
}

int mountinfo_next(struct view *text, struct mountinfo *ret_mount)
{
	return text->left > 0 ? parse_line(take_until(text, '\n'), ret_mount)
			      : 0;
}
