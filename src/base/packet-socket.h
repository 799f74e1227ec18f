/* SPDX-License-Identifier: MIT */
/* Packet sockets (packet(7)) for UDP over IPv4 below the kernel's own UDP: on
 * an interface without an address, or beside who has the port bound. */
#pragma once

#include <sys/socket.h>

#include "base/util.h"

/* What a control buffer must hold for packet_socket_is_partial(). */
#define PACKET_SOCKET_CONTROL 64

/*
 * Opens a socket, not blocking, that receives IPv4 packets, from their IP
 * header on, of UDP to this port; others and later fragments are filtered out
 * by the kernel. link_index 0: of every interface. Returns the descriptor.
 */
int packet_socket_open(int link_index, uint16_t port) _must_check;

/* Whether the sender's kernel left the UDP checksum of a received packet to
 * hardware that the packet never met, as between virtual machines. */
bool packet_socket_is_partial(struct msghdr *message);
