/* SPDX-License-Identifier: MIT */
/*
 * The addresses that this server gave away, when it is a whole DHCP server
 * (RFC 2131). In memory only, one for each address of the range: when all are
 * taken, a new client gets none until one expires. No I/O.
 */
#pragma once

#include "server/dhcp-range.h"
#include "server/pxe-request.h"

/* How long an address is kept for who was offered it. */
#define DHCP_OFFER_MS 30000
/* How long one is left alone that a client found in use by another. */
#define DHCP_DECLINED_MS ((int64_t)600000)

enum dhcp_grant_kind {
	GRANT_NONE,   /* nothing to say about addresses */
	GRANT_LEASE,  /* this address: an OFFER to a DISCOVER, else an ACK */
	GRANT_INFORM, /* it has an address of its own, and gets the rest */
	GRANT_NAK,    /* it must not use the address it asked for */
};

struct dhcp_grant {
	enum dhcp_grant_kind kind;
	uint32_t address;
};

struct dhcp_leases {
	struct dhcp_range range;
	struct dhcp_lease *rows; /* [address - range.first] */
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint64_t key[2]; /* so that nobody can choose the buckets */
};

/* -ENOMEM, -EIO. */
int dhcp_leases_init(struct dhcp_leases *leases, const struct dhcp_range *range)
	_must_check;
/* Not initialised but zeroed is fine. */
void dhcp_leases_done(struct dhcp_leases *leases);

/*
 * What a request to port 67 gets, from who is on the range's network, or
 * behind a relay that is. Takes note of it: call it once a request.
 */
struct dhcp_grant dhcp_leases_ask(struct dhcp_leases *leases,
				  const struct pxe_request *request,
				  int64_t now_ms);
