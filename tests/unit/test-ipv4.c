/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/ipv4.h"

static void test_masks(void)
{
	uint8_t prefix = 99;
	bool good = true;

	ok(ipv4_mask(0) == 0 && ipv4_mask(1) == 0x80000000 &&
		   ipv4_mask(31) == 0xfffffffe && ipv4_mask(32) == 0xffffffff,
	   "masks of prefixes");
	for (uint8_t n = 0; n <= 32; n++)
		good = good && ipv4_mask_prefix(ipv4_mask(n), &prefix) == 0 &&
		       prefix == n;
	ok(good, "prefixes of all masks");
	ok_int(ipv4_mask_prefix(0xff00ff00, &prefix), -EINVAL, "a hole");
	ok_int(ipv4_mask_prefix(0x000000ff, &prefix), -EINVAL, "inverted");
	ok_int(prefix, 32, "which changes nothing");
}

static void test_addresses(void)
{
	char text[IPV4_TEXT_MAX];

	ok(ipv4_class_prefix(0x0a000001) == 8 &&
		   ipv4_class_prefix(0x80000001) == 16 &&
		   ipv4_class_prefix(0xbfffffff) == 16 &&
		   ipv4_class_prefix(0xc0000001) == 24,
	   "classes");
	ok(ipv4_is_host(0x01000000) && ipv4_is_host(0xdfffffff),
	   "hosts at the edges");
	ok(!ipv4_is_host(0) && !ipv4_is_host(0x00ffffff) &&
		   !ipv4_is_host(0x7f000001) && !ipv4_is_host(0xe0000000) &&
		   !ipv4_is_host(0xffffffff),
	   "no hosts");
	ok_str(ipv4_text(0xffffffff, text), "255.255.255.255", "longest text");
	ok_str(ipv4_text(0xc0000201, text), "192.0.2.1", "the usual order");
}

int main(void)
{
	test_masks();
	test_addresses();
	return tap_done();
}
