/* SPDX-License-Identifier: MIT */
/* The client against a small server that answers as each test says, in a time
 * that passes when the test says. */
#include "bootstrap/dhcp-client.h"
#include "tap.h"

#define SERVER	0xc0000201u /* 192.0.2.1 */
#define ADDRESS 0xc0000232u
#define LEASE_S 1000u
#define START	5000000

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

/* What is played: the client, its time, and the last action. */
static struct dhcp_client client;
static int64_t now_ms;
static struct dhcp_action action;

/* A fixed number gives no jitter: delay - delay / 4 + delay / 4. */
static uint32_t random_for(unsigned int delay_s)
{
	return 250 * delay_s;
}

static struct dhcp4_message sent(void)
{
	struct dhcp4_message m = { 0 };

	if (dhcp4_parse(view_over(action.message, action.len), &m) < 0)
		ok(false, "what the client sends can be read");
	return m;
}

static uint32_t sent_number(uint8_t code, size_t bytes)
{
	struct dhcp4_message m = sent();
	uint32_t number = 0;

	return dhcp4_get_number(&m, code, bytes, &number) < 0 ? 0 : number;
}

#define SENT_TYPE() sent_number(DHCP4_MESSAGE_TYPE, 1)

/* An answer of the server; a test changes it before it is delivered. */
struct answer {
	struct dhcp4_message head;
	uint32_t type, server, lifetime_s;
	const char *more; /* more options, as they are */
	size_t more_len;
};

static struct answer answer(uint32_t type)
{
	struct answer a = {
		.head = {
			.op = DHCP4_OP_REPLY,
			.htype = 1,
			.hlen = 6,
			.xid = client.xid,
			.yiaddr = type == DHCP4_NAK ? 0 : ADDRESS,
		},
		.type = type,
		.server = SERVER,
		.lifetime_s = LEASE_S,
	};

	memcpy(a.head.chaddr, mac, sizeof(mac));
	return a;
}

static void deliver(const struct answer *a)
{
	uint8_t bytes[1000];
	struct build b = build_over(bytes, sizeof(bytes));

	dhcp4_begin(&b, &a->head);
	dhcp4_add_number(&b, DHCP4_MESSAGE_TYPE, a->type, 1);
	if (a->server)
		dhcp4_add_number(&b, DHCP4_SERVER_ID, a->server, 4);
	if (a->lifetime_s && a->type != DHCP4_NAK)
		dhcp4_add_number(&b, DHCP4_LEASE_TIME, a->lifetime_s, 4);
	build_bytes(&b, a->more, a->more_len);
	dhcp4_end(&b);
	dhcp_client_receive(&client, now_ms, 99, view_over(bytes, b.len),
			    &action);
}

static void reply(uint32_t type)
{
	struct answer a = answer(type);

	deliver(&a);
}

static void wake(uint32_t random)
{
	now_ms = client.wake_ms;
	dhcp_client_wake(&client, now_ms, random, &action);
}

static void start(void)
{
	now_ms = START;
	dhcp_client_init(&client, mac);
	dhcp_client_start(&client, now_ms, random_for(1), &action);
}

static void start_bound(void)
{
	start();
	reply(DHCP4_OFFER);
	reply(DHCP4_ACK);
}

static void test_obtain(void)
{
	struct answer a;

	start();
	ok(action.send == DHCP_SEND_BROADCAST && SENT_TYPE() == DHCP4_DISCOVER,
	   "a start broadcasts DISCOVER");
	ok(sent().xid == client.xid && !memcmp(sent().chaddr, mac, 6) &&
		   action.len >= DHCP4_BOOTP_MIN,
	   "with our address, padded");
	a = answer(DHCP4_OFFER);
	a.more = "\1\4\xff\xff\xff\0\3\4\xc0\0\2\1\6\4\xc0\0\2\2"
		 "\x0c\4host\x0f\3lan\x1a\2\5\x78";
	a.more_len = 3 * 6 + 6 + 5 + 4;
	deliver(&a);
	ok(action.send == DHCP_SEND_BROADCAST && SENT_TYPE() == DHCP4_REQUEST,
	   "an OFFER is requested at once");
	ok(sent_number(DHCP4_SERVER_ID, 4) == SERVER &&
		   sent_number(DHCP4_REQUESTED_ADDRESS, 4) == ADDRESS &&
		   sent().ciaddr == 0,
	   "naming server and address");
	ok_int(action.change, DHCP_CHANGE_NONE, "but is no lease yet");
	a.type = DHCP4_ACK;
	a.head.xid = client.xid;
	now_ms += 500;
	deliver(&a);
	ok(action.change == DHCP_CHANGE_OBTAINED &&
		   action.send == DHCP_SEND_NOTHING,
	   "an ACK makes it one");
	ok(client.lease.address == ADDRESS && client.lease.prefix == 24 &&
		   client.lease.mtu == 1400 && client.lease.dns_count == 1 &&
		   client.lease.dns[0] == 0xc0000202,
	   "with address, prefix, MTU and DNS");
	ok(client.lease.route_count == 1 &&
		   client.lease.routes[0].prefix == 0 &&
		   client.lease.routes[0].gateway == SERVER,
	   "the router is the default route");
	ok_str(client.lease.hostname, "host", "host name");
	ok_str(client.lease.domain, "lan", "domain");
	ok_int(client.wake_ms, START + LEASE_S * 500,
	       "T1 counts from the request");
}

static void test_backoff(void)
{
	static const unsigned int delays_s[] = { 1, 2, 4, 8, 16, 16 };
	int64_t low, high;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(delays_s); i++) {
		ok_int(client.wake_ms - now_ms, delays_s[i] * 1000,
		       "the delay doubles up to 16 s");
		if (i + 1 < ARRAY_SIZE(delays_s))
			wake(random_for(delays_s[i + 1]));
	}
	ok(SENT_TYPE() == DHCP4_DISCOVER && sent().secs == 31,
	   "DISCOVER again, with the seconds since the first");
	start();
	wake(0);
	low = client.wake_ms - now_ms;
	start();
	wake(999);
	high = client.wake_ms - now_ms;
	ok(low == 1500 && high == 2499, "jitter is a quarter to both sides");
}

static void test_request_unanswered(void)
{
	uint32_t xid;

	start();
	xid = client.xid;
	reply(DHCP4_OFFER);
	ok(client.xid == xid, "a REQUEST has the xid of its OFFER");
	for (int i = 0; i < 3; i++) {
		wake(0);
		ok_int(SENT_TYPE(), DHCP4_REQUEST, "REQUEST is sent again");
	}
	wake(12345);
	ok_int(SENT_TYPE(), DHCP4_DISCOVER, "four times, then DISCOVER");
	ok(client.xid == 12345, "with another xid");
}

static void test_nak(void)
{
	struct answer a;

	start();
	reply(DHCP4_OFFER);
	a = answer(DHCP4_NAK);
	a.server = SERVER + 1;
	deliver(&a);
	ok_int(client.state, DHCP_CLIENT_REQUESTING,
	       "a NAK of another server is ignored");
	reply(DHCP4_NAK);
	ok(client.state == DHCP_CLIENT_SELECTING &&
		   action.send == DHCP_SEND_NOTHING &&
		   client.wake_ms > now_ms + 500,
	   "one of the chosen server begins again after a delay");
	ok_int(action.change, DHCP_CHANGE_NONE, "nothing was held");
	wake(0);
	ok_int(SENT_TYPE(), DHCP4_DISCOVER, "with DISCOVER");
}

static void test_renew(void)
{
	start_bound();
	wake(77);
	ok(action.send == DHCP_SEND_UNICAST && SENT_TYPE() == DHCP4_REQUEST &&
		   sent().ciaddr == ADDRESS && client.xid == 77,
	   "at T1 the server is asked directly");
	ok(sent_number(DHCP4_SERVER_ID, 4) == 0 &&
		   sent_number(DHCP4_REQUESTED_ADDRESS, 4) == 0,
	   "without the options of a selection (RFC 2131 table 5)");
	now_ms += 100;
	reply(DHCP4_ACK);
	ok_int(action.change, DHCP_CHANGE_KEPT, "the address is kept");
	ok_int(client.wake_ms, START + LEASE_S * 500 + LEASE_S * 500,
	       "and the lease begins again");
}

static void test_rebind_and_expire(void)
{
	struct answer a;

	start_bound();
	wake(0);
	ok_int(client.wake_ms - now_ms, 187000, "half of the time to T2");
	wake(0);
	ok_int(action.send, DHCP_SEND_UNICAST, "then once more");
	while (client.state == DHCP_CLIENT_RENEWING)
		wake(0);
	ok_int(now_ms, START + 874000, "until T2");
	ok(action.send == DHCP_SEND_BROADCAST && SENT_TYPE() == DHCP4_REQUEST &&
		   sent().ciaddr == ADDRESS,
	   "then any server is asked");
	a = answer(DHCP4_ACK);
	a.server = SERVER + 5;
	deliver(&a);
	ok(action.change == DHCP_CHANGE_KEPT &&
		   client.lease.server == SERVER + 5,
	   "another server may answer");

	start_bound();
	do
		wake(0);
	while (client.state != DHCP_CLIENT_SELECTING &&
	       now_ms < START + 2000 * LEASE_S);
	ok_int(now_ms, START + 1000 * LEASE_S, "the lease ends in time");
	ok(action.change == DHCP_CHANGE_LOST && SENT_TYPE() == DHCP4_DISCOVER,
	   "is lost, and DISCOVER sent");

	start_bound();
	wake(0);
	reply(DHCP4_NAK);
	ok_int(action.change, DHCP_CHANGE_LOST,
	       "a NAK to a renewal loses the lease");
}

static void test_infinite(void)
{
	struct answer a;

	start();
	reply(DHCP4_OFFER);
	a = answer(DHCP4_ACK);
	a.lifetime_s = DHCP4_INFINITE;
	deliver(&a);
	ok(action.change == DHCP_CHANGE_OBTAINED &&
		   client.wake_ms == DHCP_NEVER,
	   "an infinite lease is never renewed");
}

static void test_link(void)
{
	start();
	dhcp_client_stop(&client);
	ok_int(client.wake_ms, DHCP_NEVER, "without link nothing is sent");
	start_bound();
	dhcp_client_stop(&client);
	ok_int(client.wake_ms, START + LEASE_S * 500,
	       "a lease goes on without link");
	dhcp_client_start(&client, now_ms, 5, &action);
	ok(action.send == DHCP_SEND_BROADCAST && SENT_TYPE() == DHCP4_REQUEST &&
		   sent_number(DHCP4_REQUESTED_ADDRESS, 4) == ADDRESS &&
		   sent().ciaddr == 0 && sent_number(DHCP4_SERVER_ID, 4) == 0,
	   "when it is back, INIT-REBOOT asks about the address");
	reply(DHCP4_ACK);
	ok_int(action.change, DHCP_CHANGE_KEPT, "which may be kept");
	dhcp_client_start(&client, now_ms, 5, &action);
	reply(DHCP4_NAK);
	ok_int(action.change, DHCP_CHANGE_LOST, "or is refused");
	start_bound();
	dhcp_client_start(&client, now_ms, 5, &action);
	wake(0);
	wake(0);
	ok_int(action.change, DHCP_CHANGE_NONE, "or is asked about again");
	wake(0);
	ok(action.change == DHCP_CHANGE_LOST && SENT_TYPE() == DHCP4_DISCOVER,
	   "and given up when nobody answers");
}

/* Each of these changes a good OFFER, after which nothing may happen. */
static void spoil_xid(struct answer *a)
{
	a->head.xid ^= 1;
}

static void spoil_chaddr(struct answer *a)
{
	a->head.chaddr[5] ^= 1;
}

static void spoil_hlen(struct answer *a)
{
	a->head.hlen = 16;
}

static void spoil_op(struct answer *a)
{
	a->head.op = DHCP4_OP_REQUEST;
}

static void spoil_type(struct answer *a)
{
	a->type = DHCP4_ACK;
}

static void spoil_server(struct answer *a)
{
	a->server = 0;
}

static void spoil_lifetime(struct answer *a)
{
	a->lifetime_s = 0;
}

static void shorten_lifetime(struct answer *a)
{
	a->lifetime_s = DHCP_LEASE_MIN_S - 1;
}

static void offer_nothing(struct answer *a)
{
	a->head.yiaddr = 0; /* as a ProxyDHCP server does */
}

static void offer_loopback(struct answer *a)
{
	a->head.yiaddr = 0x7f000001;
}

static void offer_multicast(struct answer *a)
{
	a->head.yiaddr = 0xe0000001;
}

static void offer_mask(struct answer *a)
{
	a->more = "\1\4\xff\0\xff\0";
	a->more_len = 6;
}

static void offer_short_mask(struct answer *a)
{
	a->more = "\1\3\xff\0\xff";
	a->more_len = 5;
}

static const struct {
	const char *what;
	void (*spoil)(struct answer *a);
} spoilers[] = {
	{ "another xid", spoil_xid },
	{ "another chaddr", spoil_chaddr },
	{ "another hlen", spoil_hlen },
	{ "a request", spoil_op },
	{ "an ACK that nobody asked for", spoil_type },
	{ "no server", spoil_server },
	{ "no lease time", spoil_lifetime },
	{ "a lease of 3 s", shorten_lifetime },
	{ "no address (ProxyDHCP)", offer_nothing },
	{ "127.0.0.1", offer_loopback },
	{ "224.0.0.1", offer_multicast },
	{ "a netmask with a hole", offer_mask },
	{ "a netmask of three bytes", offer_short_mask },
};

static void test_hostile(void)
{
	struct answer a;

	for (size_t i = 0; i < ARRAY_SIZE(spoilers); i++) {
		start();
		a = answer(DHCP4_OFFER);
		spoilers[i].spoil(&a);
		deliver(&a);
		ok(client.state == DHCP_CLIENT_SELECTING &&
			   action.send == DHCP_SEND_NOTHING,
		   spoilers[i].what);
	}
	start();
	dhcp_client_receive(&client, now_ms, 0, view_over(mac, 6), &action);
	ok_int(client.state, DHCP_CLIENT_SELECTING, "rubbish");
	reply(DHCP4_OFFER);
	a = answer(DHCP4_ACK);
	a.head.yiaddr++;
	deliver(&a);
	ok_int(client.state, DHCP_CLIENT_REQUESTING,
	       "an ACK for another address");
	a = answer(DHCP4_ACK);
	a.server++;
	deliver(&a);
	ok_int(client.state, DHCP_CLIENT_REQUESTING,
	       "an ACK of another server");
	start_bound();
	reply(DHCP4_NAK);
	ok(client.state == DHCP_CLIENT_BOUND &&
		   action.change == DHCP_CHANGE_NONE,
	   "a NAK that nobody asked for");
}

/* Options that are not usable are left out, the lease is taken. */
static void test_left_out(void)
{
	static const char options[] = "\x0f\4a\nb.\x0c\3-rf\x1a\2\0\x44"
				      "\6\x08\x7f\0\0\1\xc0\0\2\2"
				      "\x79\6\0\1\2\3\4\5\3\4\xc0\0\2\1"
				      "\x3a\4\0\0\3\xe8\x3b\4\0\0\0\1";
	struct answer a;

	start();
	reply(DHCP4_OFFER);
	a = answer(DHCP4_ACK);
	a.more = options;
	a.more_len = sizeof(options) - 1;
	deliver(&a);
	ok_int(action.change, DHCP_CHANGE_OBTAINED, "the lease is taken");
	ok_str(client.lease.domain, "", "a domain with a line end is left out");
	ok_str(client.lease.hostname, "", "and a host name like an option");
	ok_int(client.lease.mtu, 0, "and an MTU of 68");
	ok(client.lease.dns_count == 1 && client.lease.dns[0] == 0xc0000202,
	   "and a name server of 127.0.0.1");
	ok(client.lease.route_count == 1 &&
		   client.lease.routes[0].gateway == SERVER,
	   "and classless routes that are cut: the router counts");
	ok(client.lease.renew_s == 500 && client.lease.rebind_s == 874,
	   "and T1 behind T2");
}

static void test_classless(void)
{
	struct answer a;

	start();
	reply(DHCP4_OFFER);
	a = answer(DHCP4_ACK);
	a.more = "\3\4\xc0\0\2\1\x79\x11\0\xc0\0\2\3\x0a\x0a\0\xc0\0\2\4"
		 "\0\x7f\0\0\1";
	a.more_len = 6 + 2 + 5 + 7 + 5;
	deliver(&a);
	ok(client.lease.route_count == 2 &&
		   client.lease.routes[0].gateway == 0xc0000203 &&
		   client.lease.routes[1].destination == 0x0a000000,
	   "classless routes replace the router, bad gateways are left out");
}

int main(void)
{
	test_obtain();
	test_backoff();
	test_request_unanswered();
	test_nak();
	test_renew();
	test_rebind_and_expire();
	test_infinite();
	test_link();
	test_hostile();
	test_left_out();
	test_classless();
	return tap_done();
}
