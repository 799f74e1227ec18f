/* SPDX-License-Identifier: MIT */
#include "wire/control.h"

#include "tap.h"

#define DIGITS_63 \
	"0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABC"

int main(void)
{
	static const char *const names[] = { "a", "My-box_1.2", DIGITS_63 };
	static const char *const no_names[] = {
		"",    ".a",  "-a",	  "..",		 "a/b",
		"a b", "a\n", "\xc3\xa4", DIGITS_63 "0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ok(control_keep_valid(names[i]), names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no_names); i++)
		ok(!control_keep_valid(no_names[i]), no_names[i]);
	ok(control_sha256_valid(DIGITS_63 "0"), "64 digits");
	ok(!control_sha256_valid(DIGITS_63), "63 digits");
	ok(!control_sha256_valid(DIGITS_63 "01"), "65 digits");
	ok(!control_sha256_valid(DIGITS_63 "g"), "no digit");
	return tap_done();
}
