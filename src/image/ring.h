/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue of buffers: a thread fills them, another reads them in place,
 * in order. Nothing is copied.
 *
 * A shared ring has two readers: the first is a process, forked later, that is
 * not trusted; the second a thread again. Buffers and what describes them can
 * only be written by who made the ring. The process has one word of its own,
 * and whatever it says there, it harms nobody: the writer waits, as long as it
 * likes, or writes over what that process has not read.
 */
#pragma once

#include "base/util.h"
#include "wire/build.h"
#include "wire/view.h"

#define RING_SLOTS_MAX 16
#define RING_FOREVER   (-1) /* as a timeout */

enum ring_reader {
	RING_FIRST,
	RING_SECOND, /* of a shared ring */
	RING_READERS,
};

struct ring;

/* slots buffers of slot_size bytes each; NULL when memory is out. */
struct ring *ring_new(size_t slots, size_t slot_size) _must_check;

/* The same, shared. NULL with errno. */
struct ring *ring_new_shared(size_t slots, size_t slot_size) _must_check;

/* Nobody may use it any more. NULL is fine. Returns NULL. */
struct ring *ring_free(struct ring *ring);

/* In the process that was forked, before it is confined: takes its right to
 * write away, for good. 0 or a negative errno. */
int ring_lock(struct ring *ring) _must_check;

/* --- the writer --- */

/* Waits for an empty buffer. 1; 0 when a reader gave up; -EAGAIN when the time
 * is up, or a signal came. */
int ring_fill(struct ring *ring, int timeout_ms, struct build *ret_buffer)
	_must_check;

/* Hands over the buffer with the len bytes it holds now. It may still be read,
 * until ring_fill(). */
void ring_push(struct ring *ring, size_t len);

/* Nothing follows. result: 0, or why not, as a negative errno. */
void ring_end(struct ring *ring, int result);

/* This reader will not read: it is not waited for. */
void ring_do_without(struct ring *ring, enum ring_reader reader);

/* --- a reader --- */

/* Waits for the first bytes or the end; whether there are any. */
bool ring_wait(const struct ring *ring) _must_check;

/*
 * Gives back the bytes of the call before and waits for the next. 1 with
 * *ret_bytes, 0 at the end, or the writer's negative errno.
 */
int ring_next(struct ring *ring, enum ring_reader reader,
	      struct view *ret_bytes) _must_check;

/* It wants no more; the writer learns it from ring_fill(). */
void ring_abandon(struct ring *ring, enum ring_reader reader);
