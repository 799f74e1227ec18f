/* SPDX-License-Identifier: MIT */
/*
 * Packets to requests. The first of them are those of a published capture of
 * a BIOS boot, made again from its fields.
 */
#include "server/pxe-request.h"

#include <errno.h>

#include "base/text.h"
#include "server/decide.h"
#include "server/pxe-reply.h"
#include "tap.h"

#define XID    0x9b4e0557
#define SERVER 0xc0a80002 /* 192.168.0.2 */
#define ROUTER 0xc0a82801 /* 192.168.40.1 */

static const uint8_t captured_mac[6] = { 0xd0, 0x50, 0x99, 0x4e, 0x05, 0x57 };

static const struct pxe_arrival arrival = { .server = SERVER };

struct packet {
	uint8_t bytes[2048];
	struct build b;
	struct dhcp4_message head;
};

/* With its head begun, open for options. */
static void begin(struct packet *p, uint8_t op, uint32_t giaddr)
{
	p->b = build_over(p->bytes, sizeof(p->bytes));
	p->head = (struct dhcp4_message){
		.op = op,
		.htype = 1,
		.hlen = 6,
		.xid = XID,
		.giaddr = giaddr,
		.flags = DHCP4_FLAG_BROADCAST,
	};
	memcpy(p->head.chaddr, captured_mac, sizeof(captured_mac));
	dhcp4_begin(&p->b, &p->head);
}

static void begin_discover(struct packet *p)
{
	begin(p, DHCP4_OP_REQUEST, 0);
	dhcp4_add_number(&p->b, DHCP4_MESSAGE_TYPE, DHCP4_DISCOVER, 1);
}

static int end(struct packet *p, struct pxe_request *request,
	       const char **reason)
{
	dhcp4_end(&p->b);
	return pxe_request_parse(view_over(p->bytes, p->b.len), &arrival,
				 request, reason);
}

static void add_bios(struct packet *p)
{
	dhcp4_add(&p->b, DHCP4_CLIENT_UUID, "\0\0\1\2\3\4\5\6\7\x08", 10);
	dhcp4_add_number(&p->b, DHCP4_CLIENT_ARCH, ARCH_BIOS, 2);
	dhcp4_add(&p->b, DHCP4_CLIENT_NDI, "\1\2\1", 3);
	dhcp4_add(&p->b, DHCP4_VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001",
		  32);
}

static void test_captured_discover(void)
{
	struct pxe_request request;
	const char *reason;
	struct packet p;
	char mac[MAC_TEXT_MAX];

	begin_discover(&p);
	add_bios(&p);
	ok_int(end(&p, &request, &reason), 0, "the DISCOVER is read");
	ok(request.xid == XID && request.type == DHCP4_DISCOVER &&
		   request.client.arch == ARCH_BIOS && request.pxe &&
		   !request.client.ipxe && !request.has_item,
	   "as that of a plain BIOS ROM");
	ok_str(mac_text(&request.client.mac, mac), "d0:50:99:4e:05:57",
	       "of this machine");
	ok(request.uuid.there && request.uuid.len == 10 &&
		   !request.client.has_uuid,
	   "an identifier of odd length is kept, but is no UUID");
	ok_str(request.client.class, "PXEClient:Arch:00000:UNDI:002001",
	       "with its class");
	ok_int(decide_early(&request), DECISION_REASONS, "it is answered");
}

/* Our answer to it has what the captured one had. */
static void test_captured_offer(void)
{
	const struct boot_history history = { 0 };
	const struct plan plan = { .kind = PLAN_LINUX };
	const struct decide_loaders loaders = { { "undionly.kpxe" }, 1 };
	struct pxe_request request;
	struct decide_input input = {
		.request = &request,
		.plan = &plan,
		.history = &history,
		.loaders = &loaders,
	};
	struct pxe_destination to;
	struct decision decision;
	struct dhcp4_message m;
	const char *reason;
	struct packet p;
	uint8_t bytes[PXE_REPLY_MAX], value[256];
	struct build b = build_over(bytes, sizeof(bytes));
	uint32_t number;
	size_t len;

	begin_discover(&p);
	add_bios(&p);
	dhcp4_add(&p.b, DHCP4_RELAY_AGENT, "\1\3abc", 5);
	ok_int(end(&p, &request, &reason), 0, "with relay information");
	decide(&input, &decision);
	pxe_reply_build(&request, &decision, NULL, &b);
	ok(!b.bad && dhcp4_parse(view_over(bytes, b.len), &m) == 0,
	   "the OFFER is whole");
	ok(m.op == DHCP4_OP_REPLY && m.xid == XID && m.yiaddr == 0 &&
		   m.siaddr == SERVER && m.flags == DHCP4_FLAG_BROADCAST &&
		   memcmp(m.chaddr, captured_mac, 6) == 0,
	   "its head");
	ok(dhcp4_get_number(&m, DHCP4_SERVER_ID, 4, &number) == 0 &&
		   number == SERVER,
	   "names us");
	ok(dhcp4_get(&m, DHCP4_VENDOR_CLASS, value, 256, &len) == 0 &&
		   len == 9 && memcmp(value, "PXEClient", 9) == 0,
	   "is for PXE clients");
	ok(dhcp4_get(&m, DHCP4_CLIENT_UUID, value, 256, &len) == 0 &&
		   len == 10 && memcmp(value, request.uuid.bytes, 10) == 0,
	   "echoes the identifier as it came");
	ok(dhcp4_get(&m, DHCP4_VENDOR, value, 256, &len) == 0 &&
		   memcmp(value, "\6\1\3\x08\7\x80\0\1\xc0\xa8\0\2\x09", 13) ==
			   0,
	   "has the menu");
	ok(memmem(bytes, b.len, "\x52\5\1\3abc\xff", 8),
	   "relay information is last");
	to = pxe_reply_destination(&request, false);
	ok(to.broadcast && to.port == 68 && to.from_port == 67,
	   "it is broadcast");
}

static void test_captured_rest(void)
{
	struct pxe_destination to;
	struct pxe_request request;
	const char *reason;
	struct packet p;

	begin(&p, DHCP4_OP_REPLY, 0);
	dhcp4_add_number(&p.b, DHCP4_MESSAGE_TYPE, DHCP4_OFFER, 1);
	dhcp4_add_number(&p.b, DHCP4_SERVER_ID, ROUTER, 4);
	ok_int(end(&p, &request, &reason), -ENODATA,
	       "the router's OFFER is no request");
	begin(&p, DHCP4_OP_REQUEST, ROUTER);
	dhcp4_add_number(&p.b, DHCP4_MESSAGE_TYPE, DHCP4_REQUEST, 1);
	dhcp4_add_number(&p.b, DHCP4_SERVER_ID, ROUTER, 4);
	add_bios(&p);
	ok_int(end(&p, &request, &reason), 0, "the relayed REQUEST is read");
	ok(request.giaddr == ROUTER && request.server_id == ROUTER,
	   "with its relay and its server");
	ok_int(decide_early(&request), DECIDED_OTHER_SERVER,
	       "and is left to the router");
	to = pxe_reply_destination(&request, false);
	ok(!to.broadcast && to.address == ROUTER && to.port == 67,
	   "an answer would go to the relay");
}

static void test_ipxe(void)
{
	static const struct {
		const char *what;
		const char *user;
		const char *features; /* option 175 */
		size_t features_len;
		bool ipxe, http;
	} rows[] = {
		{ "iPXE", "iPXE", "\x13\1\1\x17\1\1", 6, true, true },
		{ "behind its length", "\4iPXE", NULL, 0, true, true },
		{ "pixiecore's", "pixiecore", NULL, 0, true, true },
		{ "by its features alone", NULL, "\x13\1\1", 3, true, true },
		{ "without HTTP", "iPXE", "\x21\1\1\x22\1\1", 6, true, false },
		{ "with no list", "iPXE", "", 0, true, true },
		{ "with a broken list", "iPXE", "\x21\x30\1", 3, true, false },
		{ "another user class", "iPXEs", NULL, 0, false, true },
		{ "its beginning", "iPX", NULL, 0, false, true },
		{ "none", NULL, NULL, 0, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pxe_request request;
		const char *reason;
		struct packet p;

		begin_discover(&p);
		add_bios(&p);
		if (rows[i].user)
			dhcp4_add(&p.b, DHCP4_USER_CLASS, rows[i].user,
				  strlen(rows[i].user));
		if (rows[i].features)
			dhcp4_add(&p.b, DHCP4_IPXE, rows[i].features,
				  rows[i].features_len);
		ok(end(&p, &request, &reason) == 0 &&
			   request.client.ipxe == rows[i].ipxe &&
			   request.ipxe_http == rows[i].http,
		   rows[i].what);
	}
}

static void test_arch(void)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
		uint16_t arch;
	} rows[] = {
		{ "one", "\0\7", 2, 7 },
		{ "the first that is known", "\0\x63\0\x0b\0\7", 6, 11 },
		{ "none that is known", "\0\x63\0\x64", 4, 99 },
		{ "an odd end", "\0\7\0", 3, 7 },
		{ "too short", "\0", 1, ARCH_UNKNOWN },
		{ "empty", "", 0, ARCH_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pxe_request request;
		const char *reason;
		struct packet p;

		begin_discover(&p);
		dhcp4_add(&p.b, DHCP4_VENDOR_CLASS, "PXEClient", 9);
		dhcp4_add(&p.b, DHCP4_CLIENT_ARCH, rows[i].bytes, rows[i].len);
		ok(end(&p, &request, &reason) == 0 &&
			   request.client.arch == rows[i].arch,
		   rows[i].what);
	}
}

static void test_rest(void)
{
	struct pxe_request request;
	const char *reason;
	struct packet p;
	uint8_t uuid[17] = { 0, 1, 2 };

	begin_discover(&p);
	dhcp4_add(&p.b, DHCP4_VENDOR_CLASS, "PXEClient\33[2J", 13);
	dhcp4_add(&p.b, DHCP4_CLIENT_UUID, uuid, 17);
	dhcp4_add(&p.b, DHCP4_VENDOR, "\x47\4\x80\0\0\1\xff", 7);
	ok(end(&p, &request, &reason) == 0 && request.pxe,
	   "more than the class");
	ok_str(request.client.class, "PXEClient?[2J",
	       "a terminal is not commanded");
	ok(request.client.has_uuid && request.client.uuid[1] == 2, "a UUID");
	ok(request.has_item && request.item.type == 0x8000 &&
		   request.item.layer == 1,
	   "an item of a menu");
	begin_discover(&p);
	dhcp4_add(&p.b, DHCP4_VENDOR_CLASS, "PXE", 3);
	dhcp4_add(&p.b, DHCP4_VENDOR_CLASS, "Client", 6);
	ok(end(&p, &request, &reason) == 0 && request.pxe,
	   "a class in two parts");
	begin_discover(&p);
	dhcp4_add(&p.b, DHCP4_VENDOR_CLASS, "MSFT 5.0", 8);
	ok(end(&p, &request, &reason) == 0 && !request.pxe,
	   "an ordinary client");
}

static void test_malformed(void)
{
	static const uint8_t nobody[6],
		all[6] = { 255, 255, 255, 255, 255, 255 };
	struct pxe_request request;
	const char *reason = "";
	uint8_t big[300] = { 0 };
	struct packet p;

	begin_discover(&p);
	ok(pxe_request_parse(view_over(p.bytes, 100), &arrival, &request,
			     &reason) == -EBADMSG &&
		   str_eq(reason, "too short for DHCP"),
	   "a short packet, and why");
	p.bytes[236] ^= 1;
	ok(end(&p, &request, &reason) == -EBADMSG &&
		   str_eq(reason, "no magic cookie"),
	   "no cookie, and why");
	begin(&p, DHCP4_OP_REQUEST, 0);
	ok_int(end(&p, &request, &reason), -EBADMSG, "no type");
	begin(&p, DHCP4_OP_REQUEST, 0);
	dhcp4_add_number(&p.b, DHCP4_MESSAGE_TYPE, 9, 1);
	ok_int(end(&p, &request, &reason), -EBADMSG, "a type that is none");
	begin_discover(&p);
	p.bytes[1] = 6;
	ok_int(end(&p, &request, &reason), -EBADMSG, "no Ethernet");
	begin_discover(&p);
	memcpy(p.bytes + 28, nobody, 6);
	ok_int(end(&p, &request, &reason), -EBADMSG, "nobody's address");
	begin_discover(&p);
	memcpy(p.bytes + 28, all, 6);
	ok_int(end(&p, &request, &reason), -EBADMSG, "everybody's address");
	begin_discover(&p);
	dhcp4_add(&p.b, DHCP4_RELAY_AGENT, big, sizeof(big));
	ok_int(end(&p, &request, &reason), -EBADMSG,
	       "relay information that cannot be echoed");
}

int main(void)
{
	test_captured_discover();
	test_captured_offer();
	test_captured_rest();
	test_ipxe();
	test_arch();
	test_rest();
	test_malformed();
	return tap_done();
}
