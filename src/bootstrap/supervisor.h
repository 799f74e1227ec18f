/* SPDX-License-Identifier: MIT */
/*
 * PID 1 at work: what happens becomes an event, supervise() says what to do,
 * and here it is done. Nothing here blocks or allocates; whatever might is
 * a worker's.
 */
#pragma once

#include "bootstrap/clean.h"
#include "bootstrap/console.h"
#include "bootstrap/control.h"
#include "bootstrap/hotkey.h"
#include "bootstrap/load.h"
#include "bootstrap/network.h"
#include "bootstrap/power.h"
#include "bootstrap/report.h"
#include "bootstrap/service.h"
#include "bootstrap/settings.h"
#include "bootstrap/ssh.h"
#include "bootstrap/supervise.h"
#include "loop/loop.h"

struct supervisor {
	struct loop loop;
	struct settings settings;
	enum state state;

	struct consoles consoles;
	struct hotkey hotkey;
	struct control control;
	struct service network, modules, wifi;
	struct ssh ssh;
	struct report report; /* to the boot server */

	struct worker loader, cleaner, screen, trimmer;
	struct power power;
	struct load load;
	struct clean clean;
	int pty; /* the target's serial console, until it is handed over */
	const struct control_request *request; /* being asked right now */
	struct client *asker;		       /* whose load it is, or NULL */

	struct child target;
	bool target_runs;
	bool target_is_own;   /* the image's own program instead of an init */
	int64_t loading_ms;   /* when the load was */
	int64_t entered_ms;   /* when it was started */
	int64_t returning_ms; /* since when it is being left, 0: it is not */

	struct timer await; /* for the network */
	struct timer stuck; /* for the target's end, or the cleaner's */
	enum network_state network_state;
	uint32_t network_families; /* that are up */
	uint32_t awaited;	   /* of them, one of these */
	bool network_changed;	   /* behind a target's back */

	struct status status;
};

/* Starts everything. 0 or a negative errno: without a loop there is no
 * bootstrap. */
int supervisor_start(struct supervisor *supervisor) _must_check;
