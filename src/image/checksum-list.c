/* SPDX-License-Identifier: MIT */
/*
 * A line is one of
 *
 *   DIGITS  NAME            sha256sum, "*" instead of the second space: binary
 *   SHA256 (NAME) = DIGITS  sha256sum --tag, and the BSDs
 *   DIGITS                  of the one file that the list is for
 *
 * A "\" before either of the first two says that NAME has "\\", "\n" and "\r"
 * for a backslash, line feed and carriage return. Whatever else a list has,
 * comments, an OpenPGP signature, other digests, is no line for any file.
 */
#include "image/checksum-list.h"

#include <errno.h>

#include "image/digest.h"

#define DIGITS 64
#define TAG    "SHA256 ("
#define TAGGED ") = "

struct entry {
	struct view name; /* empty: none is said */
	bool escaped;
	struct digest digest;
};

static bool parse_digits(struct view digits, struct digest *ret_digest)
{
	char hex[DIGITS + 1];

	if (digits.left != DIGITS)
		return false;
	view_copy(&digits, hex, DIGITS);
	hex[DIGITS] = '\0';
	return digest_parse_sha256(hex, ret_digest) == 0;
}

/* The next line, without its end. */
static struct view next_line(struct view *text)
{
	const uint8_t *end = memchr(text->at, '\n', text->left);
	size_t len = end ? (size_t)(end - text->at) : text->left;
	struct view line = view_sub(text, len);

	if (end)
		view_skip(text, 1);
	while (line.left > 0 && line.at[line.left - 1] == '\r')
		line.left--;
	return line;
}

static bool parse_tagged(struct view line, struct entry *ret)
{
	size_t behind = sizeof(TAGGED) - 1 + DIGITS;

	view_skip(&line, sizeof(TAG) - 1);
	if (line.left <= behind)
		return false;
	ret->name = view_sub(&line, line.left - behind);
	if (!view_starts(line, TAGGED, sizeof(TAGGED) - 1))
		return false;
	view_skip(&line, sizeof(TAGGED) - 1);
	return parse_digits(line, &ret->digest);
}

static bool parse_plain(struct view line, struct entry *ret)
{
	if (!parse_digits(view_sub(&line, DIGITS), &ret->digest))
		return false;
	ret->name = line;
	if (line.left == 0)
		return true;
	if (line.at[0] != ' ' && line.at[0] != '\t')
		return false;
	view_skip(&ret->name, 1);
	if (view_starts(ret->name, " ", 1) || view_starts(ret->name, "*", 1))
		view_skip(&ret->name, 1);
	return true;
}

static bool parse_line(struct view line, struct entry *ret)
{
	*ret = (struct entry){ .escaped = view_starts(line, "\\", 1) };
	if (ret->escaped)
		view_skip(&line, 1);
	return view_starts(line, TAG, sizeof(TAG) - 1) ? parse_tagged(line, ret)
						       : parse_plain(line, ret);
}

/* One character of a name, as sha256sum writes it. */
static uint8_t next_char(struct view *name, bool escaped)
{
	uint8_t c = view_u8(name);

	if (!escaped || c != '\\')
		return c;
	switch (view_u8(name)) {
	case '\\':
		return '\\';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	}
	return '\0'; /* in no name */
}

static bool is_name(struct view is, bool escaped, const char *name)
{
	while (is.left > 0)
		if (*name == '\0' ||
		    next_char(&is, escaped) != (uint8_t)*name++)
			return false;
	return *name == '\0';
}

static struct view without_directories(struct view name)
{
	const uint8_t *slash = memrchr(name.at, '/', name.left);

	if (slash)
		view_skip(&name, (size_t)(slash + 1 - name.at));
	return name;
}

static bool is_for(const struct entry *entry, const char *name, bool alone)
{
	struct view is = entry->name;

	if (is.left == 0)
		return alone;
	if (alone) /* it was made where the file was then */
		is = without_directories(is);
	else if (view_starts(is, "./", 2))
		view_skip(&is, 2);
	/* "-": sha256sum read its standard input. */
	return is_name(is, entry->escaped, name) ||
	       (alone && is_name(is, false, "-"));
}

int checksum_list_find(struct view text, const char *name, bool alone,
		       char ret_sha256[static SHA256_HEX_MAX])
{
	static const uint8_t byte_order_mark[] = { 0xef, 0xbb, 0xbf };
	char hex[DIGEST_TEXT_MAX];
	struct digest found;
	bool any = false;

	if (view_starts(text, byte_order_mark, sizeof(byte_order_mark)))
		view_skip(&text, sizeof(byte_order_mark));
	while (text.left > 0) {
		struct entry entry;

		if (!parse_line(next_line(&text), &entry) ||
		    !is_for(&entry, name, alone))
			continue;
		if (any && !digest_equal(&found, &entry.digest))
			return -EBADMSG;
		found = entry.digest;
		any = true;
	}
	if (!any)
		return -ENODATA;
	memcpy(ret_sha256, digest_hex(&found, hex), SHA256_HEX_MAX);
	return 0;
}
