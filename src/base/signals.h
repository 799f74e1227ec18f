/* SPDX-License-Identifier: MIT */
/* The signals of a process. */
#pragma once

/* All to their default action and none blocked, as after a boot: what a
 * process ignores or blocks, what it executes inherits. signal(7). */
void signals_reset(void);
