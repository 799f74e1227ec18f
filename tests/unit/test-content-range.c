/* SPDX-License-Identifier: MIT */
#include "image/content-range.h"

#include <errno.h>

#include "tap.h"

static const struct {
	const char *value;
	int r;
	struct content_range range;
} cases[] = {
	{ "bytes 100-199/200", 0, { 100, 199, 200 } },
	{ "bytes 0-0/1", 0, { 0, 0, 1 } },
	{ "bytes 5-9/18446744073709551615", 0, { 5, 9, UINT64_MAX } },
	{ "bytes 0-99/18446744073709551616", -EBADMSG, { 0 } },
	{ "bytes 0-99/000000000000000000000200", -EBADMSG, { 0 } },
	{ "bytes 0-99/*", -EBADMSG, { 0 } },
	{ "bytes */200", -EBADMSG, { 0 } },
	{ "bytes 100-199/199", -EBADMSG, { 0 } },
	{ "bytes 100-99/200", -EBADMSG, { 0 } },
	{ "bytes 0-99/200 ", -EBADMSG, { 0 } },
	{ "bytes 0-99/200/2", -EBADMSG, { 0 } },
	{ "bytes  0-99/200", -EBADMSG, { 0 } },
	{ "bytes -1-99/200", -EBADMSG, { 0 } },
	{ "bytes +1-99/200", -EBADMSG, { 0 } },
	{ "bytes -/", -EBADMSG, { 0 } },
	{ "bytes 0-99", -EBADMSG, { 0 } },
	{ "lines 0-99/200", -EBADMSG, { 0 } },
	{ "bytes ", -EBADMSG, { 0 } },
	{ "", -EBADMSG, { 0 } },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct content_range range = { 0 };

		ok_int(content_range_parse(cases[i].value, &range), cases[i].r,
		       cases[i].value);
		ok(range.first == cases[i].range.first &&
			   range.last == cases[i].range.last &&
			   range.size == cases[i].range.size,
		   "  its numbers");
	}
	return tap_done();
}
