/* SPDX-License-Identifier: MIT */
/* How far a load is, in one line for a person. */
#pragma once

#include "wire/control.h"

/* A terminal of unknown width has 80 columns, and the last one wraps. */
#define PROGRESS_LINE_MAX 80

/*
 * Writes "312 MB of 1.4 GB  45 MB/s  23 s left, 1.1 GB unpacked" into buf and
 * returns it, leaving out what is not known. The rate is that between before
 * and now; ASCII, at most 79 characters.
 */
const char *progress_line(const struct progress *before,
			  const struct progress *now,
			  char buf[static PROGRESS_LINE_MAX]);

/*
 * Chooses what to measure the rate against: a report two to four seconds old,
 * so that the figure neither jumps nor lags. Zero before the first report.
 */
struct progress_meter {
	struct progress before;
	struct progress next; /* the before of the next period */
};

void progress_meter_add(struct progress_meter *meter,
			const struct progress *now);
