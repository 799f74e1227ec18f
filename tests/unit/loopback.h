/* SPDX-License-Identifier: MIT */
/* A server on the loopback for tests: one thread a connection. */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/util.h"

/* The test's: talks to one client, whose descriptor context is, and closes
 * it. */
static void *serve_one(void *context);

static void *serve(void *context)
{
	int listener = (int)(intptr_t)context, fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve_one,
				   (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

static int listen_on_loopback(uint16_t *ret_port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&address, len) < 0 ||
	    listen(fd, 128) < 0 || getsockname(fd, (void *)&address, &len) < 0)
		abort();
	*ret_port = ntohs(address.sin_port);
	return fd;
}
