/* SPDX-License-Identifier: MIT */
/*
 * What a DHCP packet says to a boot server, out of the packet: who asks, how
 * far it is, and what must be echoed. Numbers and addresses in host order.
 */
#pragma once

#include "server/client.h"
#include "wire/dhcp4.h"
#include "wire/pxe43.h"

/* An option that is echoed; longer ones are refused. */
#define PXE_ECHO_MAX 255

enum pxe_port {
	PXE_PORT_DHCP,	      /* 67 */
	PXE_PORT_BOOT_SERVER, /* 4011 */
	PXE_PORTS,
};

/* How a packet came. */
struct pxe_arrival {
	enum pxe_port port;
	int link; /* interface index */
	uint32_t from;
	uint16_t from_port;
	uint32_t server; /* our address, as this machine is to use it */
	bool shared;	 /* … and that of a DHCP server on this host */
};

struct pxe_echo {
	bool there;
	uint8_t len;
	uint8_t bytes[PXE_ECHO_MAX];
};

struct pxe_request {
	struct pxe_arrival arrival;
	uint8_t type; /* enum dhcp4_type */
	uint32_t xid;
	uint16_t secs;
	uint16_t flags;
	uint32_t ciaddr;
	uint32_t giaddr;
	uint32_t requested; /* option 50; 0: none */
	uint32_t server_id; /* option 54; 0: none */
	struct client client;
	bool pxe;	/* it wants to boot: PXEClient, HTTPClient or iPXE */
	bool ipxe_http; /* its iPXE can fetch by HTTP */
	bool has_item;
	struct pxe43_item item; /* of option 43, chosen from our menu */
	struct pxe_echo uuid;	/* option 97 as it came */
	struct pxe_echo agent;	/* option 82 */
	struct pxe_echo id;	/* option 61 */
};

/*
 * Reads a packet. -EBADMSG: malformed, and *ret_reason says in words how;
 * -ENODATA: well-formed, but no request (a server's reply).
 */
int pxe_request_parse(struct view packet, const struct pxe_arrival *arrival,
		      struct pxe_request *ret_request, const char **ret_reason)
	_must_check;
