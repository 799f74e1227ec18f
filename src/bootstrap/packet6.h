/* SPDX-License-Identifier: MIT */
/*
 * DHCPv6 messages on the wire, by UDP. The client's port is bound only while
 * an answer is awaited, so that a client of the target's can have it, too.
 */
#pragma once

#include "base/util.h"
#include "wire/view.h"

#define PACKET6_MAX 2048

/* Opens a socket, not blocking, on the client's port of this interface.
 * Returns the descriptor. */
int packet6_open(const char *link_name) _must_check;

/* Sends a message to all servers of the link. */
int packet6_send(int fd, int link_index, const void *message, size_t len)
	_must_check;

/* Takes one message; *ret_message points into buf. -EAGAIN: there is none,
 * -EBADMSG: too long. */
int packet6_receive(int fd, uint8_t buf[static PACKET6_MAX],
		    struct view *ret_message) _must_check;
