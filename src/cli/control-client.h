/* SPDX-License-Identifier: MIT */
/* The asking end of the control socket (wire/control.h). */
#pragma once

#include "base/cleanup.h"
#include "base/failure.h"
#include "wire/control.h"

/* The socket that is asked: CONTROL_PATH. Only tests set it to another. */
extern const char *control_client_path;

/*
 * Connects and sends the request, whose magic is filled in here. Returns the
 * connection, which the caller closes, or a negative errno: -ENOENT says that
 * this is no bootstrap.
 */
int control_client_send(struct control_request *request,
			struct failure *failure) _must_check;

/*
 * Takes one reply from a connection, waiting for it. All its texts are
 * terminated and printable. Returns 0, or -EBADMSG for a record of another
 * size or magic, -ECONNRESET when PID 1 closed the connection. A
 * CONTROL_FAILED is a reply as any other.
 */
int control_client_receive(int fd, struct control_reply *ret_reply,
			   struct failure *failure) _must_check;

/*
 * Asks a question with one answer, which is waited for only some seconds. A
 * CONTROL_FAILED comes back as its negative errno and in *failure.
 */
int control_client_ask(enum control_verb verb, struct control_reply *ret_reply,
		       struct failure *failure) _must_check;

/* control_client_ask() for CONTROL_STATUS. */
int control_client_status(struct status *ret_status, struct failure *failure)
	_must_check;
