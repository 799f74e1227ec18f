/* SPDX-License-Identifier: MIT */
/* Sets of capabilities (capabilities(7)), for persons. */
#pragma once

#include "base/util.h"

/* All from 0 to last. */
uint64_t capability_all(uint64_t last);

/* "CAP_KILL, CAP_SYS_BOOT"; what does not fit is counted: "… and 3 more".
 * Returns buf. */
const char *capability_names(uint64_t set, char *buf, size_t size);
