/* SPDX-License-Identifier: MIT */
#include "image/name.h"

#include <string.h>

#include "base/text.h"

static bool is_dot(const char *component, size_t len)
{
	return len == 1 && component[0] == '.';
}

static bool is_dot_dot(const char *component, size_t len)
{
	return len == 2 && component[0] == '.' && component[1] == '.';
}

/* Checks all components, and finds where the first real one begins and the
 * last one ends. */
static enum name_verdict scan(const char *name, size_t *ret_start,
			      size_t *ret_end)
{
	size_t start = 0, end = 0, at = 0;

	while (name[at]) {
		size_t len = strcspn(name + at, "/");

		if (is_dot_dot(name + at, len))
			return NAME_OUTSIDE;
		if (len > NAME_MAX)
			return NAME_TOO_LONG;
		if (len > 0 && !is_dot(name + at, len)) {
			if (end == 0)
				start = at;
			end = at + len;
		}
		at += len + strspn(name + at + len, "/");
	}
	*ret_start = start;
	*ret_end = end;
	return NAME_GOOD;
}

enum name_verdict name_clean(char *name, const char **ret_name)
{
	size_t start, end;
	enum name_verdict verdict = scan(name, &start, &end);

	if (name[0] == '\0')
		return NAME_EMPTY;
	if (verdict != NAME_GOOD)
		return verdict;
	if (end - start >= PATH_MAX)
		return NAME_TOO_LONG;
	if (end == 0) {
		*ret_name = ".";
		return NAME_GOOD;
	}
	name[end] = '\0';
	*ret_name = name + start;
	return NAME_GOOD;
}

#define WHITEOUT	  ".wh."
#define WHITEOUT_METADATA ".wh..wh."
#define WHITEOUT_OPAQUE	  ".wh..wh..opq"

/* Whether this or a directory above is aufs's: it keeps files there, too. */
static bool is_metadata(const char *name)
{
	while (name) {
		if (str_after(name, WHITEOUT_METADATA))
			return true;
		name = strchr(name, '/');
		if (name)
			name++;
	}
	return false;
}

enum name_whiteout name_whiteout(const char *name,
				 char ret_target[static PATH_MAX])
{
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	const char *hidden = str_after(last, WHITEOUT);
	size_t dir_len = (size_t)(last - name);

	if (str_eq(last, WHITEOUT_OPAQUE)) {
		memcpy(ret_target, name, dir_len);
		str_copy(ret_target + dir_len, PATH_MAX - dir_len, ".");
		return NAME_OPAQUE;
	}
	if (is_metadata(name))
		return NAME_METADATA;
	if (!hidden)
		return NAME_PLAIN;
	if (hidden[0] == '\0' || is_dot(hidden, strlen(hidden)) ||
	    is_dot_dot(hidden, strlen(hidden)))
		return NAME_BAD_WHITEOUT;
	memcpy(ret_target, name, dir_len);
	str_copy(ret_target + dir_len, PATH_MAX - dir_len, hidden);
	return NAME_WHITEOUT;
}

const char *name_verdict_text(enum name_verdict verdict)
{
	switch (verdict) {
	case NAME_GOOD:
		return "is good";
	case NAME_EMPTY:
		return "has no name";
	case NAME_TOO_LONG:
		return "has a name that is too long";
	case NAME_OUTSIDE:
		return "points outside of the image";
	}
	return "has a name of no known kind";
}
