/* SPDX-License-Identifier: MIT */
/*
 * Bounded text. struct text appends to a caller's buffer and never past it:
 * what does not fit is cut and remembered in cut, the buffer stays
 * NUL-terminated.
 */
#pragma once

#include <stdarg.h>
#include <string.h>

#include "base/util.h"

struct text {
	char *buf;
	size_t size;
	size_t len; /* without the NUL */
	bool cut;
};

/* An empty text over buf, which has size bytes (at least 1). */
struct text text_over(char *buf, size_t size);
void text_add(struct text *text, const char *format, ...) _printf(2, 3);
/* Appends a string as it is: for who does so for each packet. */
void text_put(struct text *text, const char *string);
void text_vadd(struct text *text, const char *format, va_list args);

/* Copies src into dst of size bytes, cut and NUL-terminated; returns false
 * when it was cut. */
bool str_copy(char *dst, size_t size, const char *src);

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The rest of s behind prefix, or NULL when s does not begin with it. */
static inline const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Whether text that came from elsewhere ends within its size bytes. */
static inline bool str_is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

/* Removes white space (line ends too) at the end of s, in place. */
void str_trim_end(char *s);

/* Replaces every byte that a terminal could interpret (controls, DEL, C1 as
 * UTF-8 or raw, invalid UTF-8) by '?', in place. */
void str_make_printable(char *s);

/* Whether it would stay as it is. */
bool str_is_printable(const char *s);

/* The whole of s as a decimal number (0 .. max). -EINVAL: not a number,
 * -ERANGE: above max. */
int str_to_u64(const char *s, uint64_t max, uint64_t *ret_value) _must_check;

/* "1.4 GB", "312 MB", "17 kB": decimal units, as networks and disks are sold.
 * Writes into buf and returns it. */
#define SIZE_TEXT_MAX 24
const char *size_text(uint64_t bytes, char buf[static SIZE_TEXT_MAX]);
