/* SPDX-License-Identifier: MIT */
/*
 * Between the supervisor's two halves: supervisor.c, where events come from,
 * and actions.c, what is done about them.
 */
#pragma once

#include "bootstrap/supervisor.h"

/* Something happened. asker: the client that caused it and is answered, or
 * NULL. */
void supervisor_happen(struct supervisor *supervisor, enum event event,
		       struct client *asker);

/* Carries out enum action, or-ed. */
void supervisor_act(struct supervisor *supervisor, unsigned int actions,
		    struct client *asker);

/* The network's state has changed, or what is waited for: a load that waits
 * for it may begin, or its asker is told why not yet. */
void supervisor_check_network(struct supervisor *supervisor);

/* The clean worker did not do all of its work: says so among the leaks, and
 * at least brings the screen back. */
void supervisor_clean_failed(struct supervisor *supervisor, const char *what);

/* Why the target is being left, for status; the first reason counts. */
void supervisor_leave_because(struct supervisor *supervisor, const char *format,
			      ...) _printf(2, 3);
