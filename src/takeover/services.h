/* SPDX-License-Identifier: MIT */
/*
 * Stopping the running system's services in their own orderly way (a database
 * flushes what it has), before its PID 1 is taken over; and starting them again
 * when that fails. What carries the network, the logins and this command
 * itself is left alone.
 */
#pragma once

#include "base/failure.h"
#include "takeover/preflight.h"

#define SERVICES_MAX	  256
#define SERVICES_NAME_MAX 128

struct services {
	char names[SERVICES_MAX][SERVICES_NAME_MAX]; /* in stopping order */
	size_t count;
};

/* Those that would be stopped, for --dry-run. */
int services_list(enum init_kind init, struct services *ret_services,
		  struct failure *failure) _must_check;

/* Stops them, within limit_s each of them that does not is passed over with a
 * warning. What was stopped is in *ret_stopped, also on failure. */
int services_stop(enum init_kind init, const struct services *services,
		  unsigned limit_s, struct services *ret_stopped,
		  struct failure *failure) _must_check;

/* Starts them again, in the opposite order. */
int services_start(enum init_kind init, const struct services *stopped,
		   struct failure *failure) _must_check;
