/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/ipparam.h"

/* 2001:db8::N */
#define DB8(n)                                                  \
	{                                                       \
		.bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = (n) } \
	}

static const struct {
	const char *value;
	struct ipparam want;
} good[] = {
	{ "dhcp", { .method = IPPARAM_DHCP } },
	{ "on", { .method = IPPARAM_DHCP } },
	{ "any", { .method = IPPARAM_DHCP } },
	{ "both", { .method = IPPARAM_DHCP } },
	{ "bootp", { .method = IPPARAM_DHCP } },
	{ "single-dhcp", { .method = IPPARAM_DHCP } },
	{ "auto6", { .method = IPPARAM_AUTO6 } },
	{ "dhcp6", { .method = IPPARAM_DHCP6 } },
	{ "either6", { .method = IPPARAM_EITHER6 } },
	{ "link6", { .method = IPPARAM_LINK6 } },
	{ "eth0:auto6", { .method = IPPARAM_AUTO6, .device = "eth0" } },
	{ "eth0:dhcp:1400",
	  { .method = IPPARAM_DHCP, .device = "eth0", .mtu = 1400 } },
	{ "eth0:dhcp:", { .method = IPPARAM_DHCP, .device = "eth0" } },
	{ "off", { .method = IPPARAM_OFF } },
	{ "none", { .method = IPPARAM_OFF } },
	{ "", { .method = IPPARAM_OFF } },
	{ "eth1:dhcp", { .method = IPPARAM_DHCP, .device = "eth1" } },
	{ "eth1:off", { .method = IPPARAM_OFF, .device = "eth1" } },
	{ ":::::eth1:dhcp",
	  { .method = IPPARAM_DHCP, .device = "eth1", .prefix = 8 } },
	{ "::::host::",
	  { .method = IPPARAM_DHCP, .hostname = "host", .prefix = 8 } },
	{ "192.0.2.5",
	  { .method = IPPARAM_STATIC, .address = 0xc0000205, .prefix = 24 } },
	{ "10.0.0.5",
	  { .method = IPPARAM_STATIC, .address = 0x0a000005, .prefix = 8 } },
	{ "172.16.0.5::::::dhcp",
	  { .method = IPPARAM_STATIC, .address = 0xac100005, .prefix = 16 } },
	{ "10.1.2.3:10.1.2.4:10.1.2.1:255.255.254.0:h:eth0:off:10.0.0.1:"
	  "10.0.0.2:10.0.0.3",
	  { .method = IPPARAM_STATIC,
	    .device = "eth0",
	    .hostname = "h",
	    .address = 0x0a010203,
	    .server = 0x0a010204,
	    .gateway = 0x0a010201,
	    .prefix = 23,
	    .dns = { 0x0a000001, 0x0a000002 },
	    .ntp = 0x0a000003 } },
	{ "10.1.2.3:::255.255.255.255",
	  { .method = IPPARAM_STATIC, .address = 0x0a010203, .prefix = 32 } },
	{ "10.1.2.3:::26:::off:1400",
	  { .method = IPPARAM_STATIC,
	    .address = 0x0a010203,
	    .prefix = 26,
	    .mtu = 1400 } },
	{ "10.1.2.3:::26:::off:[2001:db8::53]:9.9.9.9",
	  { .method = IPPARAM_STATIC,
	    .address = 0x0a010203,
	    .prefix = 26,
	    .dns = { 0, 0x09090909 },
	    .dns6 = { DB8(0x53) } } },
	{ "[2001:db8::5]",
	  { .method = IPPARAM_STATIC6, .address6 = DB8(5), .prefix = 64 } },
	{ "[2001:db8::5]::[2001:db8::1]:56:host:eth0:none:[2001:db8::53]:"
	  "[2001:db8::54]",
	  { .method = IPPARAM_STATIC6,
	    .address6 = DB8(5),
	    .gateway6 = DB8(1),
	    .prefix = 56,
	    .hostname = "host",
	    .device = "eth0",
	    .dns6 = { DB8(0x53), DB8(0x54) } } },
	{ "10.1.2.3:::26",
	  { .method = IPPARAM_STATIC, .address = 0x0a010203, .prefix = 26 } },
};

static bool same(const struct ipparam *a, const struct ipparam *b)
{
	return a->method == b->method && !strcmp(a->device, b->device) &&
	       !strcmp(a->hostname, b->hostname) && a->address == b->address &&
	       a->server == b->server && a->gateway == b->gateway &&
	       a->prefix == b->prefix && a->mtu == b->mtu &&
	       ipv6_equal(&a->address6, &b->address6) &&
	       ipv6_equal(&a->gateway6, &b->gateway6) &&
	       ipv6_equal(&a->dns6[0], &b->dns6[0]) &&
	       ipv6_equal(&a->dns6[1], &b->dns6[1]) && a->dns[0] == b->dns[0] &&
	       a->dns[1] == b->dns[1] && a->ntp == b->ntp;
}

static const char *const bad[] = {
	"rarp",
	"eth0:rarp",
	"eth0:dhcp:1",
	"eth0:dhcp:70000",
	"[2001:db8::5",
	"[2001:db8::5]x",
	"[]",
	"[::1]",
	"[ff02::1]",
	"[192.0.2.1]",
	"2001:db8::5",
	"[2001:db8::5]:::0",
	"[2001:db8::5]:::129",
	"[2001:db8::5]:::255.255.255.0",
	"[2001:db8::5]::192.0.2.1",
	"192.0.2.5::[2001:db8::1]",
	"1.2.3",
	"1.2.3.4:5.6.7",
	"1.2.3.256",
	"1.2.3.4:::255.0.255.0",
	"1.2.3.4:::33",
	"1.2.3.4:::0.255.255.255",
	"1.2.3.4::::a b",
	"1.2.3.4::::a/b",
	"1.2.3.4:::::sixteen-letters-",
	":::::eth0:maybe",
	"1.2.3.4::::::::::",
};

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct ipparam param;
		struct failure failure;

		ok(ipparam_parse(good[i].value, &param, &failure) == 0 &&
			   same(&param, &good[i].want),
		   good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure failure = { 0 };
		struct ipparam param;

		ok(ipparam_parse(bad[i], &param, &failure) == -EINVAL &&
			   failure.text[0],
		   bad[i]);
	}
}

static void test_cmdline(void)
{
	struct ipparams params;
	struct failure failure = { 0 };
	int r;

	r = ipparam_from_cmdline("quiet ip=eth0:dhcp nameserver=192.0.2.1 "
				 "ip=10.0.0.5:::24::eth1 "
				 "nameserver=[2001:db8::1]",
				 &params, &failure);
	ok_int(r, 0, "several parameters of a command line");
	ok_int((int64_t)params.count, 2, "both ip=");
	ok_str(params.list[1].device, "eth1", "in their order");
	ok_int((int64_t)params.nameservers, 2, "both nameserver=");
	ok_str(params.nameserver[1], "2001:db8::1", "without the brackets");
	r = ipparam_from_cmdline("ip=rarp ip=off nameserver=x ip=what", &params,
				 &failure);
	ok_int(r, -EINVAL, "wrong parameters are refused");
	ok_int((int64_t)params.count, 1, "and the others kept");
	ok(strstr(failure.text, "rarp") != NULL, "the first one is named");
	r = ipparam_from_cmdline("ip=off ip=off ip=off ip=off ip=off ip=off "
				 "ip=off ip=off ip=dhcp",
				 &params, &failure);
	ok_int(r, -E2BIG, "more than fit are refused");
	ok_int((int64_t)params.count, IPPARAM_MAX, "and the others kept");
	ok_int(ipparam_from_cmdline("quiet", &params, NULL), 0, "none is fine");
	ok(params.count == 0 && params.nameservers == 0, "and yields none");
}

int main(void)
{
	test_values();
	test_cmdline();
	return tap_done();
}
