/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "kernel/boot-menu.h"

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

static void drop_last(struct text *text)
{
	while (text->len > 0 && text->buf[text->len - 1] != '/')
		text->len--;
	if (text->len > 0)
		text->len--;
	text->buf[text->len] = '\0';
}

static void add_components(struct text *text, const char *path)
{
	while (*path && !text->cut) {
		size_t len = 0;

		while (path[len] && !is_slash(path[len]))
			len++;
		if (len == 2 && path[0] == '.' && path[1] == '.')
			drop_last(text);
		else if (len > 0 && !(len == 1 && path[0] == '.'))
			text_add(text, "/%.*s", (int)MIN(len, text->size),
				 path);
		path += len;
		while (is_slash(*path))
			path++;
	}
}

int boot_path_join(const char *directory, const char *path, char *buf,
		   size_t size)
{
	struct text text = text_over(buf, size);

	if (!is_slash(*path))
		add_components(&text, directory);
	add_components(&text, path);
	if (text.len == 0)
		text_put(&text, "/");
	return text.cut ? -ENAMETOOLONG : 0;
}
