/* SPDX-License-Identifier: MIT */
/*
 * The audit: what a target changed that outlives it. Each probe lists facts
 * (a key and a value: "loop0" -> "/x.img", "net.ipv4.ip_forward" -> "0"). The
 * facts are taken before the target starts and after it ended; what differs
 * is undone by the probe that knows how, and taken once more: what then still
 * differs remains, and is named.
 *
 * Runs in a worker process, never in PID 1: it reads much and may wait.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "wire/control.h"

struct audit; /* all facts of one moment, in the arena */

/*
 * Takes the facts of this moment. They live in the arena (the caller resets
 * it when they are no longer wanted). -ENOBUFS when it is too small.
 */
int audit_take(struct arena *arena, struct audit **ret_audit,
	       struct failure *failure) _must_check;

/*
 * Takes the facts of the network anew: what the bootstrap itself configured
 * since is not the target's doing. On failure, or when the process is killed
 * meanwhile, the audit keeps the facts that it had.
 */
int audit_renew_network(struct arena *arena, struct audit *audit,
			struct failure *failure) _must_check;

/*
 * Compares now with before, undoes what can be undone and writes what was
 * found to *ret_leaks, most serious first. Uses the arena for the second
 * taking. 0 also when leaks remain.
 */
int audit_settle(struct arena *arena, const struct audit *before,
		 struct leaks *ret_leaks, struct failure *failure) _must_check;
