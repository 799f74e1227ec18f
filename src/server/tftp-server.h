/* SPDX-License-Identifier: MIT */
/*
 * TFTP on port 69: read requests of names.h, octet mode, on the main loop
 * (RFC 1350, options RFC 2347, 2348, 2349, 7440). At most TFTP_SESSIONS
 * transfers at once, TFTP_SESSIONS_HOST of them with one address. At a cap the
 * one that has been quiet for longest gives way, if that is some seconds;
 * otherwise the new request is left for the client to repeat, and counted.
 * A transfer has a port of its own and no buffer: a window, at most what one
 * system call carries (64 blocks, 65,507 bytes), is sent from the file's pages.
 */
#pragma once

#include "server/context.h"
#include "server/texts.h"

#define TFTP_SESSIONS	   2048
#define TFTP_SESSIONS_HOST 16

struct tftp_server;

/* Takes fd (a bound UDP socket with IP_PKTINFO) over when it succeeds. */
int tftp_server_new(const struct serve_context *context, int fd,
		    struct tftp_server **ret_server, struct failure *failure)
	_must_check;
struct tftp_server *tftp_server_free(struct tftp_server *server);
