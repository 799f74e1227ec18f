/* SPDX-License-Identifier: MIT */
#include "image/behind.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

#define READ_BYTES (256 * KIB)

/* Waits until there is more than done; how far it may go, done: no further. */
static uint64_t wait_for_more(struct behind *behind, uint64_t done,
			      bool *ret_ended)
{
	uint64_t written;

	pthread_mutex_lock(&behind->lock);
	while (behind->written <= done && !behind->ended && !behind->abandoned)
		pthread_cond_wait(&behind->changed, &behind->lock);
	written = behind->abandoned ? done : behind->written;
	*ret_ended = behind->ended || behind->abandoned;
	pthread_mutex_unlock(&behind->lock);
	return written;
}

static int hash_all(struct behind *behind, uint8_t *buf)
{
	uint64_t done = 0, reach = 0;
	bool ended = false;

	for (;;) {
		ssize_t n = 0;

		if (done < reach)
			n = pread(behind->fd, buf,
				  MIN(READ_BYTES, reach - done), (off_t)done);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			verify_add(behind->verifier, view_over(buf, (size_t)n));
			done += (uint64_t)n;
			continue;
		}
		/* At its end, or before a hole that is not there yet. */
		if (ended)
			return done == reach ? 0 : -EIO;
		reach = wait_for_more(behind, reach, &ended);
	}
}

static void *thread_main(void *context)
{
	struct behind *behind = context;
	_cleanup_free uint8_t *buf = malloc(READ_BYTES);

	behind->result = buf ? hash_all(behind, buf) : -ENOMEM;
	return NULL;
}

int behind_start(struct behind *behind, int fd, struct verifier *verifier)
{
	int r;

	*behind = (struct behind){ .fd = fd, .verifier = verifier };
	pthread_mutex_init(&behind->lock, NULL);
	pthread_cond_init(&behind->changed, NULL);
	r = pthread_create(&behind->thread, NULL, thread_main, behind);
	behind->running = r == 0;
	return -r;
}

void behind_tell(struct behind *behind, uint64_t written)
{
	pthread_mutex_lock(&behind->lock);
	behind->written = written;
	pthread_cond_signal(&behind->changed);
	pthread_mutex_unlock(&behind->lock);
}

static void end(struct behind *behind, bool abandoned)
{
	pthread_mutex_lock(&behind->lock);
	behind->ended = true;
	behind->abandoned = abandoned;
	pthread_cond_signal(&behind->changed);
	pthread_mutex_unlock(&behind->lock);
	pthread_join(behind->thread, NULL);
	pthread_mutex_destroy(&behind->lock);
	pthread_cond_destroy(&behind->changed);
	behind->running = false;
}

int behind_finish(struct behind *behind)
{
	end(behind, false);
	return behind->result;
}

void behind_stop(struct behind *behind)
{
	if (behind->running)
		end(behind, true);
}
