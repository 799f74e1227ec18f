/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line, split as the kernel does it (next_arg() in
 * lib/cmdline.c): words end at white space outside of double quotes; quotes
 * around a whole word or a whole value are removed, others stay. "--" is a
 * word like any other.
 */
#pragma once

#include "base/failure.h"
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

/* Longest value that cmdline_read() hands on, with its NUL. */
#define CMDLINE_VALUE_MAX 512

/* What to do with a key. take: a negative errno and *failure, or 0. */
struct cmdline_key {
	const char *key;
	int (*take)(void *context, const char *value, struct failure *failure);
};

/*
 * Hands the value of each word with one of the count keys to its take(), in the
 * order of the text. One that is refused, or too long, ends nothing: *failure
 * tells the first of them, and its errno is returned.
 */
int cmdline_read(const char *text, const struct cmdline_key *keys, size_t count,
		 void *context, struct failure *failure) _must_check;
