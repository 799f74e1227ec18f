/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>

#include "base/failure.h"
#include "tap.h"

static void test_printable(void)
{
	static const char *const cases[][2] = {
		{ "plain", "plain" },
		{ "a\x1b[31mb\n", "a?[31mb?" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "c1 \xc2\x9b here", "c1 ?? here" },
		{ "overlong \xc0\xaf", "overlong ??" },
		{ "cut \xe2\x82", "cut ??" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "del\x7f", "del?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[64];

		str_copy(buf, sizeof(buf), cases[i][0]);
		str_make_printable(buf);
		ok_str(buf, cases[i][1], "printable");
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
	} cases[] = {
		{ "0", 10, 0 },
		{ "10", 10, 0 },
		{ "11", 10, -ERANGE },
		{ "18446744073709551615", UINT64_MAX, 0 },
		{ "18446744073709551616", UINT64_MAX, -ERANGE },
		{ "", 10, -EINVAL },
		{ "-1", 10, -EINVAL },
		{ "1x", 10, -EINVAL },
		{ " 1", 10, -EINVAL },
		{ "7", 5, -ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value;

		ok_int(str_to_u64(cases[i].text, cases[i].max, &value),
		       cases[i].r, cases[i].text);
	}
}

static void test_sizes(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 999, "999 B" },
		{ 1000, "1.0 kB" },
		{ 1440000, "1.4 MB" },
		{ 9960000, "10 MB" },
		{ 999400000, "999 MB" },
		{ 999600000, "1.0 GB" },
		{ 1500000000000, "1.5 TB" },
		{ UINT64_MAX, "18447 PB" },
	};
	char buf[SIZE_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok_str(size_text(cases[i].bytes, buf), cases[i].text,
		       cases[i].text);
}

static void test_failure(void)
{
	struct failure failure;
	char small[8];
	struct text text = text_over(small, sizeof(small));

	ok_int(failure_set(&failure, ENOENT, "no %s", "a\nb"), -ENOENT,
	       "the errno comes back negative");
	ok_str(failure.text, "no a?b", "one line");
	ok_int(failure_errno(NULL, EIO, "x"), -EIO, "without a place");
	text_add(&text, "%s", "12345");
	text_add(&text, "%s", "67890");
	ok(text.cut, "cut is known");
	ok_str(small, "1234567", "and bounded");
	text_add(&text, "%s", "x");
	ok_str(small, "1234567", "full stays full");
	text = text_over(small, sizeof(small));
	text_put(&text, "123");
	text_put(&text, "4567");
	ok(!text.cut && str_eq(small, "1234567"), "the same without a format");
	text_put(&text, "8");
	ok(text.cut && str_eq(small, "1234567"), "and cut as well");
}

int main(void)
{
	test_printable();
	test_numbers();
	test_sizes();
	test_failure();
	return tap_done();
}
