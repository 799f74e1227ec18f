/* SPDX-License-Identifier: MIT */
#include "image/reference.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/text.h"

static const char *after_scheme(const char *text, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(text, scheme, n) == 0 ? text + n : NULL;
}

/* Keeps both ends: the host and the file's name say most. */
static void shorten(char *dst, size_t size, const char *head, size_t head_len,
		    const char *tail)
{
	struct text text = text_over(dst, size);
	size_t tail_len = strlen(tail);
	size_t room = size - 1 - head_len;

	text_add(&text, "%.*s", (int)head_len, head);
	if (tail_len <= room)
		text_add(&text, "%s", tail);
	else
		text_add(&text, "%.*s...%s", (int)(room / 2 - 3), tail,
			 tail + tail_len - room / 2);
	str_make_printable(dst);
}

static int parse_http(const char *text, const char *authority,
		      struct reference *ret, struct failure *failure)
{
	size_t authority_len = strcspn(authority, "/?#");
	const char *host = memrchr(authority, '@', authority_len);
	size_t url_len = strcspn(text, "#");

	host = host ? host + 1 : authority;
	if (host == authority + authority_len || *host == ':')
		return failure_set(failure, EINVAL, "%s: no host in this URL",
				   text);
	for (const char *at = text; *at; at++)
		if (iscntrl((unsigned char)*at) || *at == ' ')
			return failure_set(
				failure, EINVAL,
				"%s: a URL has no white space or control "
				"characters; write them as %%20 and so on",
				text);
	ret->kind = REFERENCE_HTTP;
	str_copy(ret->target, sizeof(ret->target), text);
	ret->target[url_len] = '\0';
	shorten(ret->name, sizeof(ret->name), text, (size_t)(authority - text),
		ret->target + (host - text));
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path of a file URL, its %XX decoded (RFC 3986 section 2.1). */
static int decode_path(const char *encoded, char *ret_path)
{
	size_t n = 0;

	for (const char *at = encoded; *at && *at != '#'; at++) {
		int high, low;

		if (*at != '%') {
			ret_path[n++] = *at;
			continue;
		}
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0 || high * 16 + low == 0)
			return -EINVAL;
		ret_path[n++] = (char)(high * 16 + low);
		at += 2;
	}
	ret_path[n] = '\0';
	return 0;
}

static int parse_file(const char *text, const char *rest, struct reference *ret,
		      struct failure *failure)
{
	const char *path = after_scheme(rest, "localhost");

	if (!path)
		path = rest;
	if (*path != '/' || decode_path(path, ret->target) < 0)
		return failure_set(failure, EINVAL,
				   "%s: a file URL is file:///path, with "
				   "%%XX for special characters",
				   text);
	ret->kind = REFERENCE_FILE;
	shorten(ret->name, sizeof(ret->name), "", 0, ret->target);
	return 0;
}

/* "word://": letters, digits, "+", "-", "." (RFC 3986 section 3.1). */
static bool has_scheme(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return n > 0 && str_after(text + n, "://");
}

int reference_parse(const char *text, struct reference *ret_reference,
		    struct failure *failure)
{
	struct reference reference = { 0 };
	const char *rest;
	int r = 0;

	if (text[0] == '\0')
		return failure_set(failure, EINVAL,
				   "the image reference is empty");
	if (strlen(text) >= sizeof(reference.target))
		return failure_set(failure, EINVAL,
				   "the image reference is longer than %zu "
				   "bytes",
				   sizeof(reference.target) - 1);
	if ((rest = after_scheme(text, "http://")) ||
	    (rest = after_scheme(text, "https://"))) {
		r = parse_http(text, rest, &reference, failure);
	} else if ((rest = after_scheme(text, "file://"))) {
		r = parse_file(text, rest, &reference, failure);
	} else if (has_scheme(text)) {
		return failure_set(failure, EINVAL,
				   "%s: this scheme is not known; use http://, "
				   "https://, file:// or a path",
				   text);
	} else {
		reference.kind =
			str_eq(text, "-") ? REFERENCE_STDIN : REFERENCE_FILE;
		str_copy(reference.target, sizeof(reference.target), text);
		shorten(reference.name, sizeof(reference.name), "", 0,
			str_eq(text, "-") ? "standard input" : text);
	}
	if (r == 0)
		*ret_reference = reference;
	return r;
}
