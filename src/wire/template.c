/* SPDX-License-Identifier: MIT */
#include "wire/template.h"

#include <errno.h>

#include "base/text.h"
#include "wire/build.h"

#define SPACE "{{- and -}} must be next to white space"

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_name(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_';
}

static void skip_space(struct view *v)
{
	while (v->left > 0 && is_space(*v->at))
		view_skip(v, 1);
}

static bool skip_word(struct view *v, const char *word)
{
	if (!view_starts(*v, word, strlen(word)))
		return false;
	view_skip(v, strlen(word));
	return true;
}

static size_t find(struct view v, const char *word)
{
	const uint8_t *at = memmem(v.at, v.left, word, strlen(word));

	return at ? (size_t)(at - v.at) : v.left;
}

/* --- strings --- */

static void put_utf8(struct build *out, uint32_t c)
{
	if (c < 0x80) {
		build_u8(out, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		build_u8(out, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		build_u8(out, (uint8_t)(0xe0 | c >> 12));
		build_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		build_u8(out, (uint8_t)(0xf0 | c >> 18));
		build_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		build_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	build_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
}

static uint32_t hex_digit(uint8_t byte)
{
	uint8_t low = byte | 0x20;

	if (byte >= '0' && byte <= '9')
		return (uint32_t)byte - '0';
	return low >= 'a' && low <= 'f' ? (uint32_t)low - 'a' + 10 : UINT32_MAX;
}

/* count digits; false: there are fewer. */
static bool take_digits(struct view *v, int count, uint32_t radix,
			uint32_t *ret_value)
{
	uint32_t value = 0;

	while (count-- > 0) {
		uint8_t byte = view_u8(v);
		uint32_t digit = hex_digit(byte);

		if (digit >= radix)
			return false;
		value = value * radix + digit;
	}
	*ret_value = value;
	return true;
}

/* The escapes of a Go string ("String literals" in its specification). */
static bool take_escape(struct view *v, struct build *out)
{
	static const char plain[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"";
	static const struct {
		char letter;
		int digits;
	} numbers[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };
	uint8_t letter = view_u8(v);
	uint32_t value;

	for (const char *p = plain; *p; p += 2) {
		if (letter == (uint8_t)p[0]) {
			build_u8(out, (uint8_t)p[1]);
			return true;
		}
	}
	if (letter >= '0' && letter <= '3') {
		if (!take_digits(v, 2, 8, &value))
			return false;
		build_u8(out, (uint8_t)((uint32_t)(letter - '0') * 64 + value));
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (letter != (uint8_t)numbers[i].letter)
			continue;
		if (!take_digits(v, numbers[i].digits, 16, &value) ||
		    value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
			return false;
		if (letter == 'x')
			build_u8(out, (uint8_t)value);
		else
			put_utf8(out, value);
		return true;
	}
	return false;
}

static int take_quoted(struct view *v, struct build *out,
		       struct failure *failure)
{
	for (;;) {
		uint8_t byte = view_u8(v);

		if (v->bad || byte == '\n')
			return failure_set(failure, EBADMSG,
					   "template: a string without its "
					   "closing \"");
		if (byte == '"')
			return 0;
		if (byte == '\\' && !take_escape(v, out))
			return failure_set(failure, EBADMSG,
					   "template: an escape in a string "
					   "that Go does not have");
		if (byte != '\\')
			build_u8(out, byte);
	}
}

static int take_raw(struct view *v, struct build *out, struct failure *failure)
{
	size_t len = find(*v, "`");

	if (len == v->left)
		return failure_set(failure, EBADMSG,
				   "template: a string without its closing `");
	for (; len > 0; len--) {
		uint8_t byte = view_u8(v);

		if (byte != '\r') /* as Go does */
			build_u8(out, byte);
	}
	view_skip(v, 1);
	return 0;
}

static int take_string(struct view *v, struct build *out,
		       struct failure *failure)
{
	if (skip_word(v, "\""))
		return take_quoted(v, out, failure);
	if (skip_word(v, "`"))
		return take_raw(v, out, failure);
	return failure_set(failure, EBADMSG,
			   "template: \"%.*s\" where a string should be",
			   (int)MIN(v->left, (size_t)16), (const char *)v->at);
}

/* --- actions --- */

static int take_function(struct view *v, struct template_piece *piece,
			 struct failure *failure)
{
	size_t len = 0;

	while (len < v->left && is_name(v->at[len]))
		len++;
	if (len >= sizeof(piece->function))
		return failure_set(failure, EBADMSG,
				   "template: there is no function \"%.*s…\"",
				   TEMPLATE_FUNCTION_MAX, (const char *)v->at);
	memcpy(piece->function, v->at, len);
	piece->function[len] = '\0';
	view_skip(v, len);
	piece->kind = len > 0 ? TEMPLATE_CALL : TEMPLATE_TEXT;
	skip_space(v);
	return 0;
}

/* "}}", or " -}}". */
static int take_end(struct template_reader *reader, bool spaced,
		    struct failure *failure)
{
	struct view *v = &reader->rest;

	reader->trim = skip_word(v, "-}}");
	if (reader->trim && !spaced)
		return failure_set(failure, EBADMSG, "template: " SPACE);
	if (reader->trim || skip_word(v, "}}"))
		return 0;
	if (v->left == 0)
		return failure_set(failure, EBADMSG,
				   "template: \"{{\" without \"}}\"");
	return failure_set(failure, EBADMSG,
			   "template: \"%.*s\" is more than a function and a "
			   "string",
			   (int)MIN(v->left, (size_t)16), (const char *)v->at);
}

static int take_comment(struct template_reader *reader, struct failure *failure)
{
	struct view *v = &reader->rest;
	size_t len = find(*v, "*/");
	bool spaced;

	if (len == v->left)
		return failure_set(failure, EBADMSG,
				   "template: a comment that does not end");
	view_skip(v, len + 2);
	spaced = v->left > 0 && is_space(*v->at);
	skip_space(v);
	return take_end(reader, spaced, failure);
}

static int take_action(struct template_reader *reader, struct build *out,
		       struct template_piece *piece, struct failure *failure)
{
	struct view *v = &reader->rest;
	bool spaced;
	int r;

	view_skip(v, 2);
	if (skip_word(v, "-") && (v->left == 0 || !is_space(*v->at)))
		return failure_set(failure, EBADMSG, "template: " SPACE);
	skip_space(v);
	if (skip_word(v, "/*"))
		return take_comment(reader, failure);
	r = take_function(v, piece, failure);
	if (r == 0)
		r = take_string(v, out, failure);
	if (r < 0)
		return r;
	spaced = v->left > 0 && is_space(*v->at);
	skip_space(v);
	return take_end(reader, spaced, failure);
}

/* --- pieces --- */

static void take_text(struct template_reader *reader, struct build *out)
{
	struct view *v = &reader->rest, text;
	size_t len = find(*v, "{{");

	text = view_sub(v, len);
	if (reader->trim)
		skip_space(&text);
	reader->trim = false;
	if (v->left > 3 && v->at[2] == '-' && is_space(v->at[3]))
		while (text.left > 0 && is_space(text.at[text.left - 1]))
			text.left--;
	build_bytes(out, text.at, text.left);
}

struct template_reader template_over(const char *text)
{
	return (struct template_reader){ .rest = view_over(text,
							   strlen(text)) };
}

int template_next(struct template_reader *reader, char *buf, size_t size,
		  struct template_piece *ret_piece, struct failure *failure)
{
	struct template_piece piece = { .kind = TEMPLATE_TEXT, .value = buf };
	struct build out = build_over(buf, size);
	int r = 0;

	while (reader->rest.left > 0 && out.len == 0 &&
	       piece.kind == TEMPLATE_TEXT && r == 0) {
		if (view_starts(reader->rest, "{{", 2))
			r = take_action(reader, &out, &piece, failure);
		else
			take_text(reader, &out);
	}
	if (r < 0)
		return r;
	if (memchr(buf, '\0', out.len))
		return failure_set(failure, EBADMSG,
				   "template: a string with a NUL");
	r = out.len > 0 || piece.kind == TEMPLATE_CALL;
	build_u8(&out, '\0');
	if (out.bad)
		return failure_set(failure, ENOBUFS, "template: too long");
	*ret_piece = piece;
	return r;
}
