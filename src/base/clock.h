/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/util.h"

/* CLOCK_BOOTTIME in milliseconds: goes on while the machine sleeps. */
int64_t clock_ms(void);

/* CLOCK_MONOTONIC in milliseconds: stands still while the machine sleeps. For
 * what shall not be over before anybody had a chance to act. */
int64_t clock_awake_ms(void);
