/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/dhcp6.h"
#include "wire/dns-name.h"

static uint8_t bytes[256];

static struct view whole(void)
{
	struct build b = build_over(bytes, sizeof(bytes));
	size_t outer, inner;

	dhcp6_begin(&b, DHCP6_REPLY, 0x123456);
	dhcp6_add(&b, DHCP6_SERVER_ID, "server", 6);
	outer = dhcp6_open(&b, DHCP6_IA_NA);
	build_be32(&b, 7);
	inner = dhcp6_open(&b, DHCP6_STATUS);
	build_be16(&b, DHCP6_NO_BINDING);
	dhcp6_close(&b, inner);
	dhcp6_close(&b, outer);
	dhcp6_add(&b, DHCP6_DNS, NULL, 0);
	return view_over(bytes, b.bad ? 0 : b.len);
}

static void test_round(void)
{
	struct dhcp6_message m = { 0 };
	struct view value = { 0 };

	ok_int(dhcp6_parse(whole(), &m), 0, "what is written can be read");
	ok(m.type == DHCP6_REPLY && m.xid == 0x123456, "type and number");
	ok(dhcp6_find(m.options, DHCP6_SERVER_ID, &value) == 0 &&
		   value.left == 6 && view_starts(value, "server", 6),
	   "an option");
	ok(dhcp6_find(m.options, DHCP6_DNS, &value) == 0 && value.left == 0,
	   "an empty one, the last");
	ok_int(dhcp6_find(m.options, DHCP6_DOMAINS, &value), -ENODATA,
	       "one that is not there");
	ok_int(dhcp6_status(m.options), DHCP6_SUCCESS,
	       "without a status all is well");
	ok(dhcp6_find(m.options, DHCP6_IA_NA, &value) == 0 &&
		   view_be32(&value) == 7 &&
		   dhcp6_status(value) == DHCP6_NO_BINDING,
	   "a status within an option");
}

static void test_cut(void)
{
	struct view v = whole();
	size_t good = 0;

	for (size_t len = 0; len <= v.left; len++) {
		struct dhcp6_message m;

		good += dhcp6_parse(view_over(bytes, len), &m) == 0;
	}
	/* Behind the header and behind each option. */
	ok_int((int64_t)good, 4, "cut within an option it is refused");
}

static void test_full(void)
{
	struct build b = build_over(bytes, 20);
	size_t opened;

	dhcp6_begin(&b, DHCP6_SOLICIT, 1);
	opened = dhcp6_open(&b, DHCP6_IA_NA);
	build_zero(&b, 20);
	dhcp6_close(&b, opened);
	ok(b.bad, "what does not fit is told");
}

static void test_names(void)
{
	static const uint8_t list[] = "\3lan\7example\0"
				      "\0\0"
				      "\3a b\0"
				      "\5$(rm)\0"
				      "\3a.b\0"
				      "\1-\0"
				      "\1x\0"
				      "\7cut";
	struct view v = view_over(list, sizeof(list) - 1);
	char name[DNS_NAME_MAX];

	ok(dns_name_next(&v, name), "a name");
	ok_str(name, "lan.example", "is read");
	ok(dns_name_next(&v, name), "padding and odd names are passed over");
	ok_str(name, "x", "up to the next good one");
	ok(!dns_name_next(&v, name), "one without an end is the end");
	ok_str(name, "x", "which writes nothing");
}

static void test_long_name(void)
{
	uint8_t list[300];
	struct view v = view_over(list, sizeof(list));
	char name[DNS_NAME_MAX];

	for (size_t i = 0; i < 256; i += 64) {
		list[i] = 63;
		memset(list + i + 1, 'a', 63);
	}
	list[256] = 0;
	memcpy(list + 257, "\1x", 3);
	v.left = 260;
	ok(dns_name_next(&v, name), "a name that is too long is passed over");
	ok_str(name, "x", "and the next is read");
}

int main(void)
{
	test_round();
	test_cut();
	test_full();
	test_names();
	test_long_name();
	return tap_done();
}
