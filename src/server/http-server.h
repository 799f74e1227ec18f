/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 by libmicrohttpd on threads of its own: the names of names.h, and
 *
 *   GET  /v1/machines                 all machines
 *   GET  /v1/machines/MAC/events      one machine's events; ?since=N,
 *                                     ?follow=1: as a stream, a line each
 *   POST /v1/machines/MAC/events      from the bootstrap in that machine
 *
 * Files with sendfile, ranges, HEAD, Content-Length always; those of 512 KiB and
 * more end their connection. Questions for the policy go to the main loop and
 * the connection sleeps meanwhile (MHD_suspend_connection); so do connections whose upstream is slower than
 * they are. At most HTTP_CONNECTIONS connections, HTTP_CONNECTIONS_HOST with
 * one address, HTTP_UPSTREAMS of them with an upstream (HTTP_UPSTREAMS_HOST with
 * one address), each of which buffers HTTP_UPSTREAM_BUFFER bytes.
 */
#pragma once

#include "server/context.h"
#include "server/texts.h"

#define HTTP_CONNECTIONS      4096
#define HTTP_CONNECTIONS_HOST 512
#define HTTP_UPSTREAMS	      256
#define HTTP_UPSTREAMS_HOST   64
#define HTTP_UPSTREAM_BUFFER  ((size_t)256 * 1024)

struct http_server;

/* Takes fd (a listening TCP socket) over when it succeeds. */
int http_server_new(const struct serve_context *context, int fd,
		    struct http_server **ret_server, struct failure *failure)
	_must_check;
struct http_server *http_server_free(struct http_server *server);
