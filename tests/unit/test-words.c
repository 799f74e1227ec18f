/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "cli/words.h"
#include "tap.h"

static const struct {
	const char *line;
	int r;
	const char *joined; /* the words with '|' between and behind them */
} cases[] = {
	{ "", 0, "" },
	{ " \t\r\n", 0, "" },
	{ "load", 0, "load|" },
	{ "  load   http://h/a b\n", 0, "load|http://h/a|b|" },
	{ "a 'b  c' \"d  e\"", 0, "a|b  c|d  e|" },
	{ "a'b'\"c\"d", 0, "abcd|" },
	{ "'' \"\"", 0, "||" },
	{ "a\\ b \\' \\\\", 0, "a b|'|\\|" },
	{ "\"\\\"\\\\\\n\"", 0, "\"\\\\n|" },
	{ "'\\'", 0, "\\|" },
	{ "a\\", 0, "a\\|" },
	{ "$HOME `id` *;|&", 0, "$HOME|`id`|*;|&|" },
	{ "'open", -EINVAL, NULL },
	{ "a \"b' c", -EINVAL, NULL },
	{ "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5", 0,
	  "1|2|3|4|5|6|7|8|9|0|1|2|3|4|5|" },
	{ "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6", -ENOBUFS, NULL },
};

static void test_long(void)
{
	static char line[WORDS_BYTES_MAX + 1];
	struct failure failure;
	struct words words;

	memset(line, 'x', WORDS_BYTES_MAX - 1);
	ok_int(words_split(line, &words, &failure), 0, "as long as may be");
	ok_int((int64_t)strlen(words.word[0]), WORDS_BYTES_MAX - 1, "all kept");
	line[WORDS_BYTES_MAX - 1] = 'x';
	ok_int(words_split(line, &words, &failure), -ENOBUFS, "longer");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct failure failure = { 0 };
		char joined[128] = "";
		struct words words;
		int r = words_split(cases[i].line, &words, &failure);

		ok_int(r, cases[i].r, "result");
		if (r < 0) {
			ok(failure.text[0], "a failure says why");
			continue;
		}
		ok(!words.word[words.count], "ended by NULL");
		for (int w = 0; w < words.count; w++) {
			strncat(joined, words.word[w], 60);
			strncat(joined, "|", 2);
		}
		ok_str(joined, cases[i].joined, "words");
	}
	test_long();
	return tap_done();
}
