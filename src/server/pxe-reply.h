/* SPDX-License-Identifier: MIT */
/* A decision as a packet, and where the packet goes. */
#pragma once

#include "server/decide.h"
#include "server/dhcp-leases.h"

#define PXE_REPLY_MAX 1400

struct pxe_destination {
	bool broadcast; /* 255.255.255.255 on the link it came from */
	uint32_t address;
	uint16_t port;
	uint16_t from_port; /* 67 or 4011 */
};

/* An address beside what there is to boot. */
struct pxe_lease {
	struct dhcp_grant grant;
	const struct dhcp_range *range;
};

/*
 * Writes the reply of a decision that answers, or of a grant, or of both.
 * lease: NULL, or what a whole DHCP server says. b->bad: it does not fit, which
 * cannot be with PXE_REPLY_MAX bytes.
 */
void pxe_reply_build(const struct pxe_request *request,
		     const struct decision *decision,
		     const struct pxe_lease *lease, struct build *b);

/* is_nak: of a reply after which its receiver has no address any more. */
struct pxe_destination pxe_reply_destination(const struct pxe_request *request,
					     bool is_nak);
