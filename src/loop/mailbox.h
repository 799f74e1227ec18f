/* SPDX-License-Identifier: MIT */
/*
 * Work handed to a loop by other threads: letters are opened on the loop's
 * thread, in the order in which they were posted. A letter is embedded in what
 * it is about, so posting allocates nothing and never fails.
 */
#pragma once

#include <pthread.h>

#include "loop/loop.h"

/* The owner sets open; it may free or post the letter again in it. */
struct letter {
	void (*open)(struct letter *letter);
	struct letter *next;
	bool posted;
};

struct mailbox {
	struct loop *loop;
	struct source source; /* an eventfd(2) */
	pthread_mutex_t lock;
	struct letter *first, **end;
};

/* loop must outlive it. Returns 0 or a negative errno. */
int mailbox_init(struct mailbox *mailbox, struct loop *loop) _must_check;
/* Opens what is left, on this thread. Nobody may post any more. */
void mailbox_done(struct mailbox *mailbox);

/* From any thread. A letter that is still closed is not posted again. */
void mailbox_post(struct mailbox *mailbox, struct letter *letter);
