/* SPDX-License-Identifier: MIT */
/*
 * Every state but STOPPED, BOUND and INFORMED has sent something and waits for
 * its answer; waking up means that none came.
 *
 * Where this differs from the RFC's recommendations: retransmissions grow to
 * 16 s only, nothing waits at random before the first message, and the first
 * usable ADVERTISE is taken at once, since a person may be waiting.
 */
#include "bootstrap/dhcp6-client.h"

#include <errno.h>

#include "base/clock.h"

#define BACKOFF_FIRST_MS   1000
#define BACKOFF_DOUBLINGS  4
#define REQUEST_TRIES	   4
#define CONFIRM_TRIES	   3
#define RENEW_RETRY_MIN_MS 10000 /* REN_TIMEOUT, section 7.6 */
#define DUID_LL		   3	 /* section 11.4 */
#define HTYPE_ETHERNET	   1
#define MAC_LEN		   6
#define XID_MASK	   0xffffff

static const uint16_t wanted[] = { DHCP6_DNS, DHCP6_DOMAINS,
				   DHCP6_REFRESH_TIME };

static const struct {
	enum dhcp6_type type; /* 0: nothing is sent */
	bool names_server;
	bool has_association; /* IA_NA */
	bool has_address;     /* in it */
	bool has_wishes;      /* what is asked for besides */
} messages[] = {
	/* section 18.2 */
	[DHCP6_CLIENT_SOLICITING] = { DHCP6_SOLICIT, .has_association = true,
				      .has_wishes = true },
	[DHCP6_CLIENT_REQUESTING] = { DHCP6_REQUEST, .names_server = true,
				      .has_association = true,
				      .has_address = true, .has_wishes = true },
	[DHCP6_CLIENT_CONFIRMING] = { DHCP6_CONFIRM, .has_association = true,
				      .has_address = true },
	[DHCP6_CLIENT_RENEWING] = { DHCP6_RENEW, .names_server = true,
				    .has_association = true,
				    .has_address = true, .has_wishes = true },
	[DHCP6_CLIENT_REBINDING] = { DHCP6_REBIND, .has_association = true,
				     .has_address = true, .has_wishes = true },
	[DHCP6_CLIENT_ASKING] = { DHCP6_INFORMATION_REQUEST,
				  .has_wishes = true },
	[DHCP6_CLIENT_INFORMED] = { 0 },
};

bool dhcp6_client_awaits(const struct dhcp6_client *client)
{
	return messages[client->state].type != 0;
}

/* One interface has one association; its number has to be the same after a
 * restart (section 12). */
static uint32_t association_id(const struct dhcp6_client *client)
{
	uint32_t id = 0;

	for (size_t i = 2; i < MAC_LEN; i++)
		id = id << 8 | client->mac[i];
	return id;
}

static void put_client_id(const struct dhcp6_client *client, struct build *b)
{
	build_be16(b, DUID_LL);
	build_be16(b, HTYPE_ETHERNET);
	build_bytes(b, client->mac, MAC_LEN);
}

static void add_association(const struct dhcp6_client *client, struct build *b)
{
	size_t association = dhcp6_open(b, DHCP6_IA_NA), address;

	build_be32(b, association_id(client));
	build_zero(b, 8); /* T1 and T2 are the server's to choose */
	if (messages[client->state].has_address) {
		address = dhcp6_open(b, DHCP6_IA_ADDRESS);
		build_bytes(b, client->lease.address.bytes,
			    sizeof(client->lease.address.bytes));
		build_zero(b, 8); /* and so are the life times */
		dhcp6_close(b, address);
	}
	dhcp6_close(b, association);
}

static void add_wishes(struct build *b)
{
	size_t opened = dhcp6_open(b, DHCP6_OPTION_REQUEST);

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		build_be16(b, wanted[i]);
	dhcp6_close(b, opened);
}

/* Sends what the state sends. */
static void send_message(const struct dhcp6_client *client, int64_t now_ms,
			 struct dhcp6_action *action)
{
	struct build b = build_over(action->message, sizeof(action->message));
	int64_t elapsed = (now_ms - client->begun_ms) / 10;
	size_t opened;

	dhcp6_begin(&b, messages[client->state].type, client->xid);
	opened = dhcp6_open(&b, DHCP6_CLIENT_ID);
	put_client_id(client, &b);
	dhcp6_close(&b, opened);
	if (messages[client->state].names_server)
		dhcp6_add(&b, DHCP6_SERVER_ID, client->lease.server,
			  client->lease.server_len);
	opened = dhcp6_open(&b, DHCP6_ELAPSED_TIME);
	build_be16(&b, (uint16_t)MIN(elapsed, UINT16_MAX));
	dhcp6_close(&b, opened);
	if (messages[client->state].has_wishes)
		add_wishes(&b);
	if (messages[client->state].has_association)
		add_association(client, &b);
	if (!b.bad)
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
static int64_t lease_moment(const struct dhcp6_client *client, uint32_t at_s)
{
	if (client->lease.valid_s == DHCP6_INFINITE)
		return DHCP6_NEVER;
	return client->leased_ms + at_s * MS_PER_S;
}

/* While renewing: half of what is left until the next state, but no less than
 * some seconds, and that state in time. */
static int64_t renew_moment(const struct dhcp6_client *client, int64_t now_ms)
{
	uint32_t end_s = client->state == DHCP6_CLIENT_RENEWING
				 ? client->lease.rebind_s
				 : client->lease.valid_s;
	int64_t end_ms = lease_moment(client, end_s);
	int64_t half = MAX((end_ms - now_ms) / 2, RENEW_RETRY_MIN_MS);

	return MIN(now_ms + half, end_ms);
}

static void send_again(struct dhcp6_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp6_action *action)
{
	send_message(client, now_ms, action);
	if (client->state == DHCP6_CLIENT_RENEWING ||
	    client->state == DHCP6_CLIENT_REBINDING)
		client->wake_ms = renew_moment(client, now_ms);
	else
		client->wake_ms = now_ms + backoff_ms(client->tries, random);
	client->tries++;
}

static void enter(struct dhcp6_client *client, enum dhcp6_client_state state,
		  int64_t now_ms, uint32_t random, struct dhcp6_action *action)
{
	client->state = state;
	client->tries = 0;
	client->xid = random & XID_MASK;
	client->begun_ms = now_ms;
	send_again(client, now_ms, random, action);
}

static void lose(struct dhcp6_client *client, struct dhcp6_action *action)
{
	if (client->held)
		action->change = DHCP6_CHANGE_LOST;
	client->held = false;
}

void dhcp6_client_init(struct dhcp6_client *client, const uint8_t mac[static 6])
{
	*client = (struct dhcp6_client){ .wake_ms = DHCP6_NEVER };
	memcpy(client->mac, mac, MAC_LEN);
}

void dhcp6_client_start(struct dhcp6_client *client, int64_t now_ms,
			uint32_t random, struct dhcp6_action *ret_action)
{
	*ret_action = (struct dhcp6_action){ 0 };
	enter(client,
	      client->held ? DHCP6_CLIENT_CONFIRMING : DHCP6_CLIENT_SOLICITING,
	      now_ms, random, ret_action);
}

void dhcp6_client_ask(struct dhcp6_client *client, int64_t now_ms,
		      uint32_t random, struct dhcp6_action *ret_action)
{
	*ret_action = (struct dhcp6_action){ 0 };
	if (!client->held)
		enter(client, DHCP6_CLIENT_ASKING, now_ms, random, ret_action);
}

void dhcp6_client_stop(struct dhcp6_client *client)
{
	if (client->held)
		return;
	client->informed = false;
	client->state = DHCP6_CLIENT_STOPPED;
	client->wake_ms = DHCP6_NEVER;
}

/* No answer to CONFIRM: the address goes on (section 18.2.3). */
static void go_on(struct dhcp6_client *client)
{
	client->state = DHCP6_CLIENT_BOUND;
	client->wake_ms = lease_moment(client, client->lease.renew_s);
}

/* The state that follows when no answer has come in time. */
static enum dhcp6_client_state next_state(const struct dhcp6_client *client,
					  int64_t now_ms)
{
	const struct dhcp6_lease *lease = &client->lease;

	switch (client->state) {
	case DHCP6_CLIENT_STOPPED:
	case DHCP6_CLIENT_SOLICITING:
	case DHCP6_CLIENT_ASKING:
		break;
	case DHCP6_CLIENT_REQUESTING:
		if (client->tries >= REQUEST_TRIES)
			return DHCP6_CLIENT_SOLICITING;
		break;
	case DHCP6_CLIENT_CONFIRMING:
		if (client->tries >= CONFIRM_TRIES)
			return DHCP6_CLIENT_BOUND;
		break;
	case DHCP6_CLIENT_BOUND:
		return DHCP6_CLIENT_RENEWING;
	case DHCP6_CLIENT_RENEWING:
		if (now_ms >= lease_moment(client, lease->rebind_s))
			return DHCP6_CLIENT_REBINDING;
		break;
	case DHCP6_CLIENT_REBINDING:
		if (now_ms >= lease_moment(client, lease->valid_s))
			return DHCP6_CLIENT_SOLICITING;
		break;
	case DHCP6_CLIENT_INFORMED:
		return DHCP6_CLIENT_ASKING;
	}
	return client->state;
}

void dhcp6_client_wake(struct dhcp6_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp6_action *ret_action)
{
	enum dhcp6_client_state next = next_state(client, now_ms);

	*ret_action = (struct dhcp6_action){ 0 };
	if (client->state == DHCP6_CLIENT_STOPPED)
		return;
	if (next == DHCP6_CLIENT_SOLICITING)
		lose(client, ret_action);
	if (next == DHCP6_CLIENT_BOUND)
		go_on(client);
	else if (next == client->state)
		send_again(client, now_ms, random, ret_action);
	else
		enter(client, next, now_ms, random, ret_action);
}

static void bind_lease(struct dhcp6_client *client,
		       const struct dhcp6_lease *lease,
		       struct dhcp6_action *action)
{
	bool same = client->held &&
		    ipv6_equal(&lease->address, &client->lease.address);

	action->change = same ? DHCP6_CHANGE_KEPT : DHCP6_CHANGE_OBTAINED;
	client->held = true;
	client->informed = false;
	client->lease = *lease;
	client->leased_ms = client->begun_ms;
	client->state = DHCP6_CLIENT_BOUND;
	client->wake_ms = lease_moment(client, lease->renew_s);
}

/* A refusal. Another SOLICIT waits for the first delay, lest a server that
 * refuses what it offers keeps us busy. */
static void start_over(struct dhcp6_client *client, int64_t now_ms,
		       uint32_t random, struct dhcp6_action *action)
{
	lose(client, action);
	client->state = DHCP6_CLIENT_SOLICITING;
	client->xid = random & XID_MASK;
	client->begun_ms = now_ms;
	client->wake_ms = now_ms + backoff_ms(0, random);
	client->tries = 1;
}

static void take_reply(struct dhcp6_client *client,
		       const struct dhcp6_message *m, int64_t now_ms,
		       uint32_t random, struct dhcp6_action *action)
{
	struct dhcp6_lease lease;
	int r = dhcp6_lease_read(m, association_id(client), &lease);

	if (r == 0)
		bind_lease(client, &lease, action);
	else if (r == -EADDRNOTAVAIL)
		start_over(client, now_ms, random, action);
}

static void take_information(struct dhcp6_client *client,
			     const struct dhcp6_message *m, int64_t now_ms,
			     struct dhcp6_action *action)
{
	struct dhcp6_lease lease;

	if (dhcp6_lease_read_information(m, &lease) < 0)
		return;
	client->lease = lease;
	client->informed = true;
	client->state = DHCP6_CLIENT_INFORMED;
	client->wake_ms = lease.refresh_s == DHCP6_INFINITE
				  ? DHCP6_NEVER
				  : now_ms + lease.refresh_s * MS_PER_S;
	action->change = DHCP6_CHANGE_KEPT;
}

static bool is_ours(const struct dhcp6_client *client,
		    const struct dhcp6_message *m)
{
	uint8_t id[DHCP6_DUID_MAX];
	struct build b = build_over(id, sizeof(id));
	struct view value;

	put_client_id(client, &b);
	return m->xid == client->xid &&
	       dhcp6_find(m->options, DHCP6_CLIENT_ID, &value) == 0 &&
	       value.left == b.len && view_starts(value, id, b.len);
}

static bool is_from_chosen(const struct dhcp6_client *client,
			   const struct dhcp6_message *m)
{
	struct view value;

	return dhcp6_find(m->options, DHCP6_SERVER_ID, &value) == 0 &&
	       value.left == client->lease.server_len &&
	       view_starts(value, client->lease.server, value.left);
}

static void take_advertise(struct dhcp6_client *client,
			   const struct dhcp6_message *m, int64_t now_ms,
			   uint32_t random, struct dhcp6_action *action)
{
	struct dhcp6_lease lease;

	if (dhcp6_lease_read(m, association_id(client), &lease) < 0)
		return;
	client->lease = lease;
	client->informed = false;
	enter(client, DHCP6_CLIENT_REQUESTING, now_ms, random, action);
}

void dhcp6_client_receive(struct dhcp6_client *client, int64_t now_ms,
			  uint32_t random, struct view message,
			  struct dhcp6_action *ret_action)
{
	struct dhcp6_message m;

	*ret_action = (struct dhcp6_action){ 0 };
	if (!dhcp6_client_awaits(client) || dhcp6_parse(message, &m) < 0 ||
	    !is_ours(client, &m))
		return;
	switch (client->state) {
	case DHCP6_CLIENT_STOPPED:
	case DHCP6_CLIENT_BOUND:
	case DHCP6_CLIENT_INFORMED:
		break;
	case DHCP6_CLIENT_SOLICITING:
		if (m.type == DHCP6_ADVERTISE)
			take_advertise(client, &m, now_ms, random, ret_action);
		break;
	case DHCP6_CLIENT_REQUESTING:
		if (m.type == DHCP6_REPLY && is_from_chosen(client, &m))
			take_reply(client, &m, now_ms, random, ret_action);
		break;
	case DHCP6_CLIENT_CONFIRMING:
		if (m.type != DHCP6_REPLY)
			break;
		if (dhcp6_status(m.options) == DHCP6_SUCCESS)
			go_on(client);
		else
			start_over(client, now_ms, random, ret_action);
		break;
	case DHCP6_CLIENT_RENEWING:
	case DHCP6_CLIENT_REBINDING:
		if (m.type == DHCP6_REPLY)
			take_reply(client, &m, now_ms, random, ret_action);
		break;
	case DHCP6_CLIENT_ASKING:
		if (m.type == DHCP6_REPLY)
			take_information(client, &m, now_ms, ret_action);
		break;
	}
}
