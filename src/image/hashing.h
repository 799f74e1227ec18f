/* SPDX-License-Identifier: MIT */
/* The thread that hashes a stream, as the second reader of its ring. */
#pragma once

#include <pthread.h>

#include "image/ring.h"
#include "image/verify.h"

struct hashing {
	struct ring *ring;	   /* borrowed */
	struct verifier *verifier; /* borrowed; the thread's while it runs */
	pthread_t thread;
	bool running;
};

/* 0 or a negative errno. */
int hashing_start(struct hashing *hashing, struct ring *ring,
		  struct verifier *verifier) _must_check;

/* Behind ring_end(): waits until all is hashed. One that does not run is
 * fine. */
void hashing_finish(struct hashing *hashing);
