/* SPDX-License-Identifier: MIT */
/*
 * DHCP messages on the wire. They come and go through a packet socket
 * (packet(7)), which works on an interface without an address and beside any
 * client that the target runs; only the unicast of a renewal needs the
 * kernel's routing and goes through UDP.
 */
#pragma once

#include "base/util.h"
#include "wire/view.h"

#define PACKET_MAX 2048

/* Opens a socket, not blocking, that receives what comes to the client's port
 * on this interface. Returns the descriptor. */
int packet_open(int link_index) _must_check;

/* Sends a message from source (host order, 0: none yet) to everyone. */
int packet_broadcast(int fd, int link_index, uint32_t source,
		     const void *message, size_t len) _must_check;

/*
 * Takes one message; *ret_message points into buf. -EAGAIN: there is none,
 * -EBADMSG: not a whole UDP packet to the client's port.
 */
int packet_receive(int fd, uint8_t buf[static PACKET_MAX],
		   struct view *ret_message) _must_check;

/*
 * Sends a message from our address to the server's. Returns the descriptor
 * of the socket: as long as it is open, the kernel does not tell the server
 * that nobody is there; the answer comes through packet_receive().
 */
int packet_unicast(const char *link_name, uint32_t source, uint32_t server,
		   const void *message, size_t len) _must_check;
