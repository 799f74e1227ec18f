/* SPDX-License-Identifier: MIT */
#include "cli/progress-line.h"

#include "tap.h"

#define MB UINT64_C(1000000)

static const struct {
	struct progress before, now; /* fetched, total, unpacked, entries, ms */
	const char *line;
} cases[] = {
	{ { 0 }, { 0, 1400 * MB, 0, 0, 100 }, "waiting for the first byte" },
	{ { 222 * MB, 0, 0, 0, 5000 },
	  { 312 * MB, 1400 * MB, 1100 * MB, 7, 7000 },
	  "312 MB of 1.4 GB  45 MB/s  25 s left, 1.1 GB unpacked" },
	{ { 0 },
	  { 312 * MB, 0, 1100 * MB, 7, 4000 },
	  "312 MB  78 MB/s, 1.1 GB unpacked" },
	{ { 0 },
	  { 312 * MB, 1400 * MB, 0, 0, 4000 },
	  "312 MB of 1.4 GB  78 MB/s  14 s left" },
	{ { 1400 * MB, 0, 0, 0, 4000 },
	  { 1400 * MB, 1400 * MB, 3100 * MB, 7, 9000 },
	  "1.4 GB of 1.4 GB, 3.1 GB unpacked" },
	/* nothing came for a while */
	{ { 312 * MB, 0, 0, 0, 4000 },
	  { 312 * MB, 1400 * MB, 0, 0, 9000 },
	  "312 MB of 1.4 GB  0 B/s" },
	/* the download began anew; no time has passed */
	{ { 312 * MB, 0, 0, 0, 4000 },
	  { 12 * MB, 1400 * MB, 0, 0, 9000 },
	  "12 MB of 1.4 GB  0 B/s" },
	{ { 12 * MB, 0, 0, 0, 4000 },
	  { 24 * MB, 1400 * MB, 0, 0, 4000 },
	  "24 MB of 1.4 GB  0 B/s" },
	{ { 0 },
	  { 10 * MB, 1210 * MB, 0, 0, 1000 },
	  "10 MB of 1.2 GB  10 MB/s  2 min left" },
	{ { 0 },
	  { MB / 10, 1440 * MB, 0, 0, 1000 },
	  "100 kB of 1.4 GB  100 kB/s  3 h left" },
	/* more than was announced */
	{ { 0 },
	  { 20 * MB, 10 * MB, 5 * MB, 0, 1000 },
	  "20 MB of 10 MB, 5.0 MB unpacked" },
};

static void test_extremes(void)
{
	struct progress now = { UINT64_MAX - 1, UINT64_MAX, UINT64_MAX,
				UINT64_MAX, 1 };
	struct progress before = { 0 };
	char buf[PROGRESS_LINE_MAX];

	ok(strlen(progress_line(&before, &now, buf)) < 80, "fits a line");
	now.fetched = 1;
	now.elapsed_ms = UINT64_MAX;
	ok(strlen(progress_line(&before, &now, buf)) < 80, "fits a line");
}

static void test_meter(void)
{
	struct progress_meter meter = { 0 };

	for (uint64_t ms = 100; ms <= 10000; ms += 100)
		progress_meter_add(&meter,
				   &(struct progress){ .elapsed_ms = ms });
	ok(meter.before.elapsed_ms >= 6000 && meter.before.elapsed_ms <= 8000,
	   "the rate is that of the last two to four seconds");
}

int main(void)
{
	char buf[PROGRESS_LINE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok_str(progress_line(&cases[i].before, &cases[i].now, buf),
		       cases[i].line, "line");
	test_extremes();
	test_meter();
	return tap_done();
}
