/* SPDX-License-Identifier: MIT */
/*
 * A client that acknowledges what it likes: two bytes of shape, then an ACK
 * every two bytes (0xfff0 and above: the time runs out).
 */
#include <stdlib.h>

#include "server/tftp-window.h"
#include "wire/tftp.h"
#include "wire/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct tftp_window *w)
{
	uint64_t next = tftp_window_next(w), last = tftp_window_last(w);

	if (w->sent < w->arrived || w->sent > w->blocks ||
	    w->sent - w->arrived > w->count || last > w->blocks)
		abort();
	for (; next <= last; next++)
		if (tftp_window_offset(w, next) + tftp_window_bytes(w, next) >
		    w->size)
			abort();
}

/* Whether there is an answer. */
static bool take(struct tftp_window *w, uint16_t number)
{
	uint64_t before = w->arrived;

	if (number >= 0xfff0) {
		tftp_window_rewind(w);
		return true;
	}
	if (tftp_window_ack(w, number) != TFTP_STEP_WAIT)
		return true;
	if (w->arrived != before)
		abort();
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = view_over(data, size);
	uint8_t asked = view_u8(&v), length = view_u8(&v);
	struct tftp_window w;

	tftp_window_init(&w, (uint64_t)length * 61, TFTP_BLKSIZE_MIN,
			 tftp_window_fit(asked, TFTP_BLKSIZE_MIN));
	w.sent = tftp_window_last(&w);
	while (v.left >= 2 && w.arrived < w.blocks) {
		bool answered = take(&w, view_be16(&v));

		check(&w);
		/* Nothing is sent but for news and timeouts. */
		if (!answered && tftp_window_next(&w) <= tftp_window_last(&w))
			abort();
		w.sent = tftp_window_last(&w);
	}
	return 0;
}
