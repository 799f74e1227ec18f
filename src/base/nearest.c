/* SPDX-License-Identifier: MIT */
/*
 * Optimal string alignment distance by the usual table of prefixes, of which
 * three rows are kept: row i holds the distances of the first i letters of a
 * to each prefix of b.
 */
#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 32 /* a longer word is no mistyped name */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

static unsigned edit_distance(const char *a, size_t a_len, const char *b,
			      size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= b_len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *oldest = before;

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned replaced =
				last[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

const char *nearest_name(const char *word, const char *const *names,
			 size_t count)
{
	size_t word_len = strlen(word);
	const char *best = NULL;
	unsigned best_distance = 0;

	if (word_len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);
		unsigned distance;

		if (len > WORD_MAX)
			continue;
		distance = edit_distance(word, word_len, names[i], len);
		/* More than a third of it wrong is another word. */
		if (distance > 1 + len / 3 || distance >= word_len)
			continue;
		if (!best || distance < best_distance) {
			best = names[i];
			best_distance = distance;
		}
	}
	return best;
}
