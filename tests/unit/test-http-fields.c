/* SPDX-License-Identifier: MIT */
#include "server/http-fields.h"

#include <errno.h>

#include "tap.h"

static const char *range_text(const char *field, uint64_t size)
{
	static char buf[80];
	struct http_range range = { 0 };

	switch (http_range_parse(field, size, &range)) {
	case HTTP_RANGE_WHOLE:
		return "whole";
	case HTTP_RANGE_OUTSIDE:
		return "outside";
	case HTTP_RANGE_PART:
		break;
	}
	snprintf(buf, sizeof(buf), "%" PRIu64 "-%" PRIu64, range.first,
		 range.last);
	return buf;
}

static void test_ranges(void)
{
	static const struct {
		const char *field;
		uint64_t size;
		const char *is;
	} cases[] = {
		{ NULL, 100, "whole" },
		{ "bytes=0-9", 100, "0-9" },
		{ "bytes=0-0", 100, "0-0" },
		{ "bytes=99-", 100, "99-99" },
		{ "bytes=10-", 100, "10-99" },
		{ "bytes=10-1000", 100, "10-99" },
		{ "bytes=-7", 100, "93-99" },
		{ "bytes=-700", 100, "0-99" },
		{ "bytes=-0", 100, "outside" },
		{ "bytes=100-", 100, "outside" },
		{ "bytes=0-", 0, "outside" },
		{ "bytes=-1", 0, "outside" },
		{ "bytes=9-8", 100, "whole" },
		{ "bytes=0-1,4-5", 100, "whole" },
		{ "bytes=", 100, "whole" },
		{ "bytes=-", 100, "whole" },
		{ "bytes=a-b", 100, "whole" },
		{ "bytes=1-2x", 100, "whole" },
		{ "bytes= 1-2", 100, "whole" },
		{ "lines=1-2", 100, "whole" },
		{ "", 100, "whole" },
		{ "bytes=18446744073709551615-", 100, "whole" },
		{ "bytes=99999999999999999999999-", 100, "whole" },
		{ "bytes=1-18446744073709551616", 100, "whole" },
		{ "bytes=4294967296-4294967297", (uint64_t)1 << 33,
		  "4294967296-4294967297" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok_str(range_text(cases[i].field, cases[i].size), cases[i].is,
		       cases[i].field ? cases[i].field : "no field");
}

static void test_open_ranges(void)
{
	struct http_range range;

	ok(http_range_open("bytes=5-", &range) && range.first == 5 &&
		   range.last == UINT64_MAX,
	   "an open range of something unknown");
	ok(http_range_open("bytes=5-6", &range) && range.last == 6, "a closed");
	ok(!http_range_open("bytes=-5", &range), "its end cannot be had");
	ok(!http_range_open(NULL, &range), "none");
}

static void test_dates(void)
{
	static const char *const bad[] = {
		"",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Mon, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 36 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, -6 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};
	char buf[HTTP_DATE_MAX];
	int64_t seconds = 0;

	ok_str(http_date_text(784111777, buf), "Sun, 06 Nov 1994 08:49:37 GMT",
	       "a date");
	ok_int(http_date_parse(buf, &seconds), 0, "is read again");
	ok_int(seconds, 784111777, "as it was");
	ok_str(http_date_text(0, buf), "Thu, 01 Jan 1970 00:00:00 GMT", "0");
	ok_str(http_date_text(INT64_MAX, buf), "Sun, 00 Jan 1900 00:00:00 GMT",
	       "beyond all years");
	ok_int(http_date_parse("Tue, 29 Feb 2028 23:59:59 GMT", &seconds), 0,
	       "a leap day");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_int(http_date_parse(bad[i], &seconds), -EINVAL, bad[i]);
}

static void test_others(void)
{
	ok(http_host_is_plain("192.0.2.1:8080"), "an address");
	ok(http_host_is_plain("[2001:db8::1]:80"), "of IPv6");
	ok(http_host_is_plain("boot.example"), "a name");
	ok(!http_host_is_plain(""), "nothing");
	ok(!http_host_is_plain("a b"), "a blank");
	ok(!http_host_is_plain("a/b"), "a path");
	ok(!http_host_is_plain("${net0/ip}"), "what iPXE would expand");
	ok(!http_host_is_plain("u@h"), "a user");
	ok_str(http_content_type("snponly.efi"), "application/efi", ".efi");
	ok_str(http_content_type("vmlinuz"), "application/octet-stream",
	       "no ending");
	ok_str(http_content_type(".efi"), "application/octet-stream",
	       "only an ending");
}

int main(void)
{
	test_ranges();
	test_open_ranges();
	test_dates();
	test_others();
	return tap_done();
}
