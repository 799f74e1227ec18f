/* SPDX-License-Identifier: MIT */
/*
 * Every state but STOPPED and BOUND has sent something and waits for its
 * answer; waking up means that none came. BOUND sleeps until T1.
 *
 * Where this differs from the RFC's recommendations: retransmissions begin at
 * 1 s and grow to 16 s only, not 4 to 64, since a person may be waiting for
 * the prompt; the first usable offer is taken at once.
 */
#include "bootstrap/dhcp-client.h"

#define BACKOFF_FIRST_MS   1000
#define BACKOFF_DOUBLINGS  4
#define REQUEST_TRIES	   4
#define REBOOT_TRIES	   3
#define RENEW_RETRY_MIN_MS 60000 /* RFC 2131 section 4.4.5 */
#define MESSAGE_MAX	   1500	 /* what we accept, with the headers */
#define HTYPE_ETHERNET	   1
#define MAC_LEN		   6

/* Option 121 must come before the router option (RFC 3442). */
static const uint8_t wanted[] = {
	DHCP4_SUBNET_MASK,  DHCP4_CLASSLESS_ROUTES, DHCP4_ROUTER,
	DHCP4_DNS,	    DHCP4_DOMAIN_NAME,	    DHCP4_HOST_NAME,
	DHCP4_MTU,	    DHCP4_LEASE_TIME,	    DHCP4_SERVER_ID,
	DHCP4_RENEWAL_TIME, DHCP4_REBINDING_TIME,
};

static const struct {
	enum dhcp4_type type;
	enum dhcp_send send;
	bool names_address; /* option 50, ciaddr is 0 */
	bool names_server;  /* option 54 */
	bool has_address;   /* ciaddr */
} messages[] = {
	/* RFC 2131 section 4.3.6, table 4 */
	[DHCP_CLIENT_SELECTING] = { DHCP4_DISCOVER, DHCP_SEND_BROADCAST },
	[DHCP_CLIENT_REQUESTING] = { DHCP4_REQUEST, DHCP_SEND_BROADCAST,
				     .names_address = true,
				     .names_server = true },
	[DHCP_CLIENT_REBOOTING] = { DHCP4_REQUEST, DHCP_SEND_BROADCAST,
				    .names_address = true },
	[DHCP_CLIENT_RENEWING] = { DHCP4_REQUEST, DHCP_SEND_UNICAST,
				   .has_address = true },
	[DHCP_CLIENT_REBINDING] = { DHCP4_REQUEST, DHCP_SEND_BROADCAST,
				    .has_address = true },
};

/* Sends what the state sends. */
static void send_message(const struct dhcp_client *client, int64_t now_ms,
			 struct dhcp_action *action)
{
	struct build b = build_over(action->message, sizeof(action->message));
	int64_t secs = (now_ms - client->begun_ms) / MS_PER_S;
	struct dhcp4_message head = {
		.op = DHCP4_OP_REQUEST,
		.htype = HTYPE_ETHERNET,
		.hlen = MAC_LEN,
		.xid = client->xid,
		.secs = (uint16_t)MIN(secs, UINT16_MAX),
	};
	uint8_t id[1 + MAC_LEN] = { HTYPE_ETHERNET };

	memcpy(head.chaddr, client->mac, MAC_LEN);
	memcpy(id + 1, client->mac, MAC_LEN);
	if (messages[client->state].has_address)
		head.ciaddr = client->lease.address;
	dhcp4_begin(&b, &head);
	dhcp4_add_number(&b, DHCP4_MESSAGE_TYPE, messages[client->state].type,
			 1);
	dhcp4_add(&b, DHCP4_CLIENT_ID, id, sizeof(id));
	if (messages[client->state].names_address)
		dhcp4_add_number(&b, DHCP4_REQUESTED_ADDRESS,
				 client->lease.address, 4);
	if (messages[client->state].names_server)
		dhcp4_add_number(&b, DHCP4_SERVER_ID, client->lease.server, 4);
	dhcp4_add_number(&b, DHCP4_MAX_SIZE, MESSAGE_MAX, 2);
	dhcp4_add(&b, DHCP4_PARAMETER_LIST, wanted, sizeof(wanted));
	dhcp4_end(&b);
	if (b.bad)
		return;
	action->send = messages[client->state].send;
	action->len = b.len;
}

/* Doubling delays, each random within a quarter, so that a rack of machines
 * that got power together does not ask in step. */
static int64_t backoff_ms(unsigned int tries, uint32_t random)
{
	int64_t delay = (int64_t)BACKOFF_FIRST_MS
			<< MIN(tries, (unsigned int)BACKOFF_DOUBLINGS);

	return delay - delay / 4 + random % (delay / 2);
}

/* The moment at_s seconds into the lease. */
static int64_t lease_moment(const struct dhcp_client *client, uint32_t at_s)
{
	if (client->lease.lifetime_s == DHCP4_INFINITE)
		return DHCP_NEVER;
	return client->leased_ms + at_s * MS_PER_S;
}

/* While renewing: half of what is left until the next state, but no less than
 * a minute, and that state in time. */
static int64_t renew_moment(const struct dhcp_client *client, int64_t now_ms)
{
	uint32_t end_s = client->state == DHCP_CLIENT_RENEWING
				 ? client->lease.rebind_s
				 : client->lease.lifetime_s;
	int64_t end_ms = lease_moment(client, end_s);
	int64_t half = MAX((end_ms - now_ms) / 2, RENEW_RETRY_MIN_MS);

	return MIN(now_ms + half, end_ms);
}

static void send_again(struct dhcp_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp_action *action)
{
	send_message(client, now_ms, action);
	if (client->state == DHCP_CLIENT_RENEWING ||
	    client->state == DHCP_CLIENT_REBINDING)
		client->wake_ms = renew_moment(client, now_ms);
	else
		client->wake_ms = now_ms + backoff_ms(client->tries, random);
	client->tries++;
}

static void enter(struct dhcp_client *client, enum dhcp_client_state state,
		  int64_t now_ms, uint32_t random, struct dhcp_action *action)
{
	client->state = state;
	client->tries = 0;
	/* The REQUEST for an offer belongs to its DISCOVER, all others begin
	 * an exchange of their own. */
	if (state != DHCP_CLIENT_REQUESTING) {
		client->xid = random;
		client->begun_ms = now_ms;
	}
	/* An answer's times count from the request (section 4.4.1), so that
	 * we are never later than the server. */
	if (state != DHCP_CLIENT_SELECTING)
		client->sent_ms = now_ms;
	send_again(client, now_ms, random, action);
}

static void lose(struct dhcp_client *client, struct dhcp_action *action)
{
	if (client->held)
		action->change = DHCP_CHANGE_LOST;
	client->held = false;
}

void dhcp_client_init(struct dhcp_client *client, const uint8_t mac[static 6])
{
	*client = (struct dhcp_client){ .wake_ms = DHCP_NEVER };
	memcpy(client->mac, mac, MAC_LEN);
}

void dhcp_client_start(struct dhcp_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp_action *ret_action)
{
	*ret_action = (struct dhcp_action){ 0 };
	enter(client,
	      client->held ? DHCP_CLIENT_REBOOTING : DHCP_CLIENT_SELECTING,
	      now_ms, random, ret_action);
}

void dhcp_client_stop(struct dhcp_client *client)
{
	if (client->held)
		return;
	client->state = DHCP_CLIENT_STOPPED;
	client->wake_ms = DHCP_NEVER;
}

void dhcp_client_wake(struct dhcp_client *client, int64_t now_ms,
		      uint32_t random, struct dhcp_action *ret_action)
{
	enum dhcp_client_state next = client->state;

	*ret_action = (struct dhcp_action){ 0 };
	switch (client->state) {
	case DHCP_CLIENT_STOPPED:
		return;
	case DHCP_CLIENT_SELECTING:
		break;
	case DHCP_CLIENT_REQUESTING:
		if (client->tries >= REQUEST_TRIES)
			next = DHCP_CLIENT_SELECTING;
		break;
	case DHCP_CLIENT_REBOOTING:
		if (client->tries >= REBOOT_TRIES)
			next = DHCP_CLIENT_SELECTING;
		break;
	case DHCP_CLIENT_BOUND:
		next = DHCP_CLIENT_RENEWING;
		break;
	case DHCP_CLIENT_RENEWING:
		if (now_ms >= lease_moment(client, client->lease.rebind_s))
			next = DHCP_CLIENT_REBINDING;
		break;
	case DHCP_CLIENT_REBINDING:
		if (now_ms >= lease_moment(client, client->lease.lifetime_s))
			next = DHCP_CLIENT_SELECTING;
		break;
	}
	if (next == DHCP_CLIENT_SELECTING)
		lose(client, ret_action);
	if (next == client->state)
		send_again(client, now_ms, random, ret_action);
	else
		enter(client, next, now_ms, random, ret_action);
}

/* An exchange awaits messages of these types. */
static bool awaits(const struct dhcp_client *client, uint32_t type)
{
	switch (client->state) {
	case DHCP_CLIENT_STOPPED:
	case DHCP_CLIENT_BOUND:
		return false;
	case DHCP_CLIENT_SELECTING:
		return type == DHCP4_OFFER;
	case DHCP_CLIENT_REQUESTING:
	case DHCP_CLIENT_REBOOTING:
	case DHCP_CLIENT_RENEWING:
	case DHCP_CLIENT_REBINDING:
		return type == DHCP4_ACK || type == DHCP4_NAK;
	}
	return false;
}

static bool is_ours(const struct dhcp_client *client,
		    const struct dhcp4_message *m)
{
	return m->op == DHCP4_OP_REPLY && m->xid == client->xid &&
	       m->hlen == MAC_LEN && !memcmp(m->chaddr, client->mac, MAC_LEN);
}

/* A refusal. Another DISCOVER waits for the first delay, lest a server that
 * refuses what it offers keeps us busy. */
static void take_nak(struct dhcp_client *client, int64_t now_ms,
		     uint32_t random, struct dhcp_action *action)
{
	lose(client, action);
	client->state = DHCP_CLIENT_SELECTING;
	client->xid = random;
	client->begun_ms = now_ms;
	client->wake_ms = now_ms + backoff_ms(0, random);
	client->tries = 1;
}

static void take_ack(struct dhcp_client *client, const struct dhcp_lease *lease,
		     struct dhcp_action *action)
{
	action->change = client->held ? DHCP_CHANGE_KEPT : DHCP_CHANGE_OBTAINED;
	client->held = true;
	client->lease = *lease;
	client->leased_ms = client->sent_ms;
	client->state = DHCP_CLIENT_BOUND;
	client->wake_ms = lease_moment(client, lease->renew_s);
}

void dhcp_client_receive(struct dhcp_client *client, int64_t now_ms,
			 uint32_t random, struct view message,
			 struct dhcp_action *ret_action)
{
	bool chosen = client->state == DHCP_CLIENT_REQUESTING;
	struct dhcp4_message m;
	struct dhcp_lease lease;
	uint32_t type, server;

	*ret_action = (struct dhcp_action){ 0 };
	if (dhcp4_parse(message, &m) < 0 || !is_ours(client, &m) ||
	    dhcp4_get_number(&m, DHCP4_MESSAGE_TYPE, 1, &type) < 0 ||
	    dhcp4_get_number(&m, DHCP4_SERVER_ID, 4, &server) < 0 ||
	    !awaits(client, type))
		return;
	if (chosen && server != client->lease.server)
		return;
	if (type == DHCP4_NAK) {
		take_nak(client, now_ms, random, ret_action);
		return;
	}
	if (dhcp_lease_read(&m, &lease) < 0)
		return;
	if (type == DHCP4_OFFER) {
		client->lease = lease;
		enter(client, DHCP_CLIENT_REQUESTING, now_ms, random,
		      ret_action);
		return;
	}
	/* An ACK for another address than the one asked for is none. */
	if (lease.address == client->lease.address)
		take_ack(client, &lease, ret_action);
}
