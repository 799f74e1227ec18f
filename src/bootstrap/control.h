/* SPDX-License-Identifier: MIT */
/*
 * The server of the control sockets (wire/control.h): one of the bootstrap's,
 * one inside of each target. Root only. A client that does not read its
 * replies loses them; none can make PID 1 wait.
 */
#pragma once

#include "loop/loop.h"
#include "wire/control.h"

#define CONTROL_CLIENTS 32

struct control;

struct client {
	struct control *control;
	struct source source; /* fd FD_NONE: a free place */
	bool inside;	      /* came through the target's socket */
	bool asked;	      /* its one request was read */
};

struct control {
	/* Set by the owner. asked: a whole request of the right shape; gone:
	 * the client has left, or was dropped, and is not used any more. */
	void (*asked)(struct control *control, struct client *client,
		      const struct control_request *request);
	void (*gone)(struct control *control, struct client *client);
	struct loop *loop;
	struct source ours, targets; /* listening */
	struct client clients[CONTROL_CLIENTS];
};

/* Binds CONTROL_PATH. Returns 0 or a negative errno. */
int control_start(struct control *control, struct loop *loop) _must_check;

/* Listens also on the target's socket (taken over), or on none: FD_NONE. */
void control_set_target(struct control *control, int fd);

/* Sends a reply; client may be NULL: nobody asked. */
void control_progress(struct client *client, const struct progress *progress);
void control_waiting(struct client *client, const char *network);
void control_status(struct client *client, const struct status *status);

/* These are the last words: the client is closed, without gone(). */
void control_done(struct client *client);
void control_failed(struct client *client, const struct failure *failure);
