/* SPDX-License-Identifier: MIT */
#include "takeover/network-cmdline.h"
#include "tap.h"
#include "wire/ipparam.h"

#define IP(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const struct network_link eth0 = {
	.name = "eth0",
	.address = IP(192, 0, 2, 7),
	.prefix = 24,
	.has_default = true,
	.gateway = IP(192, 0, 2, 1),
};
static const struct network_link leased = {
	.name = "enp0s3",
	.address = IP(10, 0, 2, 15),
	.prefix = 24,
	.leased = true,
};
static const struct network_link bare = { .name = "eth9" };
static const struct network_link odd = { .name = "a:b", .address = 1 };

static const char resolv_conf[] = "# nameserver 192.0.2.50\n"
				  "search example.org\n"
				  "nameserver 127.0.0.53\n"
				  "nameserver\t192.0.2.53\n"
				  "nameserver ::1\n"
				  "nameserver 2001:db8::53\n"
				  "nameserverx 192.0.2.51\n"
				  "nameserver \n"
				  "nameserver fe80::1%eth0\n"
				  "nameserver 192.0.2.54\n"
				  "nameserver 192.0.2.55";

static void test_read_back(const char *words)
{
	struct failure failure = { 0 };
	struct ipparams params;

	ok_int(ipparam_from_cmdline(words, &params, &failure), 0,
	       "the bootstrap reads it");
	ok_int((int64_t)params.count, 2, "both links");
	ok_int(params.list[0].method, IPPARAM_STATIC, "one is static");
	ok_int(params.list[0].address, eth0.address, "with its address");
	ok_int(params.list[0].prefix, 24, "its prefix");
	ok_int(params.list[0].gateway, eth0.gateway, "its gateway");
	ok_str(params.list[0].device, "eth0", "and its link");
	ok_int(params.list[1].method, IPPARAM_DHCP, "the other is leased");
	ok_str(params.list[1].device, "enp0s3", "on its link");
	ok_int((int64_t)params.nameservers, 3, "three name servers");
	ok_str(params.nameserver[1], "2001:db8::53", "one with IPv6");
}

int main(void)
{
	const struct network_view view = {
		.count = 4,
		.links = { eth0, odd, bare, leased },
	};
	const struct network_view nothing = { .count = 1, .links = { bare } };
	char words[512], few[16];

	network_words(&view, resolv_conf, words, sizeof(words));
	ok_str(words,
	       "ip=192.0.2.7::192.0.2.1:24::eth0:off ip=enp0s3:dhcp "
	       "nameserver=192.0.2.53 nameserver=2001:db8::53 "
	       "nameserver=192.0.2.54",
	       "words for the kernel command line");
	test_read_back(words);
	network_words(&nothing, resolv_conf, words, sizeof(words));
	ok_str(words, "", "nothing without an address");
	network_words(&view, "", few, sizeof(few));
	ok_str(few, "", "nothing rather than half of it");
	return tap_done();
}
