/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include "wire/ipv6.h"

static struct ipv6 address(const char *text)
{
	struct ipv6 a = { 0 };

	if (!ipv6_parse(text, &a))
		ok(false, text);
	return a;
}

static void test_kinds(void)
{
	static const struct {
		const char *text;
		bool host, link_local;
	} rows[] = {
		{ "::", false, false },
		{ "::1", false, false },
		{ "::192.0.2.1", false, false },
		{ "::ffff:192.0.2.1", false, false },
		{ "ff02::1", false, false },
		{ "fe80::1", true, true },
		{ "febf::1", true, true },
		{ "fec0::1", true, false },
		{ "fd77::1", true, false },
		{ "2001:db8::1", true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipv6 a = address(rows[i].text);

		ok(ipv6_is_host(&a) == rows[i].host &&
			   ipv6_is_link_local(&a) == rows[i].link_local,
		   rows[i].text);
	}
}

static void test_prefixes(void)
{
	struct ipv6 a = address("2001:db8:0:1::1");
	struct ipv6 b = address("2001:db8:0:1::2");
	struct ipv6 c = address("2001:db8:0:3::1");

	ok(ipv6_same_prefix(&a, &b, 64), "one network");
	ok(!ipv6_same_prefix(&a, &c, 64), "another network");
	ok(ipv6_same_prefix(&a, &c, 62), "as far as they agree");
	ok(!ipv6_same_prefix(&a, &c, 63), "and one bit further");
	ok(!ipv6_same_prefix(&a, &b, 128), "all bits");
	ok(ipv6_same_prefix(&a, &a, 128), "all bits of itself");
	ok(ipv6_same_prefix(&a, &c, 0), "no bits");
}

static void test_text(void)
{
	char buf[IPV6_TEXT_MAX];
	struct ipv6 a = address("2001:0DB8::0:1"), before = a;

	ok_str(ipv6_text(&a, buf), "2001:db8::1", "as RFC 5952 writes it");
	ok(!ipv6_parse("2001:db8::1%eth0", &a) && ipv6_equal(&a, &before),
	   "what is no address changes nothing");
}

int main(void)
{
	test_kinds();
	test_prefixes();
	test_text();
	return tap_done();
}
