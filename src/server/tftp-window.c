/* SPDX-License-Identifier: MIT */
/*
 * An ACK says that all blocks up to its number have arrived, and asks for the
 * window behind it (RFC 7440 section 4). So one with a number inside the
 * window means that what follows was lost: the next window begins there.
 *
 * An ACK that says nothing new is answered with nothing when windows have one
 * block: with an answer, each duplicate would double every packet after it
 * (the Sorcerer's Apprentice, RFC 1123 section 4.2.3.1). With larger windows
 * it means that the first block of the window was lost. A client may say so
 * once for each block behind the hole, so it is believed once until a window
 * arrived whole or the time ran out.
 */
#include "server/tftp-window.h"

#include "wire/tftp.h"

uint32_t tftp_window_fit(uint32_t wanted, uint32_t blksize)
{
	uint32_t fit = TFTP_WINDOW_BYTES / (TFTP_HEADER + blksize);

	return MAX(MIN(MIN(wanted, fit), TFTP_WINDOW_BLOCKS), 1);
}

void tftp_window_init(struct tftp_window *window, uint64_t size,
		      uint32_t blksize, uint32_t count)
{
	*window = (struct tftp_window){
		.size = size,
		.blocks = size / blksize + 1,
		.blksize = blksize,
		.count = count,
	};
}

enum tftp_step tftp_window_ack(struct tftp_window *window, uint16_t number)
{
	uint64_t news = (uint16_t)(number - (uint16_t)window->arrived);
	uint64_t under_way = window->sent - window->arrived;

	/* Long past, or never sent. */
	if (news > under_way)
		return TFTP_STEP_WAIT;
	if (news == 0 && under_way > 0 &&
	    (window->count == 1 || window->repeated))
		return TFTP_STEP_WAIT;
	window->repeated = news < under_way;
	window->arrived += news;
	window->sent = window->arrived;
	return window->arrived == window->blocks ? TFTP_STEP_DONE
						 : TFTP_STEP_SEND;
}

void tftp_window_rewind(struct tftp_window *window)
{
	window->sent = window->arrived;
	window->repeated = false;
}
