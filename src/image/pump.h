/* SPDX-License-Identifier: MIT */
/*
 * The thread that decodes a stream into a ring, while another thread unpacks
 * what comes out.
 */
#pragma once

#include <pthread.h>

#include "base/failure.h"
#include "image/decode.h"
#include "image/input.h"
#include "image/ring.h"

struct pump {
	struct input input;
	const struct decoder *decoder;
	const char *label;	/* begins every message */
	struct ring *ring;	/* borrowed */
	struct failure failure; /* after the ring ended with an error of ours */
	pthread_t thread;
};

/*
 * Starts the thread. It ends when the stream does, or after ring_abandon() with
 * the bytes it waits for; until then it uses *pump and what that points to.
 */
int pump_start(struct pump *pump, struct failure *failure) _must_check;

/* Waits for its end. */
void pump_join(struct pump *pump);

/* What comes out. */
struct input pump_output(const struct pump *pump);
