/* SPDX-License-Identifier: MIT */
/*
 * Between the machine's serial line and the pty that the target takes for it:
 * every byte goes through, in both directions, and what comes from the line
 * is watched for the string that means "return". Bounded: when one side does
 * not read, the other is not read from.
 */
#pragma once

#include "bootstrap/matcher.h"
#include "loop/loop.h"

#define SERIAL_MAGIC "RETURN_TO_BOOTSTRAP"

/* A paste into a target that is slow to read waits here; the kernel's own
 * buffers behind it are 64 KiB, after which a line without flow control
 * loses bytes. */
#define SERIAL_BUFFER (256 * 1024)

struct flow {
	char bytes[SERIAL_BUFFER];
	size_t start, len; /* a ring */
};

struct serial {
	/* Set by the owner: called once the string came by. */
	void (*matched)(struct serial *serial);
	/* The proxy's own. */
	struct loop *loop;
	struct source line, pty;
	struct timer retry; /* while nobody has the pty's other end open */
	struct flow to_pty, to_line;
	struct matcher matcher;
	bool running;
};

/*
 * Takes both descriptors over (also on failure). line is a terminal, set raw
 * here; pty a master. Returns 0 or a negative errno.
 */
int serial_start(struct serial *serial, struct loop *loop, int line, int pty)
	_must_check;

/* Queues text for the line, before what comes from the pty. As much as there
 * is room for. */
void serial_say(struct serial *serial, const char *text, size_t len);

/* Closes both. What the line has not sent yet is dropped: closing it would
 * wait for that. Not running is fine. */
void serial_stop(struct serial *serial);
