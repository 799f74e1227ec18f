/* SPDX-License-Identifier: MIT */
#include "image/hashing.h"

static void *thread_main(void *context)
{
	struct hashing *hashing = context;
	struct view bytes;

	while (ring_next(hashing->ring, RING_SECOND, &bytes) > 0)
		verify_add(hashing->verifier, bytes);
	return NULL;
}

int hashing_start(struct hashing *hashing, struct ring *ring,
		  struct verifier *verifier)
{
	int r;

	*hashing = (struct hashing){ .ring = ring, .verifier = verifier };
	r = pthread_create(&hashing->thread, NULL, thread_main, hashing);
	hashing->running = r == 0;
	return -r;
}

void hashing_finish(struct hashing *hashing)
{
	if (hashing->running)
		pthread_join(hashing->thread, NULL);
	hashing->running = false;
}
