/* SPDX-License-Identifier: MIT */
/* Several streams at once, each in a process of its own. */
#pragma once

#include "image/stream.h"

struct crew_job {
	struct stream stream; /* its tick, make_room, context, counters and
				 turn_fd are the crew's */
	struct stream_result result; /* when crew_run() was successful */
};

struct crew {
	struct crew_job *jobs;
	size_t count;
	/* They write in their order, one after the other; the next ones fetch
	 * meanwhile, as far as the pipes and rings between hold. */
	bool in_turn;
	/* As in struct stream, called in this process. */
	uint64_t (*make_room)(void *context, uint64_t bytes);
	/* The sum of all jobs. */
	int (*tick)(void *context, const struct progress *progress);
	void *context;
};

/*
 * Runs all of them, a few at a time, and waits. When one fails the others are
 * ended, and its failure is told; what was made is the caller's to remove.
 * *ret_progress: the final figures.
 */
int crew_run(const struct crew *crew, struct progress *ret_progress,
	     struct failure *failure) _must_check;
