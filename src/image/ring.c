/* SPDX-License-Identifier: MIT */
#include "image/ring.h"

#include <pthread.h>
#include <stdlib.h>

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t slots, slot_size;
	/* Counted up for ever; the slot is the count modulo slots. */
	size_t pushed, taken, freed;
	bool ended, abandoned;
	int result;
	size_t *len;
	uint8_t *bytes;
};

struct ring *ring_new(size_t slots, size_t slot_size)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->changed, NULL);
	ring->slots = slots;
	ring->slot_size = slot_size;
	ring->len = calloc(slots, sizeof(*ring->len));
	ring->bytes = malloc(slots * slot_size);
	if (!ring->len || !ring->bytes)
		return ring_free(ring);
	return ring;
}

struct ring *ring_free(struct ring *ring)
{
	if (!ring)
		return NULL;
	pthread_cond_destroy(&ring->changed);
	pthread_mutex_destroy(&ring->lock);
	free(ring->len);
	free(ring->bytes);
	free(ring);
	return NULL;
}

static uint8_t *slot(const struct ring *ring, size_t count)
{
	return ring->bytes + count % ring->slots * ring->slot_size;
}

bool ring_fill(struct ring *ring, struct build *ret_buffer)
{
	bool good;

	pthread_mutex_lock(&ring->lock);
	while (ring->pushed - ring->freed == ring->slots && !ring->abandoned)
		pthread_cond_wait(&ring->changed, &ring->lock);
	good = !ring->abandoned;
	pthread_mutex_unlock(&ring->lock);
	if (good)
		*ret_buffer =
			build_over(slot(ring, ring->pushed), ring->slot_size);
	return good;
}

void ring_push(struct ring *ring, size_t len)
{
	pthread_mutex_lock(&ring->lock);
	ring->len[ring->pushed % ring->slots] = len;
	ring->pushed++;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

void ring_end(struct ring *ring, int result)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	ring->result = result;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

int ring_next(struct ring *ring, struct view *ret_bytes)
{
	int r = 1;

	pthread_mutex_lock(&ring->lock);
	if (ring->freed != ring->taken) {
		ring->freed = ring->taken;
		pthread_cond_broadcast(&ring->changed);
	}
	while (ring->pushed == ring->taken && !ring->ended)
		pthread_cond_wait(&ring->changed, &ring->lock);
	if (ring->pushed == ring->taken) {
		r = ring->result;
	} else {
		*ret_bytes = view_over(slot(ring, ring->taken),
				       ring->len[ring->taken % ring->slots]);
		ring->taken++;
	}
	pthread_mutex_unlock(&ring->lock);
	return r;
}

void ring_abandon(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->abandoned = true;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}
