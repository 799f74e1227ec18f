/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct text text_over(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct text){ .buf = buf, .size = size };
}

void text_vadd(struct text *text, const char *format, va_list args)
{
	size_t room = text->size - text->len;
	int n = vsnprintf(text->buf + text->len, room, format, args);

	if (n < 0)
		return;
	if ((size_t)n >= room) {
		text->cut = true;
		text->len = text->size - 1;
		return;
	}
	text->len += (size_t)n;
}

void text_put(struct text *text, const char *string)
{
	size_t len = strlen(string), room = text->size - text->len - 1;

	if (len > room) {
		len = room;
		text->cut = true;
	}
	memcpy(text->buf + text->len, string, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vadd(text, format, args);
	va_end(args);
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size);
	bool fits = len < size;

	if (!fits)
		len = size - 1;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return fits;
}

void str_trim_end(char *s)
{
	size_t len = strlen(s);

	while (len > 0 && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
}

/*
 * The length of the printable UTF-8 character at s, 0 when there is none.
 * Overlong forms, surrogates and the C1 controls (U+0080..U+009F) are not
 * printable.
 */
static size_t printable_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		len = 4;
	else
		return 0;
	code = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[len] || (code >= 0x80 && code < 0xa0) ||
	    (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return len;
}

void str_make_printable(char *s)
{
	unsigned char *at = (unsigned char *)s;

	while (*at) {
		size_t len = printable_length(at);

		if (len == 0) {
			*at = '?';
			len = 1;
		}
		at += len;
	}
}

bool str_is_printable(const char *s)
{
	const unsigned char *at = (const unsigned char *)s;
	size_t len = 1;

	while (*at && len > 0) {
		len = printable_length(at);
		at += len;
	}
	return len > 0;
}

int str_to_u64(const char *s, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (value > (max - MIN(digit, max)) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

const char *size_text(uint64_t bytes, char buf[static SIZE_TEXT_MAX])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (value /= 1000; value >= 999.5 && unit + 1 < ARRAY_SIZE(units);
	     unit++)
		value /= 1000;
	snprintf(buf, SIZE_TEXT_MAX, value < 9.95 ? "%.1f %s" : "%.0f %s",
		 value, units[unit]);
	return buf;
}
