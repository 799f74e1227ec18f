/* SPDX-License-Identifier: MIT */
/*
 * What is under way in one transfer: which blocks of the file were sent and
 * which have arrived. Blocks are counted from 1 in 64 bits; only their low 16
 * bits travel, so a file may have any size. Pure.
 */
#pragma once

#include "base/util.h"

/* A window is what one sendmsg(2) carries: the kernel's UDP_MAX_SEGMENTS of
 * its older versions, in one UDP payload before it is cut into packets. */
#define TFTP_WINDOW_BLOCKS 64
#define TFTP_WINDOW_BYTES  65507

struct tftp_window {
	uint64_t size;	  /* of the file, bytes */
	uint64_t blocks;  /* at least 1: the last is shorter than the others */
	uint64_t arrived; /* all blocks up to this one have */
	uint64_t sent;	  /* all blocks up to this one were; never below */
	uint32_t blksize;
	uint32_t count; /* blocks that may be under way */
	bool repeated;	/* the window was sent again and is not whole yet */
};

enum tftp_step {
	TFTP_STEP_WAIT, /* nothing new: say nothing */
	TFTP_STEP_SEND, /* tftp_window_next() .. tftp_window_last() */
	TFTP_STEP_DONE, /* all of the file has arrived */
};

/* How many blocks of blksize bytes a window has that was asked for with
 * wanted blocks: at least 1. */
uint32_t tftp_window_fit(uint32_t wanted, uint32_t blksize);

/* count: of tftp_window_fit(). */
void tftp_window_init(struct tftp_window *window, uint64_t size,
		      uint32_t blksize, uint32_t count);

/* An ACK with this number came. */
enum tftp_step tftp_window_ack(struct tftp_window *window, uint16_t number);

/* None came in time: what has not arrived is to be sent again. */
void tftp_window_rewind(struct tftp_window *window);

/* The first and the last block to be sent now; next > last: none. */
static inline uint64_t tftp_window_next(const struct tftp_window *window)
{
	return window->sent + 1;
}

static inline uint64_t tftp_window_last(const struct tftp_window *window)
{
	return MIN(window->arrived + window->count, window->blocks);
}

/* Where a block is in the file, and how many bytes it has. */
static inline uint64_t tftp_window_offset(const struct tftp_window *window,
					  uint64_t block)
{
	return (block - 1) * window->blksize;
}

static inline uint32_t tftp_window_bytes(const struct tftp_window *window,
					 uint64_t block)
{
	return (uint32_t)MIN(window->size - tftp_window_offset(window, block),
			     window->blksize);
}
