/* SPDX-License-Identifier: MIT */
/*
 * UDP over IPv4 without options (RFC 768, RFC 791), for an interface that has
 * no address yet. Addresses and ports are in host order.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

#define UDP4_HEADERS 28 /* IPv4 and UDP header, bytes */

struct udp4_packet {
	uint32_t source;
	uint32_t destination;
	uint16_t source_port;
	uint16_t destination_port;
	struct view payload; /* read: inside the packet */
};

/*
 * Reads a packet that begins with its IPv4 header; bytes behind the length in
 * that header (Ethernet padding) are left out. Both checksums must be right;
 * the UDP one is not looked at with checksum_partial (the sender is on this
 * machine, its kernel left the sum to hardware there is none of) or when it
 * is 0. -EBADMSG: anything else, fragments too.
 */
int udp4_parse(struct view bytes, bool checksum_partial,
	       struct udp4_packet *ret_packet) _must_check;

/* Writes headers and payload. */
void udp4_build(struct build *b, const struct udp4_packet *packet);
