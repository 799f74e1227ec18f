/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, split as the kernel does it (next_arg() in
 * lib/cmdline.c): words end at white space outside of double quotes; quotes
 * around a whole word or a whole value are removed, others stay. "--" is a
 * word like any other.
 */
#pragma once

#include "wire/view.h"

/* Iteration over the words: begin with the whole text. */
struct cmdline {
	struct view rest;
};

struct cmdline_word {
	struct view key;
	struct view value; /* empty without "=", too */
	bool has_value;	   /* there was a "=" */
};

/* text is NUL-terminated, as read from /proc/cmdline. */
struct cmdline cmdline_over(const char *text);
bool cmdline_next(struct cmdline *cmdline, struct cmdline_word *ret_word);

/* Whether the word's key is key; "-" and "_" are the same, as for the kernel
 * (parameq() in kernel/params.c). */
bool cmdline_is(const struct cmdline_word *word, const char *key);

/* Whether key is there, with a value or without. */
bool cmdline_has(const char *text, const char *key);

/*
 * The value of the first or last key=value, NUL-terminated in buf of size
 * bytes. Returns its length. -ENODATA: no such key with a value, -ENOBUFS:
 * does not fit.
 */
int cmdline_first(const char *text, const char *key, char *buf, size_t size)
	_must_check;
int cmdline_last(const char *text, const char *key, char *buf, size_t size)
	_must_check;
