/* SPDX-License-Identifier: MIT */
/*
 * The thread that reads the compressed stream and decodes it into a ring,
 * while another thread unpacks what comes out.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/failure.h"
#include "image/decode.h"
#include "image/ring.h"

struct pump {
	int fd;			       /* the stream; borrowed */
	const struct decoder *decoder; /* NULL: as it is */
	const char *label;	       /* begins every message */
	struct ring *ring;	       /* borrowed */
	_Atomic uint64_t *read;	       /* bytes of the stream, counted up */
	struct failure failure;	       /* after the ring ended with an error */
	pthread_t thread;
};

/*
 * Starts the thread. It ends when the stream does, or after ring_abandon() with
 * the read it is in; until then it uses *pump and what that points to.
 */
int pump_start(struct pump *pump, struct failure *failure) _must_check;

/* Waits for its end. */
void pump_join(struct pump *pump);

/* What the thread does, in the calling one. */
int pump_run(struct pump *pump) _must_check;
