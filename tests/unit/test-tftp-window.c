/* SPDX-License-Identifier: MIT */
#include "server/tftp-window.h"
#include "tap.h"

/* Counts as sent what is to be sent; returns how many blocks. */
static uint64_t send_all(struct tftp_window *w)
{
	uint64_t before = w->sent;

	w->sent = tftp_window_last(w);
	return w->sent - before;
}

static void test_shape(void)
{
	struct tftp_window w;

	ok_int(tftp_window_fit(0, 512), 1, "no window is one of 1");
	ok_int(tftp_window_fit(16, 1468), 16, "16 blocks of 1468");
	ok_int(tftp_window_fit(65535, 1468), 44, "as many as a call carries");
	ok_int(tftp_window_fit(65535, 512), 64, "at most 64");
	ok_int(tftp_window_fit(4, 65464), 1, "one of the largest");
	tftp_window_init(&w, 0, 512, 1);
	ok(w.blocks == 1 && tftp_window_bytes(&w, 1) == 0,
	   "an empty file is one empty block");
	tftp_window_init(&w, 1024, 512, 1);
	ok(w.blocks == 3 && tftp_window_bytes(&w, 2) == 512 &&
		   tftp_window_bytes(&w, 3) == 0,
	   "a multiple of the block ends with an empty one");
	tftp_window_init(&w, 1025, 512, 1);
	ok(w.blocks == 3 && tftp_window_bytes(&w, 3) == 1 &&
		   tftp_window_offset(&w, 3) == 1024,
	   "the last block has the rest");
}

static void test_lockstep(void)
{
	struct tftp_window w;

	tftp_window_init(&w, 1300, 512, 1);
	ok_int(tftp_window_ack(&w, 0), TFTP_STEP_SEND, "the OACK's ACK");
	ok_int((int64_t)send_all(&w), 1, "one block");
	ok_int(tftp_window_ack(&w, 0), TFTP_STEP_WAIT, "again: nothing");
	ok_int(tftp_window_ack(&w, 2), TFTP_STEP_WAIT, "one never sent");
	ok_int(tftp_window_ack(&w, 1), TFTP_STEP_SEND, "the first arrived");
	ok_int((int64_t)tftp_window_next(&w), 2, "the second is next");
	send_all(&w);
	ok_int(tftp_window_ack(&w, 1), TFTP_STEP_WAIT,
	       "a duplicate is not answered (Sorcerer's Apprentice)");
	tftp_window_rewind(&w);
	ok_int((int64_t)tftp_window_next(&w), 2, "time ran out: again");
	send_all(&w);
	ok_int(tftp_window_ack(&w, 2), TFTP_STEP_SEND, "the second arrived");
	send_all(&w);
	ok_int(tftp_window_ack(&w, 3), TFTP_STEP_DONE, "the last arrived");
}

static void test_windows(void)
{
	struct tftp_window w;

	tftp_window_init(&w, 10000, 100, 8);
	ok_int(tftp_window_ack(&w, 0), TFTP_STEP_SEND, "the OACK's ACK");
	ok_int((int64_t)send_all(&w), 8, "a whole window");
	ok_int(tftp_window_ack(&w, 8), TFTP_STEP_SEND, "it arrived");
	ok_int((int64_t)send_all(&w), 8, "the next");
	ok_int(tftp_window_ack(&w, 11), TFTP_STEP_SEND,
	       "an ACK in the middle: what follows was lost");
	ok_int((int64_t)tftp_window_next(&w), 12, "it begins there");
	ok_int((int64_t)tftp_window_last(&w), 19, "and is whole");
	send_all(&w);
	for (int i = 0; i < 7; i++)
		ok_int(tftp_window_ack(&w, 11), TFTP_STEP_WAIT,
		       "said again for each block behind the hole");
	ok_int(tftp_window_ack(&w, 19), TFTP_STEP_SEND, "now it arrived");
	send_all(&w);
	ok_int(tftp_window_ack(&w, 19), TFTP_STEP_SEND,
	       "the first block was lost: the window again");
	ok_int((int64_t)tftp_window_next(&w), 20, "from its start");
	send_all(&w);
	ok_int(tftp_window_ack(&w, 19), TFTP_STEP_WAIT, "once");
	tftp_window_rewind(&w);
	send_all(&w);
	ok_int(tftp_window_ack(&w, 19), TFTP_STEP_SEND,
	       "and once more after the time ran out");
}

/* More than 65535 blocks, and more than 4 GiB. */
static void test_wrap(void)
{
	const uint64_t size = 5000000000;
	struct tftp_window w;
	bool good = true;

	tftp_window_init(&w, size, 512, 16);
	(void)tftp_window_ack(&w, 0);
	while (good && w.arrived < w.blocks) {
		enum tftp_step step;

		if (send_all(&w) == 0)
			good = false;
		step = tftp_window_ack(&w, (uint16_t)w.sent);
		good = good && step == (w.arrived == w.blocks ? TFTP_STEP_DONE
							      : TFTP_STEP_SEND);
	}
	ok(good, "numbers wrap from 65535 to 0");
	ok_int((int64_t)w.blocks, size / 512 + 1, "all blocks arrived");
	ok_int((int64_t)(tftp_window_offset(&w, w.blocks) +
			 tftp_window_bytes(&w, w.blocks)),
	       size, "up to the last byte");
}

int main(void)
{
	test_shape();
	test_lockstep();
	test_windows();
	test_wrap();
	return tap_done();
}
