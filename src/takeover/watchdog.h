/* SPDX-License-Identifier: MIT */
/* Hardware watchdogs (Documentation/watchdog/watchdog-api.rst). */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define WATCHDOGS_MAX 8

/* Open watchdogs, to be fed. */
struct watchdogs {
	int fd[WATCHDOGS_MAX];
	size_t count;
};

/*
 * Stops every watchdog that counts ('V', then close). Those that cannot be
 * stopped (nowayout) stay open in *ret_kept for whoever feeds them on. No
 * watchdog is fine.
 */
void watchdogs_disarm(struct watchdogs *ret_kept);

/* Starts every watchdog that there is, with a time-out of at most timeout_s,
 * so that a kernel that hangs is reset, too. */
void watchdogs_arm(struct watchdogs *ret_armed, uint32_t timeout_s);

void watchdogs_feed(const struct watchdogs *watchdogs);
/* Seconds between two feedings that are enough; 0: there is none. */
uint32_t watchdogs_interval(const struct watchdogs *watchdogs);
