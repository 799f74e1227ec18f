/* SPDX-License-Identifier: MIT */
/* The end of this system: a reboot, a poweroff, a jump into another kernel. */
#pragma once

#include "bootstrap/worker.h"

struct power {
	struct worker worker;
	struct timer late;
	struct loop *loop;
	int command; /* RB_* of reboot(2) */
};

/*
 * Writes what disks still have to get and ends the system by command. A disk
 * that hangs delays it for some seconds, no longer, and meanwhile all goes
 * on. A second command while one is under way is ignored.
 */
void power_end(struct power *power, struct loop *loop, int command);
