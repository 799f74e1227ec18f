/* SPDX-License-Identifier: MIT */
/* The client against a small server that answers as each test says, in a time
 * that passes when the test says. */
#include "bootstrap/dhcp6-client.h"
#include "tap.h"

#define START 5000000
#define IAID  0x00000007u
#define VALID 1000u

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
static const uint8_t duid[10] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 7 };
static const struct ipv6 first = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
static const struct ipv6 second = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };

/* What is played: the client, its time, and the last action. */
static struct dhcp6_client client;
static int64_t now_ms;
static struct dhcp6_action action;

static uint8_t sent_type(void)
{
	struct dhcp6_message m = { 0 };

	if (action.len == 0)
		return 0;
	if (dhcp6_parse(view_over(action.message, action.len), &m) < 0)
		ok(false, "what the client sends can be read");
	return m.type;
}

static bool sent_has(uint16_t code)
{
	struct dhcp6_message m;
	struct view value;

	return dhcp6_parse(view_over(action.message, action.len), &m) == 0 &&
	       dhcp6_find(m.options, code, &value) == 0;
}

/* An answer of the server; a test changes it before it is delivered. */
struct answer {
	uint8_t type;
	uint32_t xid, iaid, valid_s;
	const char *server;
	const struct ipv6 *gone, *address; /* NULL: none */
	uint16_t status, status_inside;
	const uint8_t *client_id;
	bool has_association;
};

static struct answer answer(uint8_t type)
{
	return (struct answer){
		.type = type,
		.xid = client.xid,
		.iaid = IAID,
		.valid_s = VALID,
		.server = "server",
		.address = &first,
		.client_id = duid,
		.has_association = true,
	};
}

static void add_status(struct build *b, uint16_t status)
{
	size_t opened = dhcp6_open(b, DHCP6_STATUS);

	build_be16(b, status);
	dhcp6_close(b, opened);
}

static void add_address(struct build *b, const struct ipv6 *address,
			uint32_t valid_s)
{
	size_t opened;

	if (!address)
		return;
	opened = dhcp6_open(b, DHCP6_IA_ADDRESS);
	build_bytes(b, address, sizeof(*address));
	build_be32(b, valid_s);
	build_be32(b, valid_s);
	dhcp6_close(b, opened);
}

static void deliver(const struct answer *a)
{
	uint8_t bytes[1000];
	struct build b = build_over(bytes, sizeof(bytes));
	size_t opened;

	dhcp6_begin(&b, a->type, a->xid);
	dhcp6_add(&b, DHCP6_CLIENT_ID, a->client_id, sizeof(duid));
	if (a->server)
		dhcp6_add(&b, DHCP6_SERVER_ID, a->server, strlen(a->server));
	if (a->status)
		add_status(&b, a->status);
	if (a->has_association) {
		opened = dhcp6_open(&b, DHCP6_IA_NA);
		build_be32(&b, a->iaid);
		build_zero(&b, 8);
		if (a->status_inside)
			add_status(&b, a->status_inside);
		add_address(&b, a->gone, 0);
		add_address(&b, a->address, a->valid_s);
		dhcp6_close(&b, opened);
	}
	dhcp6_add(&b, DHCP6_DNS, second.bytes, 16);
	dhcp6_add(&b, DHCP6_DOMAINS, "\3lan\7example", 13);
	dhcp6_client_receive(&client, now_ms, 99, view_over(bytes, b.len),
			     &action);
}

static void reply(uint8_t type)
{
	struct answer a = answer(type);

	deliver(&a);
}

static void wake(void)
{
	now_ms = client.wake_ms;
	dhcp6_client_wake(&client, now_ms, 77, &action);
}

static void start(void)
{
	now_ms = START;
	dhcp6_client_init(&client, mac);
	dhcp6_client_start(&client, now_ms, 250, &action);
}

static void start_bound(void)
{
	start();
	reply(DHCP6_ADVERTISE);
	reply(DHCP6_REPLY);
}

static void test_obtain(void)
{
	start();
	ok(sent_type() == DHCP6_SOLICIT && !sent_has(DHCP6_SERVER_ID) &&
		   sent_has(DHCP6_CLIENT_ID) && sent_has(DHCP6_IA_NA) &&
		   sent_has(DHCP6_ELAPSED_TIME) &&
		   sent_has(DHCP6_OPTION_REQUEST),
	   "it asks all servers");
	ok_int(client.wake_ms, START + 1000, "and again in a second");
	wake();
	ok_int(sent_type(), DHCP6_SOLICIT, "when none answers");
	reply(DHCP6_ADVERTISE);
	ok(sent_type() == DHCP6_REQUEST && sent_has(DHCP6_SERVER_ID) &&
		   action.change == DHCP6_CHANGE_NONE,
	   "it takes the first offer");
	reply(DHCP6_REPLY);
	ok(action.change == DHCP6_CHANGE_OBTAINED && client.held &&
		   ipv6_equal(&client.lease.address, &first),
	   "and gets it");
	ok(client.lease.dns_count == 1 &&
		   !strcmp(client.lease.domains[0], "lan.example"),
	   "with name servers and domains");
	ok_int(client.wake_ms, now_ms + VALID / 2 * 1000,
	       "half the time counts from the request");
	ok(action.len == 0 && !dhcp6_client_awaits(&client),
	   "then it is quiet");
}

static void test_renew(void)
{
	struct answer a;

	start_bound();
	wake();
	ok(sent_type() == DHCP6_RENEW && sent_has(DHCP6_SERVER_ID),
	   "it asks its server to renew");
	reply(DHCP6_REPLY);
	ok(action.change == DHCP6_CHANGE_KEPT &&
		   client.state == DHCP6_CLIENT_BOUND,
	   "which keeps the address");
	wake();
	a = answer(DHCP6_REPLY);
	a.gone = &first;
	a.address = &second;
	deliver(&a);
	ok(action.change == DHCP6_CHANGE_OBTAINED &&
		   ipv6_equal(&client.lease.address, &second),
	   "or gives another one");
}

static void test_expire(void)
{
	int64_t obtained;
	bool rebound = false;

	start_bound();
	obtained = client.leased_ms;
	for (int i = 0; i < 40 && client.held; i++) {
		wake();
		rebound |= sent_type() == DHCP6_REBIND &&
			   !sent_has(DHCP6_SERVER_ID);
	}
	ok(rebound, "unanswered, it asks any server");
	ok(action.change == DHCP6_CHANGE_LOST &&
		   now_ms == obtained + VALID * 1000,
	   "and loses the lease at its end");
	ok_int(sent_type(), DHCP6_SOLICIT, "then it begins anew");
}

static void test_refusals(void)
{
	struct answer a;

	start();
	a = answer(DHCP6_ADVERTISE);
	a.address = NULL;
	a.status_inside = DHCP6_NO_ADDRESSES;
	deliver(&a);
	ok_int(client.state, DHCP6_CLIENT_SOLICITING,
	       "a server without addresses is no offer");
	start_bound();
	wake();
	a = answer(DHCP6_REPLY);
	a.address = NULL;
	a.status_inside = DHCP6_NO_BINDING;
	deliver(&a);
	ok(action.change == DHCP6_CHANGE_LOST && action.len == 0 &&
		   client.wake_ms > now_ms,
	   "a renewal that is refused ends the lease, and it waits a moment");
	wake();
	ok_int(sent_type(), DHCP6_SOLICIT, "before it asks anew");
	start();
	reply(DHCP6_ADVERTISE);
	for (int i = 0; i < 4; i++)
		wake();
	ok_int(sent_type(), DHCP6_SOLICIT,
	       "a server that goes silent is given up");
}

static void test_confirm(void)
{
	struct answer a;

	start_bound();
	dhcp6_client_stop(&client);
	ok(client.held, "a lease outlives the link");
	dhcp6_client_start(&client, now_ms, 250, &action);
	ok_int(sent_type(), DHCP6_CONFIRM, "it asks whether it holds here");
	a = answer(DHCP6_REPLY);
	a.has_association = false;
	deliver(&a);
	ok(client.held && client.state == DHCP6_CLIENT_BOUND, "it does");
	dhcp6_client_start(&client, now_ms, 250, &action);
	a = answer(DHCP6_REPLY);
	a.has_association = false;
	a.status = DHCP6_NOT_ON_LINK;
	deliver(&a);
	ok(action.change == DHCP6_CHANGE_LOST, "it does not");
	start_bound();
	dhcp6_client_start(&client, now_ms, 250, &action);
	for (int i = 0; i < 3; i++)
		wake();
	ok(client.held && client.state == DHCP6_CLIENT_BOUND,
	   "nobody says: it goes on");
}

static void test_information(void)
{
	struct answer a;

	now_ms = START;
	dhcp6_client_init(&client, mac);
	dhcp6_client_ask(&client, now_ms, 250, &action);
	ok(sent_type() == DHCP6_INFORMATION_REQUEST && !sent_has(DHCP6_IA_NA),
	   "it asks for configuration only");
	a = answer(DHCP6_REPLY);
	a.has_association = false;
	deliver(&a);
	ok(client.informed && !client.held && client.lease.dns_count == 1 &&
		   action.change == DHCP6_CHANGE_KEPT,
	   "and gets it");
	ok_int(client.wake_ms, now_ms + 86400 * 1000LL, "for a day");
	wake();
	ok(sent_type() == DHCP6_INFORMATION_REQUEST && client.informed,
	   "then it asks again");
	dhcp6_client_start(&client, now_ms, 250, &action);
	ok_int(sent_type(), DHCP6_SOLICIT, "an address may be wanted later");
	dhcp6_client_stop(&client);
	ok(!client.informed && client.wake_ms == DHCP6_NEVER,
	   "without a link there is nothing");
}

static void expect_ignored(const struct answer *a, const char *what)
{
	enum dhcp6_client_state before = client.state;

	deliver(a);
	ok(client.state == before && action.len == 0 &&
		   action.change == DHCP6_CHANGE_NONE,
	   what);
}

static void test_hostile(void)
{
	static const uint8_t other[10] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 8 };
	static const struct ipv6 local = { { 0xfe, 0x80, [15] = 1 } };
	struct answer a;

	start();
	a = answer(DHCP6_ADVERTISE);
	a.xid++;
	expect_ignored(&a, "another exchange is ignored");
	a = answer(DHCP6_ADVERTISE);
	a.client_id = other;
	expect_ignored(&a, "another client is ignored");
	a = answer(DHCP6_ADVERTISE);
	a.iaid++;
	expect_ignored(&a, "another association is ignored");
	a = answer(DHCP6_ADVERTISE);
	a.server = NULL;
	expect_ignored(&a, "a server without a name is ignored");
	a = answer(DHCP6_ADVERTISE);
	a.address = &local;
	expect_ignored(&a, "a link-local address is ignored");
	a = answer(DHCP6_ADVERTISE);
	a.valid_s = 1;
	expect_ignored(&a, "a lease that is all too short is ignored");
	a = answer(DHCP6_REPLY);
	expect_ignored(&a, "a REPLY that nobody awaits is ignored");
	reply(DHCP6_ADVERTISE);
	a = answer(DHCP6_REPLY);
	a.server = "another";
	expect_ignored(&a, "a REPLY of another server is ignored");
}

int main(void)
{
	test_obtain();
	test_renew();
	test_expire();
	test_refusals();
	test_confirm();
	test_information();
	test_hostile();
	return tap_done();
}
