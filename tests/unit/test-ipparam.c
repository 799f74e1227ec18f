/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/ipparam.h"

static const struct {
	const char *value;
	struct ipparam want;
} good[] = {
	{ "dhcp", { .method = IPPARAM_DHCP } },
	{ "on", { .method = IPPARAM_DHCP } },
	{ "any", { .method = IPPARAM_DHCP } },
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
	{ "10.1.2.3:::26",
	  { .method = IPPARAM_STATIC, .address = 0x0a010203, .prefix = 26 } },
};

static bool same(const struct ipparam *a, const struct ipparam *b)
{
	return a->method == b->method && !strcmp(a->device, b->device) &&
	       !strcmp(a->hostname, b->hostname) && a->address == b->address &&
	       a->server == b->server && a->gateway == b->gateway &&
	       a->prefix == b->prefix && a->dns[0] == b->dns[0] &&
	       a->dns[1] == b->dns[1] && a->ntp == b->ntp;
}

static const char *const bad[] = {
	"bootp",
	"rarp",
	"dhcp6",
	"eth0:auto6",
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
	"[2001:db8::1]:::64::eth0:off",
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
	r = ipparam_from_cmdline("ip=bootp ip=off nameserver=x ip=rarp",
				 &params, &failure);
	ok_int(r, -EINVAL, "wrong parameters are refused");
	ok_int((int64_t)params.count, 1, "and the others kept");
	ok(strstr(failure.text, "bootp") != NULL, "the first one is named");
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
