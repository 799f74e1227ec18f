/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>

#include "base/text.h"
#include "iso/boot-menu.h"

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
	const char *from_root = str_after(path, "::");

	if (!from_root && !is_slash(*path))
		add_components(&text, directory);
	add_components(&text, from_root ? from_root : path);
	if (text.len == 0)
		text_put(&text, "/");
	return text.cut ? -ENAMETOOLONG : 0;
}

static bool is_same_character(char a, char b)
{
	return a == '?' ||
	       tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Only the last "*" is ever tried again, so that no pattern takes more than
 * its length times that of the name: fnmatch(3) may take for ever. */
bool boot_name_matches(const char *pattern, const char *name)
{
	const char *behind_star = NULL, *tried = NULL;

	while (*name) {
		if (*pattern == '*') {
			behind_star = ++pattern;
			tried = name;
		} else if (*pattern && is_same_character(*pattern, *name)) {
			pattern++;
			name++;
		} else if (behind_star) {
			pattern = behind_star;
			name = ++tried;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}
