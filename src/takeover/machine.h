/* SPDX-License-Identifier: MIT */
/*
 * The machine below the system: whether it is ours to handle, and its way back
 * to the disk. No allocation.
 */
#pragma once

#include "base/util.h"

/*
 * Whether we live in the initial PID namespace. In another one (a container, a
 * test) reboot(2) ends that alone, while sysrq, watchdogs, consoles, sysctls,
 * cgroups and the network would be somebody else's: they are left alone then.
 * Needs /proc; without it the machine is not ours.
 */
bool machine_is_ours(void);

/* A kernel that panics (PID 1 crashes) reboots, unless the administrator
 * decided when. */
void machine_reboot_on_panic(void);

/* Writes what disks still have to get, in a child, which is left behind when it
 * takes longer: it cannot be ended. -ETIMEDOUT. */
int machine_sync(int64_t limit_ms) _must_check;

/*
 * Writes what disks still have to get, within a bound, makes file systems
 * read-only and reboots by the firmware, so into the disk; when a driver keeps
 * that from happening, without asking drivers. Says nothing.
 */
_Noreturn void machine_reboot(void);

/* The same with another end than a reboot: RB_POWER_OFF, … (reboot(2)). */
_Noreturn void machine_end(int how);
