/* SPDX-License-Identifier: MIT */
/* The time of day, for records that people and programs read later. */
#pragma once

#include "base/util.h"

/* Milliseconds since 1970; unlike clock_ms() it can jump. */
int64_t utc_now_ms(void);

#define UTC_TEXT_MAX 32
/* "2026-03-04T05:06:07.089Z" (RFC 3339); writes into buf and returns it. */
const char *utc_text(int64_t utc_ms, char buf[static UTC_TEXT_MAX]);
