/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/util.h"

/* CLOCK_BOOTTIME in milliseconds: goes on while the machine sleeps. */
int64_t clock_ms(void);
