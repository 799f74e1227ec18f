/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/build.h"
#include "wire/router-advert.h"

static uint8_t bytes[1024];
static struct build b;

static const struct ipv6 server = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 } };

static void begin(uint8_t flags)
{
	b = build_over(bytes, sizeof(bytes));
	build_u8(&b, 134);
	build_zero(&b, 3); /* code, checksum */
	build_u8(&b, 64);
	build_u8(&b, flags);
	build_be16(&b, 1800);
	build_zero(&b, 8);
}

static void add_prefix(uint8_t len)
{
	build_u8(&b, 3);
	build_u8(&b, 4);
	build_u8(&b, len);
	build_u8(&b, 0xc0);
	build_be32(&b, 3600);
	build_zero(&b, 8);
	build_bytes(&b, server.bytes, 16);
}

static void add_dns(size_t count, uint32_t lifetime_s)
{
	build_u8(&b, 25);
	build_u8(&b, (uint8_t)(1 + 2 * count));
	build_zero(&b, 2);
	build_be32(&b, lifetime_s);
	for (size_t i = 0; i < count; i++) {
		build_bytes(&b, server.bytes, 15);
		build_u8(&b, (uint8_t)(0x53 + i));
	}
}

static void add_domains(void)
{
	build_u8(&b, 31);
	build_u8(&b, 3);
	build_zero(&b, 2);
	build_be32(&b, 60);
	build_bytes(&b, "\3lan\7example\0\0\0\0", 16);
}

static int parse(struct router_advert *advert)
{
	return router_advert_parse(view_over(bytes, b.len), advert);
}

static void test_good(void)
{
	struct router_advert advert = { 0 };

	begin(0x80);
	add_prefix(64);
	add_dns(2, 600);
	add_domains();
	build_bytes(&b, "\1\1\2\0\0\0\0\1", 8); /* a link-layer address */
	ok_int(parse(&advert), 0, "an advertisement");
	ok(advert.managed && !advert.other, "its flags");
	ok_int(advert.lifetime_s, 1800, "how long it is a router");
	ok(advert.prefix_count == 1 && advert.prefixes[0].len == 64 &&
		   advert.prefixes[0].autonomous &&
		   advert.prefixes[0].valid_s == 3600 &&
		   ipv6_equal(&advert.prefixes[0].address, &server),
	   "its prefix");
	ok(advert.dns_count == 2 && advert.dns[1].lifetime_s == 600 &&
		   ipv6_equal(&advert.dns[0].address, &server),
	   "its name servers");
	ok(advert.domain_count == 1 && advert.domains[0].lifetime_s == 60,
	   "its domains");
	ok_str(advert.domains[0].name, "lan.example", "by name");
}

static void test_much(void)
{
	struct router_advert advert = { 0 };

	begin(0x40);
	for (int i = 0; i < 10; i++)
		add_prefix(64);
	add_prefix(129);
	add_dns(5, 0);
	add_domains();
	add_domains();
	add_domains();
	add_domains();
	ok_int(parse(&advert), 0, "one that says very much");
	ok(advert.other && !advert.managed, "its flags");
	ok(advert.prefix_count == ROUTER_ADVERT_PREFIXES &&
		   advert.dns_count == ROUTER_ADVERT_DNS &&
		   advert.domain_count == ROUTER_ADVERT_DOMAINS,
	   "what does not fit is left out");
}

static void test_bad(void)
{
	struct router_advert advert;

	begin(0);
	build_be16(&b, 0x0100);
	ok_int(parse(&advert), -EBADMSG, "an option without a length");
	begin(0);
	add_dns(1, 1);
	b.len--;
	ok_int(parse(&advert), -EBADMSG, "an option that is cut");
	begin(0);
	b.len--;
	ok_int(parse(&advert), -EBADMSG, "a header that is cut");
	begin(0);
	bytes[0] = 133;
	ok_int(parse(&advert), -ENOMSG, "another message");
	begin(0);
	build_bytes(&b, "\3\1\0\0\0\0\0\0", 8);
	build_bytes(&b, "\31\1\0\0\0\0\0\1", 8);
	ok(parse(&advert) == 0 && advert.prefix_count == 0 &&
		   advert.dns_count == 0,
	   "options too short for what they say are left out");
}

int main(void)
{
	test_good();
	test_much();
	test_bad();
	return tap_done();
}
