/* SPDX-License-Identifier: MIT */
/*
 * The part of Go's text/template that boot command lines are written in:
 *
 *   console=tty0 cfg={{ URL "https://host/cfg" }} {{- " quiet" -}}
 *
 * Text, and between {{ and }} one string, or the name of a function and one
 * string. Strings are those of Go: "…" with its escapes, `…` without any.
 * "{{- " and " -}}" remove the white space before and after; a comment
 * between the two is nothing. No more of the language is there, and what is
 * not is an error that names it.
 */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

struct template_reader {
	struct view rest;
	bool trim; /* the action before removes white space behind it */
};

enum template_kind {
	TEMPLATE_TEXT, /* value, as it is; a string alone, too */
	TEMPLATE_CALL, /* function with value */
};

#define TEMPLATE_FUNCTION_MAX 16

struct template_piece {
	enum template_kind kind;
	char function[TEMPLATE_FUNCTION_MAX];
	const char *value; /* in the caller's buffer, NUL-terminated */
};

struct template_reader template_over(const char *text);

/*
 * The next piece, its value written to buf, of which size bytes are enough
 * when size is longer than the text. Returns 1; 0 at the end. -EBADMSG with
 * *failure: no template that we know, -ENOBUFS: a value does not fit.
 */
int template_next(struct template_reader *reader, char *buf, size_t size,
		  struct template_piece *ret_piece, struct failure *failure)
	_must_check;
