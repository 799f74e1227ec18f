/* SPDX-License-Identifier: MIT */
#include "image/pump.h"

#include <errno.h>

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

static int decode_stream(struct pump *pump, void *state)
{
	struct view in = view_over("", 0);
	enum decode_status status;
	struct build out;
	bool last = false;
	size_t before;
	int r;

	while (ring_fill(pump->ring, RING_FOREVER, &out) > 0) {
		if (in.left == 0 && !last) {
			r = pump->input.next(pump->input.context, &in);
			if (r < 0)
				return r;
			last = r == 0;
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

static void *thread_main(void *argument)
{
	struct pump *pump = argument;
	void *state = pump->decoder->open();
	int r = state ? decode_stream(pump, state)
		      : refuse(pump, DECODE_MEMORY);

	if (state)
		pump->decoder->close(state);
	ring_end(pump->ring, r);
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

static int next(void *context, struct view *ret_bytes)
{
	return ring_next(context, RING_FIRST, ret_bytes);
}

struct input pump_output(const struct pump *pump)
{
	return (struct input){ next, pump->ring };
}
