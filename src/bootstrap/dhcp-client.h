/* SPDX-License-Identifier: MIT */
/*
 * The DHCPv4 client of one interface (RFC 2131 section 4.4) as a step machine
 * without input or output: the owner tells it the time and what came in, and
 * does what the answer says. Times are clock_ms(), random numbers come from
 * the owner, too, so that a test can play whole leases in no time.
 */
#pragma once

#include "bootstrap/dhcp-lease.h"

#define DHCP_NEVER INT64_MAX

enum dhcp_client_state {
	DHCP_CLIENT_STOPPED,
	DHCP_CLIENT_SELECTING,	/* DISCOVER sent */
	DHCP_CLIENT_REQUESTING, /* an OFFER taken, REQUEST sent */
	DHCP_CLIENT_REBOOTING,	/* asks whether the old lease still holds */
	DHCP_CLIENT_BOUND,
	DHCP_CLIENT_RENEWING,  /* asks the server that gave the lease */
	DHCP_CLIENT_REBINDING, /* asks any server */
};

struct dhcp_client {
	enum dhcp_client_state state;
	uint8_t mac[6];
	int64_t wake_ms; /* call dhcp_client_wake() then, or DHCP_NEVER */
	/* The machine's own. */
	uint32_t xid;
	unsigned int tries;	 /* of what was sent last */
	int64_t begun_ms;	 /* for secs */
	int64_t sent_ms;	 /* the first REQUEST: leases count from it */
	int64_t leased_ms;	 /* the same of the lease that is held */
	bool held;		 /* lease is ours */
	struct dhcp_lease lease; /* held, offered or remembered */
};

enum dhcp_send {
	DHCP_SEND_NOTHING,
	DHCP_SEND_BROADCAST,
	DHCP_SEND_UNICAST, /* to lease.server, from lease.address */
};

enum dhcp_change {
	DHCP_CHANGE_NONE,
	DHCP_CHANGE_OBTAINED, /* client->lease is new */
	DHCP_CHANGE_KEPT,     /* the same address goes on */
	DHCP_CHANGE_LOST,     /* what was obtained is void */
};

/* What the owner has to do. */
struct dhcp_action {
	enum dhcp_send send;
	enum dhcp_change change;
	size_t len;
	uint8_t message[DHCP4_PACKET_MIN]; /* to send, len bytes */
};

void dhcp_client_init(struct dhcp_client *client, const uint8_t mac[static 6]);

/* The link came up: begins with DISCOVER, or, when a lease is held, asks
 * whether it still holds here (INIT-REBOOT). */
void dhcp_client_start(struct dhcp_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp_action *ret_action);

/* The link went down. A lease that is held goes on until it expires. */
void dhcp_client_stop(struct dhcp_client *client);

/* wake_ms has come. */
void dhcp_client_wake(struct dhcp_client *client, int64_t now_ms,
		      uint32_t random, struct dhcp_action *ret_action);

/*
 * A message came, from whomever. What is malformed, not for us, not awaited
 * or not usable changes nothing. The address is not probed for a second user
 * (RFC 5227): it would cost seconds of every boot.
 */
void dhcp_client_receive(struct dhcp_client *client, int64_t now_ms,
			 uint32_t random, struct view message,
			 struct dhcp_action *ret_action);
