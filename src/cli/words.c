/* SPDX-License-Identifier: MIT */
#include "cli/words.h"

#include <errno.h>

#include "wire/build.h"
#include "wire/view.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether a backslash before next takes it as it is, within quote (0: in
 * none). */
static bool escapes(uint8_t quote, uint8_t next)
{
	return quote == 0 || (quote == '"' && (next == '"' || next == '\\'));
}

/* Copies one word without its quotes; returns the quote left open, or 0. */
static uint8_t copy_word(struct view *line, struct build *out)
{
	uint8_t quote = 0;

	while (line->left > 0 && (quote || !is_blank(*line->at))) {
		uint8_t c = view_u8(line);

		if (c == '\\' && line->left > 0 && escapes(quote, *line->at))
			build_u8(out, view_u8(line));
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? 0 : c;
		else
			build_u8(out, c);
	}
	build_u8(out, '\0');
	return quote;
}

static void skip_blanks(struct view *line)
{
	while (line->left > 0 && is_blank(*line->at))
		view_skip(line, 1);
}

int words_split(const char *line, struct words *ret_words,
		struct failure *failure)
{
	struct view view = view_over(line, strlen(line));
	struct build out =
		build_over(ret_words->bytes, sizeof(ret_words->bytes));

	ret_words->count = 0;
	for (skip_blanks(&view); view.left > 0; skip_blanks(&view)) {
		char *word = ret_words->bytes + out.len;
		uint8_t quote = copy_word(&view, &out);

		if (quote)
			return failure_set(failure, EINVAL,
					   "a quote (%c) is not closed", quote);
		if (out.bad || ret_words->count == WORDS_MAX)
			return failure_set(failure, ENOBUFS,
					   "the line is too long (at most %d "
					   "words, %d bytes)",
					   WORDS_MAX, WORDS_BYTES_MAX);
		ret_words->word[ret_words->count++] = word;
	}
	ret_words->word[ret_words->count] = NULL;
	return 0;
}
