/* SPDX-License-Identifier: MIT */
/*
 * The DHCPv6 client of one interface (RFC 8415 section 18.2) as a step machine
 * without input or output, like dhcp-client.h: one address (IA_NA), or
 * configuration without one. All that it sends goes to all servers of the
 * link.
 */
#pragma once

#include "bootstrap/dhcp6-lease.h"

#define DHCP6_NEVER	  INT64_MAX
#define DHCP6_MESSAGE_MAX 512 /* of ours */

enum dhcp6_client_state {
	DHCP6_CLIENT_STOPPED,
	DHCP6_CLIENT_SOLICITING,
	DHCP6_CLIENT_REQUESTING, /* an ADVERTISE taken, REQUEST sent */
	DHCP6_CLIENT_CONFIRMING, /* asks whether the lease holds on this link */
	DHCP6_CLIENT_BOUND,
	DHCP6_CLIENT_RENEWING,	/* asks the server that gave the lease */
	DHCP6_CLIENT_REBINDING, /* asks any server */
	DHCP6_CLIENT_ASKING,	/* INFORMATION-REQUEST sent */
	DHCP6_CLIENT_INFORMED,
};

struct dhcp6_client {
	enum dhcp6_client_state state;
	uint8_t mac[6];
	int64_t wake_ms; /* call dhcp6_client_wake() then, or DHCP6_NEVER */
	/* The machine's own. */
	uint32_t xid;
	unsigned int tries; /* of what was sent last */
	int64_t begun_ms;   /* for the elapsed time; leases count from it */
	int64_t leased_ms;  /* the same of the lease that is held */
	bool held;	    /* lease is ours */
	bool informed;	    /* lease is configuration only */
	struct dhcp6_lease lease; /* held or advertised */
};

enum dhcp6_change {
	DHCP6_CHANGE_NONE,
	DHCP6_CHANGE_OBTAINED, /* client->lease is new, the one before void */
	DHCP6_CHANGE_KEPT,     /* the same address, the rest may be new */
	DHCP6_CHANGE_LOST,     /* what was obtained is void */
};

/* What the owner has to do. */
struct dhcp6_action {
	enum dhcp6_change change;
	size_t len;			    /* 0: nothing to send */
	uint8_t message[DHCP6_MESSAGE_MAX]; /* to DHCP6_SERVERS */
};

void dhcp6_client_init(struct dhcp6_client *client,
		       const uint8_t mac[static 6]);

/* Asks for an address, or whether the one that is held holds on this link. */
void dhcp6_client_start(struct dhcp6_client *client, int64_t now_ms,
			uint32_t random, struct dhcp6_action *ret_action);

/* Asks for configuration only. A lease that is held is left to its end. */
void dhcp6_client_ask(struct dhcp6_client *client, int64_t now_ms,
		      uint32_t random, struct dhcp6_action *ret_action);

/* The link went down. A lease that is held goes on until it expires. */
void dhcp6_client_stop(struct dhcp6_client *client);

/* Whether it waits for an answer. */
bool dhcp6_client_awaits(const struct dhcp6_client *client);

/* wake_ms has come. */
void dhcp6_client_wake(struct dhcp6_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp6_action *ret_action);

/* A message came, from whomever. What is malformed, not for us, not awaited or
 * not usable changes nothing. */
void dhcp6_client_receive(struct dhcp6_client *client, int64_t now_ms,
			  uint32_t random, struct view message,
			  struct dhcp6_action *ret_action);
