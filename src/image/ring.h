/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue of buffers between two threads: one fills them, the other
 * reads them in place, in order. Nothing is copied.
 */
#pragma once

#include "base/util.h"
#include "wire/build.h"
#include "wire/view.h"

struct ring;

/* slots buffers of slot_size bytes each; NULL when memory is out. */
struct ring *ring_new(size_t slots, size_t slot_size) _must_check;

/* Both threads must have stopped using it. NULL is fine. Returns NULL. */
struct ring *ring_free(struct ring *ring);

/* The writer: waits for an empty buffer. False: the reader gave up. */
bool ring_fill(struct ring *ring, struct build *ret_buffer) _must_check;

/* The writer: hands over the buffer with the len bytes it holds now. */
void ring_push(struct ring *ring, size_t len);

/* The writer: nothing follows. result: 0, or why not, as a negative errno. */
void ring_end(struct ring *ring, int result);

/*
 * The reader: gives back the bytes of the call before and waits for the next.
 * 1 with *ret_bytes, 0 at the end, or the writer's negative errno.
 */
int ring_next(struct ring *ring, struct view *ret_bytes) _must_check;

/* The reader wants no more; the writer learns it from ring_fill(). */
void ring_abandon(struct ring *ring);
