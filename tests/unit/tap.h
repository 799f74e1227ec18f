/* SPDX-License-Identifier: MIT */
/*
 * The smallest TAP producer that says where a check failed. A test program
 * calls ok() and friends, and ends with `return tap_done();`.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

static int tap_count, tap_failed;

static inline bool tap_ok(bool good, const char *file, int line,
			  const char *what)
{
	tap_count++;
	printf("%sok %d - ", good ? "" : "not ", tap_count);
	/* What is checked may be its name, line ends and all. */
	for (; *what; what++)
		putchar(*what == '\n' ? ' ' : *what);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

static inline bool tap_int(int64_t is, int64_t want, const char *file, int line,
			   const char *what)
{
	bool good = tap_ok(is == want, file, line, what);

	if (!good)
		printf("# is %" PRId64 ", wanted %" PRId64 "\n", is, want);
	return good;
}

static inline bool tap_str(const char *is, const char *want, const char *file,
			   int line, const char *what)
{
	bool same = is == want || (is && want && strcmp(is, want) == 0);
	bool good = tap_ok(same, file, line, what);

	if (!good)
		printf("# is \"%s\", wanted \"%s\"\n", is ? is : "(null)",
		       want ? want : "(null)");
	return good;
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#define ok(good, what)	       tap_ok(good, __FILE__, __LINE__, what)
#define ok_int(is, want, what) tap_int(is, want, __FILE__, __LINE__, what)
#define ok_str(is, want, what) tap_str(is, want, __FILE__, __LINE__, what)
