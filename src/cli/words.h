/* SPDX-License-Identifier: MIT */
/* A typed line taken apart into words. */
#pragma once

#include "base/failure.h"

#define WORDS_MAX	15
#define WORDS_BYTES_MAX 4096

struct words {
	int count;
	char *word[WORDS_MAX + 1]; /* NULL behind the last, as for main() */
	char bytes[WORDS_BYTES_MAX];
};

/*
 * Splits at blanks. As in a shell 'single' and "double" quotes keep blanks,
 * and a backslash takes the next character as it is (between double quotes
 * only a quote or a backslash, between single quotes nothing); nothing else
 * means anything. The words point into *ret_words, which must not be copied.
 * -EINVAL for an open quote, -ENOBUFS for a line of too many words or bytes.
 */
int words_split(const char *line, struct words *ret_words,
		struct failure *failure) _must_check;
