/* SPDX-License-Identifier: MIT */
/*
 * The clean worker: after a target or a load that failed. Waits until
 * everything of it is gone, resets the screen, undoes what leaked and says
 * what it found.
 */
#pragma once

#include "base/arena.h"
#include "root/audit.h"

struct clean {
	struct arena *arena;
	const struct audit *before; /* NULL: the load failed before it was
				       taken */
};

/* A worker_body; argument is a struct clean. Sends one struct leaks. */
int clean_run(void *argument, int link);

/*
 * A worker_body: lets the store give back what it holds beyond its bound, and
 * what a load that was killed left in it. Afterwards, when the prompt is back:
 * nobody waits for it, and the next load may kill it.
 */
int trim_run(void *unused, int link);

/* A worker_body: only the screen, for when the clean worker did not get that
 * far; a keyboard that is switched off would leave no way to go on. */
int screen_run(void *unused, int link);
