/* SPDX-License-Identifier: MIT */
#include "server/utc.h"

#include <stdio.h>
#include <time.h>

int64_t utc_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

const char *utc_text(int64_t utc_ms, char buf[static UTC_TEXT_MAX])
{
	time_t seconds = (time_t)(utc_ms / MS_PER_S);
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, UTC_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + len, UTC_TEXT_MAX - len, ".%03uZ",
		       (unsigned int)(utc_ms % MS_PER_S));
	return buf;
}
