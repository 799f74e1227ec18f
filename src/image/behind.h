/* SPDX-License-Identifier: MIT */
/* Hashes a file that another thread is still writing, so that neither waits
 * for the other. */
#pragma once

#include <pthread.h>

#include "image/verify.h"

struct behind {
	int fd; /* borrowed */
	struct verifier *verifier;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	uint64_t written; /* bytes, from the start */
	bool ended, abandoned;
	int result;
	bool running;
};

/* The verifier is the thread's until behind_finish() or behind_stop(). */
int behind_start(struct behind *behind, int fd, struct verifier *verifier)
	_must_check;

/* So many bytes were written in all. Those in a hole at the end need not be
 * there yet. */
void behind_tell(struct behind *behind, uint64_t written);

/* All is written and the file has its length: waits until all is hashed. 0, or
 * a negative errno when the file cannot be read. */
int behind_finish(struct behind *behind) _must_check;

/* Gives up. One that does not run is fine. */
void behind_stop(struct behind *behind);
