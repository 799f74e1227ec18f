/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "tap.h"
#include "wire/cmdline.h"

#define NONE "(none)"

/* What next_arg() of the kernel makes of each text: key, value, key, value…;
 * NONE stands for no value. */
static const struct {
	const char *text;
	const char *words[7];
} splits[] = {
	{ "", { NULL } },
	{ " \t\n ", { NULL } },
	{ "quiet", { "quiet", NONE } },
	{ " a=1  b\n", { "a", "1", "b", NONE } },
	{ "a= b", { "a", "", "b", NONE } },
	{ "a=b=c", { "a", "b=c" } },
	{ "=a=b", { "=a", "b" } },
	{ "a=\"b c\" d", { "a", "b c", "d", NONE } },
	{ "\"a=b c\" d", { "a", "b c", "d", NONE } },
	{ "a=b\" \"c", { "a", "b\" \"c" } },
	{ "a=\"b c", { "a", "b c" } },
	{ "a=\"", { "a", "" } },
	{ "\"", { "", NONE } },
	{ "\"k=\"v\"\"", { "k", "v\"" } },
	{ "a -- b", { "a", NONE, "--", NONE, "b", NONE } },
};

static bool is(struct view v, const char *text)
{
	return v.left == strlen(text) && view_starts(v, text, v.left);
}

static void test_split(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		struct cmdline cmdline = cmdline_over(splits[i].text);
		const char *const *want = splits[i].words;
		struct cmdline_word word;
		bool good = true;

		while (cmdline_next(&cmdline, &word)) {
			if (!*want || !is(word.key, want[0]) ||
			    word.has_value == (want[1] == (const char *)NONE) ||
			    (word.has_value && !is(word.value, want[1]))) {
				good = false;
				break;
			}
			want += 2;
		}
		ok(good && !*want, splits[i].text);
	}
}

static void test_lookup(void)
{
	static const char text[] =
		"console=tty1 image-url=a console=ttyS0 debug console";
	char buf[6];

	ok_int(cmdline_first(text, "console", buf, sizeof(buf)), 4,
	       "the first value");
	ok_str(buf, "tty1", "is tty1");
	ok_int(cmdline_last(text, "console", buf, sizeof(buf)), 5,
	       "the last value fits to the byte");
	ok_str(buf, "ttyS0", "is ttyS0");
	ok_int(cmdline_last(text, "console", buf, 5), -ENOBUFS,
	       "one byte less is refused");
	ok_int(cmdline_first(text, "debug", buf, sizeof(buf)), -ENODATA,
	       "a key without value has none");
	ok_int(cmdline_first(text, "image_url", buf, sizeof(buf)), 1,
	       "- and _ are the same");
	ok(cmdline_has(text, "debug") && cmdline_has(text, "console"),
	   "cmdline_has finds keys with and without value");
	ok(!cmdline_has(text, "consol") && !cmdline_has(text, "tty1"),
	   "but no part of one and no value");
}

static int take(void *context, const char *value, struct failure *failure)
{
	struct text *said = context;

	if (str_eq(value, "bad"))
		return failure_set(failure, EINVAL, "key=%s", value);
	text_add(said, "%s;", value);
	return 0;
}

static void test_read(void)
{
	static const struct cmdline_key keys[] = { { "key", take },
						   { "my_key", take } };
	char buf[64], longer[CMDLINE_VALUE_MAX + 8];
	struct text said = text_over(buf, sizeof(buf));
	struct failure failure;

	ok_int(cmdline_read("a key=1 other=2 my-key=3 key", keys,
			    ARRAY_SIZE(keys), &said, &failure),
	       0, "every word that is asked for");
	ok_str(buf, "1;3;;", "in their order");
	said = text_over(buf, sizeof(buf));
	ok_int(cmdline_read("key=bad key=4 key=bad", keys, ARRAY_SIZE(keys),
			    &said, &failure),
	       -EINVAL, "one that is refused is told");
	ok_str(failure.text, "key=bad", "as it says");
	ok_str(buf, "4;", "and the others are taken");
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "my_key=", 7);
	longer[sizeof(longer) - 1] = '\0';
	ok_int(cmdline_read(longer, keys, ARRAY_SIZE(keys), &said, &failure),
	       -EINVAL, "a value that does not fit is told, too");
	ok_int(cmdline_read("key=bad", keys, ARRAY_SIZE(keys), &said, NULL),
	       -EINVAL, "nobody needs to know why");
}

int main(void)
{
	test_split();
	test_lookup();
	test_read();
	return tap_done();
}
