/* SPDX-License-Identifier: MIT */
#include "cli/progress-line.h"

#include <inttypes.h>

#include "base/text.h"

#define METER_PERIOD_MS 2000

static uint64_t bytes_per_second(const struct progress *before,
				 const struct progress *now)
{
	double bytes, seconds;

	/* A download that began anew counts from zero again. */
	if (now->elapsed_ms <= before->elapsed_ms ||
	    now->fetched <= before->fetched)
		return 0;
	bytes = (double)(now->fetched - before->fetched);
	seconds = (double)(now->elapsed_ms - before->elapsed_ms) / MS_PER_S;
	return (uint64_t)MIN(bytes / seconds, 1e18);
}

static void add_time_left(struct text *text, uint64_t seconds)
{
	if (seconds < 120)
		text_add(text, "  %" PRIu64 " s left", seconds);
	else if (seconds < 120 * 60)
		text_add(text, "  %" PRIu64 " min left", seconds / 60);
	else
		text_add(text, "  %" PRIu64 " h left", seconds / 3600);
}

const char *progress_line(const struct progress *before,
			  const struct progress *now,
			  char buf[static PROGRESS_LINE_MAX])
{
	struct text text = text_over(buf, PROGRESS_LINE_MAX);
	bool fetching =
		now->fetch_total == 0 || now->fetched < now->fetch_total;
	uint64_t rate = bytes_per_second(before, now);
	char size[SIZE_TEXT_MAX];

	if (now->fetched == 0 && now->unpacked == 0) {
		text_add(&text, "waiting for the first byte");
		return buf;
	}
	text_add(&text, "%s", size_text(now->fetched, size));
	if (now->fetch_total > 0)
		text_add(&text, " of %s", size_text(now->fetch_total, size));
	if (fetching)
		text_add(&text, "  %s/s", size_text(rate, size));
	if (fetching && now->fetch_total > 0 && rate > 0)
		add_time_left(&text,
			      DIV_ROUND_UP(now->fetch_total - now->fetched,
					   rate));
	if (now->unpacked > 0)
		text_add(&text, ", %s unpacked",
			 size_text(now->unpacked, size));
	return buf;
}

void progress_meter_add(struct progress_meter *meter,
			const struct progress *now)
{
	if (now->elapsed_ms < meter->next.elapsed_ms + METER_PERIOD_MS)
		return;
	meter->before = meter->next;
	meter->next = *now;
}
