/* SPDX-License-Identifier: MIT */
/*
 * The sockets of the server, opened before privileges are dropped. A port that
 * is taken is reported with who has it.
 */
#pragma once

#include "base/failure.h"
#include "server/settings.h"

struct ports {
	int dhcp_fd; /* UDP 67 with IP_PKTINFO and broadcast; with
			--dhcp-no-bind a packet socket (SOCK_DGRAM,
			ETH_P_IP) with a filter on UDP port 67 */
	bool dhcp_raw;
	int raw_send_fd; /* with dhcp_raw: a raw IP socket (IPPROTO_RAW) that
			    takes whole packets, to send from port 67 without
			    being bound to it; FD_NONE otherwise */
	int pxe_fd;	 /* UDP 4011 with IP_PKTINFO */
	int tftp_fd;	 /* UDP 69 with IP_PKTINFO */
	int http_fd;	 /* TCP, listening */
};

/* All or none. The failure names the port, and the program and PID that have
 * it when /proc tells. */
int ports_open(const struct serve_settings *settings, struct ports *ret_ports,
	       struct failure *failure) _must_check;
/* Those that were not taken over. */
void ports_close(struct ports *ports);

/* Whether an address of this host, a loopback's too, is one under which it
 * serves. From any thread. */
bool ports_serves(const struct serve_settings *settings, uint32_t address);

/* "eth0 192.0.2.1": the interfaces and addresses served, a line each, except
 * the loopback. Returns how many. */
size_t ports_describe(const struct serve_settings *settings,
		      void (*line)(void *to, const char *text), void *to);
