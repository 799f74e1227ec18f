/* SPDX-License-Identifier: MIT */
/*
 * DHCP packets in and out, DHCP_BATCH of them a system call: of a bound UDP
 * socket, or of a packet socket beside whoever has the port bound. Nothing
 * waits: what the kernel does not take at once is lost, as on a wire, and
 * counted.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "server/pxe-reply.h"
#include "wire/udp4.h"

#define DHCP_BATCH	 64
#define DHCP_RECEIVE_MAX 1536 /* longer packets are malformed */
#define DHCP_SEND_MAX	 (UDP4_HEADERS + PXE_REPLY_MAX)
#define DHCP_CONTROL_MAX 64

struct dhcp_datagram {
	struct view payload;
	int link; /* interface index */
	uint32_t from;
	uint16_t from_port;
	uint32_t destination; /* UINT32_MAX for any broadcast */
};

struct dhcp_slot {
	struct iovec iov;
	struct sockaddr_storage address;
	_Alignas(struct cmsghdr) char control[DHCP_CONTROL_MAX];
};

struct dhcp_socket {
	int fd;
	bool raw;
	int send_fd; /* fd, or the raw IP socket */
	uint16_t port;
	struct mmsghdr in[DHCP_BATCH], out[DHCP_BATCH];
	struct dhcp_slot in_slots[DHCP_BATCH], out_slots[DHCP_BATCH];
	uint8_t in_bytes[DHCP_BATCH][DHCP_RECEIVE_MAX];
	uint8_t out_bytes[DHCP_BATCH][DHCP_SEND_MAX];
	size_t out_count;
	uint64_t unsent;
	int unsent_err; /* positive errno of the last */
};

/* Borrows the descriptors, which must not block; raw_fd: FD_NONE, or fd is a
 * packet socket and raw_fd sends. It must not move. */
int dhcp_socket_init(struct dhcp_socket *s, int fd, int raw_fd, uint16_t port)
	_must_check;

/* Takes what is there; returns how many packets, 0: none. */
size_t dhcp_socket_receive(struct dhcp_socket *s);

/* The number-th of them, until more are received. -ENODATA: it is not for us
 * at all; -EBADMSG: malformed, *ret_reason says how; from is set then. */
int dhcp_socket_get(struct dhcp_socket *s, size_t number,
		    struct dhcp_datagram *ret_datagram, const char **ret_reason)
	_must_check;

/* Queues a packet; it leaves with dhcp_socket_flush(), or when DHCP_BATCH of
 * them wait. source: our address. */
void dhcp_socket_send(struct dhcp_socket *s, struct view payload,
		      const struct pxe_destination *to, uint32_t source,
		      int link);
void dhcp_socket_flush(struct dhcp_socket *s);
