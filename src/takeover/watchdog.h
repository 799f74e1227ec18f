/* SPDX-License-Identifier: MIT */
/* Hardware watchdogs (Documentation/watchdog/watchdog-api.rst). */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define WATCHDOGS_MAX 8

/* In a namespace (machine_is_ours()) there are none: they are the machine's. */

/* Open watchdogs, to be fed. */
struct watchdogs {
	int fd[WATCHDOGS_MAX];
	size_t count;
};

/*
 * Stops every watchdog that counts ('V', then close); one that another process
 * holds is left to that. Those that cannot be stopped (nowayout) stay open in
 * *ret_kept for whoever feeds them on. No watchdog is fine.
 */
void watchdogs_disarm(struct watchdogs *ret_kept);

/* Starts every watchdog that there is, with a time-out of timeout_s if it can,
 * so that a kernel that hangs is reset, too. Those open are among them. */
void watchdogs_arm(struct watchdogs *watchdogs, uint32_t timeout_s);

/* Of those open, as watchdogs_disarm(): *watchdogs is then what is left. */
void watchdogs_stop(struct watchdogs *watchdogs);

void watchdogs_feed(const struct watchdogs *watchdogs);
/* Seconds between two feedings that are enough; 0: there is none. */
uint32_t watchdogs_interval(const struct watchdogs *watchdogs);
