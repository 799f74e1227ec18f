/* SPDX-License-Identifier: MIT */
/*
 * Stopping the running system's services in their own orderly way (a database
 * flushes what it has), before its PID 1 is taken over; and starting them again
 * when that fails. What carries the network, the logins and this command
 * itself is left alone, and so is what could not be started again as it was.
 * Those that are left get SIGTERM and their grace from the stage.
 */
#pragma once

#include "base/failure.h"
#include "takeover/preflight.h"

#define SERVICES_MAX	  512
#define SERVICES_NAME_MAX 256

struct services {
	char names[SERVICES_MAX][SERVICES_NAME_MAX]; /* in stopping order */
	size_t count;
};

/* Those that would be stopped, for --dry-run. None for an init without a way
 * to stop them (preflight says so). */
int services_list(enum init_kind init, struct services *ret_services,
		  struct failure *failure) _must_check;

/*
 * Stops them. Each may take limit_s, many may do so at once; who takes longer
 * is passed over with a warning. What does not run any more is in *ret_stopped,
 * also on failure.
 */
int services_stop(enum init_kind init, const struct services *services,
		  unsigned limit_s, struct services *ret_stopped,
		  struct failure *failure) _must_check;

/* Starts them again, in the opposite order. Goes on after a failure, and tells
 * the first. */
int services_start(enum init_kind init, const struct services *stopped,
		   struct failure *failure) _must_check;
