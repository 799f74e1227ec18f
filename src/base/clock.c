/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

int64_t clock_ms(void)
{
	return now_ms(CLOCK_BOOTTIME);
}

int64_t clock_awake_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}
