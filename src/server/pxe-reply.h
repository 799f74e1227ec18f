/* SPDX-License-Identifier: MIT */
/* A decision as a packet, and where the packet goes. */
#pragma once

#include "server/decide.h"

#define PXE_REPLY_MAX 1400

struct pxe_destination {
	bool broadcast; /* 255.255.255.255 on the link it came from */
	uint32_t address;
	uint16_t port;
	uint16_t from_port; /* 67 or 4011 */
};

/* Writes the reply of a decision that answers. b->bad: it does not fit, which
 * cannot be with PXE_REPLY_MAX bytes. */
void pxe_reply_build(const struct pxe_request *request,
		     const struct decision *decision, struct build *b);

struct pxe_destination pxe_reply_destination(const struct pxe_request *request);
