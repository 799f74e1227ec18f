/* SPDX-License-Identifier: MIT */
/*
 * The writer counts what it has pushed, each reader what it has given back; who
 * waits does so on the other's count, by futex(2). They are handed over a
 * quarter of a megabyte at a time, so that to wake somebody always, also when
 * nobody waits, costs nothing.
 *
 * A shared ring lies in a memfd, sealed when the writer has its mapping: one
 * made later can never be written to, nor be made writable.
 */
#include "image/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* In a count: it is the last. */
#define LAST	   (1U << 31)
#define HEAD_BYTES 4096 /* before the buffers of a shared ring */
#define SEALS	   (F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Written by the writer only. */
struct head {
	_Atomic uint32_t pushed; /* slots, and LAST: nothing follows */
	int32_t result;		 /* with LAST */
	uint32_t len[RING_SLOTS_MAX];
};

struct reader {
	/* Slots, and LAST: it gave up. Only the reader writes there. NULL: it
	 * is not waited for. */
	_Atomic uint32_t *freed;
	_Atomic uint32_t own; /* where that is, unless it is shared */
	uint32_t taken;
};

struct ring {
	size_t slots, slot_size;
	struct head *head;
	uint8_t *bytes;
	struct reader readers[RING_READERS];
	int fd; /* FD_NONE: not shared */
};

/* --- waiting --- */

/* Whether the time is up, or a signal came. */
static bool wait_while(_Atomic uint32_t *word, uint32_t value, int timeout_ms)
{
	const struct timespec timeout = {
		.tv_sec = timeout_ms / MS_PER_S,
		.tv_nsec = timeout_ms % MS_PER_S * NS_PER_MS,
	};

	return syscall(SYS_futex, word, FUTEX_WAIT, value,
		       timeout_ms == RING_FOREVER ? NULL : &timeout) < 0 &&
	       timeout_ms != RING_FOREVER &&
	       (errno == ETIMEDOUT || errno == EINTR);
}

static void wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX);
}

/* --- making it --- */

static size_t mapped_bytes(const struct ring *ring)
{
	return HEAD_BYTES + ring->slots * ring->slot_size;
}

static struct ring *new_ring(size_t slots, size_t slot_size)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	*ring = (struct ring){ .slots = slots,
			       .slot_size = slot_size,
			       .fd = FD_NONE };
	ring->readers[RING_FIRST].freed = &ring->readers[RING_FIRST].own;
	return ring;
}

struct ring *ring_new(size_t slots, size_t slot_size)
{
	struct ring *ring = new_ring(slots, slot_size);

	if (!ring)
		return NULL;
	ring->head = calloc(1, sizeof(*ring->head));
	ring->bytes = malloc(slots * slot_size);
	return ring->head && ring->bytes ? ring : ring_free(ring);
}

static void *map_shared(void *at, size_t len, int protection, int flags, int fd)
{
	void *mapped = mmap(at, len, protection, MAP_SHARED | flags, fd, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

static bool share(struct ring *ring)
{
	size_t len = mapped_bytes(ring);

	ring->readers[RING_FIRST].freed =
		map_shared(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS, FD_NONE);
	ring->readers[RING_SECOND].freed = &ring->readers[RING_SECOND].own;
	if (ftruncate(ring->fd, (off_t)len) < 0)
		return false;
	ring->head = map_shared(NULL, len, PROT_READ | PROT_WRITE, 0, ring->fd);
	ring->bytes = (uint8_t *)ring->head + HEAD_BYTES;
	return ring->readers[RING_FIRST].freed && ring->head &&
	       fcntl(ring->fd, F_ADD_SEALS, SEALS) == 0;
}

struct ring *ring_new_shared(size_t slots, size_t slot_size)
{
	struct ring *ring = new_ring(slots, slot_size);

	if (!ring)
		return NULL;
	ring->fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return ring->fd >= 0 && share(ring) ? ring : ring_free(ring);
}

static void unshare_memory(struct ring *ring)
{
	if (ring->readers[RING_FIRST].freed)
		munmap(ring->readers[RING_FIRST].freed, sizeof(uint32_t));
	if (ring->head)
		munmap(ring->head, mapped_bytes(ring));
	fd_close(ring->fd);
}

struct ring *ring_free(struct ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->fd >= 0) {
		unshare_memory(ring);
	} else {
		free(ring->head);
		free(ring->bytes);
	}
	free(ring);
	return NULL;
}

int ring_lock(struct ring *ring)
{
	/* In the place of the writer's mapping, which was inherited. */
	return map_shared(ring->head, mapped_bytes(ring), PROT_READ, MAP_FIXED,
			  ring->fd)
		       ? 0
		       : -errno;
}

/* --- the writer --- */

static uint8_t *slot(const struct ring *ring, uint32_t count)
{
	return ring->bytes + count % ring->slots * ring->slot_size;
}

/* 1 when this reader has given a buffer back, otherwise as ring_fill(). */
static int wait_for_reader(const struct ring *ring, enum ring_reader reader,
			   int timeout_ms)
{
	_Atomic uint32_t *freed = ring->readers[reader].freed;
	uint32_t pushed = atomic_load(&ring->head->pushed), count;

	while (freed) {
		count = atomic_load(freed);
		if (count & LAST)
			return 0;
		if (pushed - count < ring->slots)
			break;
		if (wait_while(freed, count, timeout_ms))
			return -EAGAIN;
	}
	return 1;
}

int ring_fill(struct ring *ring, int timeout_ms, struct build *ret_buffer)
{
	int r = wait_for_reader(ring, RING_FIRST, timeout_ms);

	if (r > 0)
		r = wait_for_reader(ring, RING_SECOND, timeout_ms);
	if (r > 0)
		*ret_buffer =
			build_over(slot(ring, atomic_load(&ring->head->pushed)),
				   ring->slot_size);
	return r;
}

void ring_push(struct ring *ring, size_t len)
{
	struct head *head = ring->head;

	head->len[atomic_load(&head->pushed) % ring->slots] = (uint32_t)len;
	atomic_fetch_add(&head->pushed, 1);
	wake(&head->pushed);
}

void ring_end(struct ring *ring, int result)
{
	ring->head->result = result;
	atomic_fetch_or(&ring->head->pushed, LAST);
	wake(&ring->head->pushed);
}

void ring_do_without(struct ring *ring, enum ring_reader reader)
{
	ring->readers[reader].freed = NULL;
}

/* --- a reader --- */

/* Whether there is more than was taken; waits for that or the end. */
static bool wait_for_writer(const struct ring *ring, uint32_t taken)
{
	_Atomic uint32_t *pushed = &ring->head->pushed;
	uint32_t count;

	while ((count = atomic_load(pushed)) == taken)
		(void)wait_while(pushed, count, RING_FOREVER);
	return (count & ~LAST) != taken;
}

bool ring_wait(const struct ring *ring)
{
	return wait_for_writer(ring, 0);
}

int ring_next(struct ring *ring, enum ring_reader reader,
	      struct view *ret_bytes)
{
	struct reader *me = &ring->readers[reader];

	if (atomic_load(me->freed) != me->taken) {
		atomic_store(me->freed, me->taken);
		wake(me->freed);
	}
	if (!wait_for_writer(ring, me->taken))
		return ring->head->result;
	*ret_bytes = view_over(slot(ring, me->taken),
			       ring->head->len[me->taken % ring->slots]);
	me->taken++;
	return 1;
}

void ring_abandon(struct ring *ring, enum ring_reader reader)
{
	atomic_fetch_or(ring->readers[reader].freed, LAST);
	wake(ring->readers[reader].freed);
}
