/* SPDX-License-Identifier: MIT */
#include "image/pump.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

#define INPUT_BYTES (256 * KIB)

static ssize_t read_stream(struct pump *pump, void *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(pump->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_errno(&pump->failure, errno,
				     "%s: cannot read the stream", pump->label);
	atomic_fetch_add_explicit(pump->read, (uint64_t)n,
				  memory_order_relaxed);
	return n;
}

static int copy_stream(struct pump *pump)
{
	struct build out;
	ssize_t n;

	while (ring_fill(pump->ring, &out)) {
		n = read_stream(pump, out.start, out.size);
		if (n <= 0)
			return (int)n;
		ring_push(pump->ring, (size_t)n);
	}
	return 0;
}

static int refuse(struct pump *pump, enum decode_status status)
{
	return failure_set(&pump->failure,
			   status == DECODE_MEMORY ? ENOMEM : EBADMSG,
			   "%s: the %s stream %s", pump->label,
			   pump->decoder->name, decode_status_text(status));
}

static int check_end(struct pump *pump, const void *state)
{
	if (pump->decoder->complete(state))
		return 0;
	return failure_set(&pump->failure, EBADMSG,
			   "%s: the %s stream ends early: image is truncated",
			   pump->label, pump->decoder->name);
}

static int decode_stream(struct pump *pump, void *state, uint8_t *buf)
{
	struct view in = view_over(buf, 0);
	enum decode_status status;
	struct build out;
	bool last = false;
	size_t before;

	while (ring_fill(pump->ring, &out)) {
		if (in.left == 0 && !last) {
			ssize_t n = read_stream(pump, buf, INPUT_BYTES);

			if (n < 0)
				return (int)n;
			last = n == 0;
			in = view_over(buf, (size_t)n);
		}
		before = in.left;
		status = pump->decoder->run(state, &in, last, &out);
		if (status == DECODE_GOOD && out.len == 0 && in.left > 0 &&
		    in.left == before)
			status = DECODE_DAMAGED; /* it would never end */
		if (status != DECODE_GOOD)
			return refuse(pump, status);
		if (out.len > 0)
			ring_push(pump->ring, out.len);
		else if (last && in.left == 0)
			return check_end(pump, state);
	}
	return 0;
}

static int open_and_decode(struct pump *pump)
{
	_cleanup_free uint8_t *buf = malloc(INPUT_BYTES);
	void *state = pump->decoder->open();
	int r;

	if (!buf || !state)
		r = refuse(pump, DECODE_MEMORY);
	else
		r = decode_stream(pump, state, buf);
	if (state)
		pump->decoder->close(state);
	return r;
}

int pump_run(struct pump *pump)
{
	int r = pump->decoder ? open_and_decode(pump) : copy_stream(pump);

	ring_end(pump->ring, r);
	return r;
}

static void *thread_main(void *argument)
{
	(void)!pump_run(argument);
	return NULL;
}

int pump_start(struct pump *pump, struct failure *failure)
{
	int r = pthread_create(&pump->thread, NULL, thread_main, pump);

	return r ? failure_errno(failure, r, "cannot start a thread") : 0;
}

void pump_join(struct pump *pump)
{
	pthread_join(pump->thread, NULL);
}
