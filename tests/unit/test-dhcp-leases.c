/* SPDX-License-Identifier: MIT */
#include "server/dhcp-leases.h"

#include <errno.h>

#include "base/text.h"
#include "tap.h"

#define SERVER 0xc0000202 /* 192.0.2.2 */
#define FIRST  0xc0000264 /* 192.0.2.100 */
#define OTHER  0xc0000201

static struct dhcp_leases leases;
static int64_t now_ms = 1000;

static struct pxe_request client(uint8_t number, uint8_t type)
{
	return (struct pxe_request){
		.arrival.server = SERVER,
		.type = type,
		.client.mac.bytes = { 2, 0, 0, 0, 0, number },
	};
}

static struct dhcp_grant ask(const struct pxe_request *request)
{
	return dhcp_leases_ask(&leases, request, now_ms);
}

static struct dhcp_grant discover(uint8_t number)
{
	struct pxe_request request = client(number, DHCP4_DISCOVER);

	return ask(&request);
}

/* Takes what was offered. */
static struct dhcp_grant take(uint8_t number, uint32_t address)
{
	struct pxe_request request = client(number, DHCP4_REQUEST);

	request.server_id = SERVER;
	request.requested = address;
	return ask(&request);
}

static struct dhcp_grant renew(uint8_t number, uint32_t address)
{
	struct pxe_request request = client(number, DHCP4_REQUEST);

	request.ciaddr = address;
	return ask(&request);
}

/* As after a restart of the client. */
static struct dhcp_grant reboot(uint8_t number, uint32_t address)
{
	struct pxe_request request = client(number, DHCP4_REQUEST);

	request.requested = address;
	return ask(&request);
}

static void begin(const char *text)
{
	struct dhcp_range range;

	dhcp_leases_done(&leases);
	if (dhcp_range_parse(text, &range, NULL) < 0 ||
	    dhcp_leases_init(&leases, &range) < 0)
		abort();
}

static void test_range(void)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "192.0.2.100-192.0.2.200", 0 },
		{ "192.0.2.100-192.0.2.100/24", 0 },
		{ "10.0.0.0-10.0.255.255/16,lease=60", 0 },
		{ "192.0.2.100-192.0.2.200/24,router=192.0.2.1,dns=192.0.2.1,"
		  "dns=192.0.2.3,lease=600",
		  0 },
		{ "", -EINVAL },
		{ "192.0.2.100", -EINVAL },
		{ "192.0.2.100-", -EINVAL },
		{ "192.0.2.200-192.0.2.100", -EINVAL },
		{ "192.0.2.100-192.0.3.100", -EINVAL },
		{ "10.0.0.0-10.1.0.0/8", -EINVAL },
		{ "192.0.2.100-192.0.2.200/31", -EINVAL },
		{ "192.0.2.100-192.0.2.200/7", -EINVAL },
		{ "192.0.2.100-192.0.2.200/24x", -EINVAL },
		{ "192.0.2.100-192.0.2.200,", -EINVAL },
		{ "192.0.2.100-192.0.2.200,lease=59", -EINVAL },
		{ "192.0.2.100-192.0.2.200,router=x", -EINVAL },
		{ "192.0.2.100-192.0.2.200,gateway=192.0.2.1", -EINVAL },
		{ "192.0.2.1-192.0.2.9,dns=1.1.1.1,dns=1.1.1.1,dns=1.1.1.1,"
		  "dns=1.1.1.1,dns=1.1.1.1",
		  -EINVAL },
		{ "224.0.0.1-224.0.0.9", -EINVAL },
	};
	struct dhcp_range range;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(dhcp_range_parse(rows[i].text, &range, NULL), rows[i].r,
		       rows[i].text);
	ok(dhcp_range_parse(rows[3].text, &range, NULL) == 0 &&
		   range.first == FIRST && range.last == FIRST + 100 &&
		   range.prefix == 24 && range.router == OTHER &&
		   range.dns_count == 2 && range.dns[1] == 0xc0000203 &&
		   range.lease_s == 600,
	   "all of it is read");
}

static void test_life(void)
{
	struct dhcp_grant offer, grant;
	struct pxe_request other;

	begin("192.0.2.100-192.0.2.200,lease=60");
	offer = discover(1);
	ok(offer.kind == GRANT_LEASE && offer.address >= FIRST &&
		   offer.address <= FIRST + 100,
	   "an offer");
	ok_int(discover(1).address, offer.address, "the same again");
	grant = take(1, offer.address);
	ok(grant.kind == GRANT_LEASE && grant.address == offer.address,
	   "is taken");
	ok_int(take(1, offer.address + 1).kind, GRANT_NAK,
	       "what was not offered is not");
	ok_int(renew(1, offer.address).kind, GRANT_LEASE, "renewed");
	ok_int(reboot(1, offer.address).kind, GRANT_LEASE,
	       "confirmed after a restart of the client");
	ok_int(renew(2, offer.address).kind, GRANT_NAK,
	       "nobody else can have it");
	ok_int(take(2, offer.address).kind, GRANT_NAK, "in no way");
	now_ms += 61000;
	ok_int(renew(2, offer.address).kind, GRANT_LEASE,
	       "but when it has expired");
	ok_int(renew(1, offer.address).kind, GRANT_NAK, "the first then not");
	ok(discover(1).address != offer.address, "and gets another");
	other = client(3, DHCP4_REQUEST);
	grant = discover(3);
	other.server_id = OTHER;
	ok_int(ask(&other).kind, GRANT_NONE, "who chose another server");
	ok_int(renew(4, grant.address).kind, GRANT_LEASE,
	       "leaves what it was offered to others");
}

static void test_networks(void)
{
	struct pxe_request request = client(1, DHCP4_DISCOVER);

	begin("192.0.2.100-192.0.2.200");
	request.arrival.server = 0xc6336402;
	ok_int(ask(&request).kind, GRANT_NONE, "another network gets nothing");
	request.giaddr = OTHER;
	ok_int(ask(&request).kind, GRANT_LEASE, "unless through a relay");
	request.arrival.port = PXE_PORT_BOOT_SERVER;
	ok_int(ask(&request).kind, GRANT_NONE, "4011 knows of no addresses");
	ok_int(reboot(1, 0xc6336405).kind, GRANT_NAK,
	       "an address of another network is refused");
	ok_int(reboot(1, 0xc0000205).kind, GRANT_NONE,
	       "beside the range it may be another server's");
	request = client(1, DHCP4_INFORM);
	ok_int(ask(&request).kind, GRANT_NONE, "an INFORM without an address");
	request.ciaddr = FIRST;
	ok_int(ask(&request).kind, GRANT_INFORM, "an INFORM");
	request = client(1, DHCP4_REQUEST);
	ok_int(ask(&request).kind, GRANT_NONE, "a REQUEST of nothing");
}

static void test_identifiers(void)
{
	struct pxe_request request = client(1, DHCP4_DISCOVER);
	uint32_t first;

	begin("192.0.2.100-192.0.2.200");
	first = ask(&request).address;
	request.id = (struct pxe_echo){ true, 7, { 1, 2, 0, 0, 0, 0, 1 } };
	ok_int(ask(&request).address, first,
	       "an identifier that is the Ethernet address is no other client");
	request.id.bytes[6] = 9;
	ok(ask(&request).address != first, "any other is");
	request.client.mac.bytes[5] = 77;
	first = ask(&request).address;
	request.client.mac.bytes[5] = 78;
	ok_int(ask(&request).address, first, "whatever its Ethernet address");
	begin("192.0.2.100-192.0.2.200");
	ok_int(discover(1).address,
	       (begin("192.0.2.100-192.0.2.200"), discover(1).address),
	       "a restart of the server changes nothing");
	request = client(1, DHCP4_DISCOVER);
	request.requested = FIRST + 50;
	begin("192.0.2.100-192.0.2.200");
	ok_int(ask(&request).address, FIRST + 50, "a wish is fulfilled");
}

static void test_full(void)
{
	struct pxe_request request;
	struct dhcp_grant grant;
	uint32_t seen = 0;

	begin("192.0.2.0-192.0.2.7/29,router=192.0.2.1");
	for (uint8_t i = 0; i < 4; i++) {
		grant = discover(i);
		seen |= grant.kind == GRANT_LEASE ? 1u << (grant.address & 7)
						  : 1u << 31;
	}
	ok_int(seen, 0x78, "the network's, ours, the router's are left out");
	ok_int(discover(9).kind, GRANT_NONE, "a full range has no more");
	grant = discover(1);
	(void)take(1, grant.address);
	request = client(1, DHCP4_RELEASE);
	request.ciaddr = grant.address;
	(void)ask(&request);
	ok_int(discover(9).address, grant.address, "a release makes room");
	grant = discover(2);
	request = client(2, DHCP4_DECLINE);
	request.requested = grant.address;
	(void)ask(&request);
	now_ms += DHCP_OFFER_MS + 1;
	for (uint8_t i = 20; i < 24; i++)
		ok(discover(i).address != grant.address,
		   "one that is declined is given to nobody");
	ok_int(discover(30).kind, GRANT_NONE, "until");
	now_ms += DHCP_DECLINED_MS;
	ok_int(renew(31, grant.address).kind, GRANT_LEASE, "some time passed");
}

/* A stranger cannot end what is another's. */
static void test_strangers(void)
{
	struct pxe_request request = client(2, DHCP4_RELEASE);
	struct dhcp_grant grant;

	begin("192.0.2.100-192.0.2.200");
	grant = discover(1);
	(void)take(1, grant.address);
	request.ciaddr = grant.address;
	(void)ask(&request);
	request.type = DHCP4_DECLINE;
	request.requested = grant.address;
	(void)ask(&request);
	ok_int(renew(1, grant.address).kind, GRANT_LEASE, "a lease stays");
	ok_int(renew(2, grant.address).kind, GRANT_NAK, "and is its owner's");
}

/* Many clients, few addresses, all that can be done: an address is never two
 * clients' at a time. */
static void test_many(void)
{
	uint32_t owner[16] = { 0 }, seed = 1;
	int64_t until[16] = { 0 };
	bool twice = false;

	begin("192.0.2.96-192.0.2.111,lease=60");
	for (int i = 0; i < 100000; i++) {
		uint8_t number;
		struct dhcp_grant grant;

		seed = seed * 1664525 + 1013904223;
		number = (uint8_t)(1 + (seed >> 24) % 40);
		now_ms += (seed >> 16) % 3000;
		grant = seed & 0x800
				? discover(number)
				: renew(number, 0xc0000260 + (seed >> 12) % 16);
		if (grant.kind != GRANT_LEASE)
			continue;
		grant = take(number, grant.address);
		if (grant.kind != GRANT_LEASE)
			continue;
		twice |= owner[grant.address & 15] != number &&
			 now_ms < until[grant.address & 15];
		for (size_t k = 0; k < 16; k++)
			if (owner[k] == number)
				until[k] = 0;
		owner[grant.address & 15] = number;
		until[grant.address & 15] = now_ms + 60000;
	}
	ok(!twice, "no address is two clients' at a time");
}

int main(void)
{
	test_range();
	test_life();
	test_networks();
	test_identifiers();
	test_full();
	test_strangers();
	test_many();
	dhcp_leases_done(&leases);
	return tap_done();
}
