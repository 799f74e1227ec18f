/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "bootstrap/resolver.h"
#include "tap.h"

static void test_text(void)
{
	struct resolver resolver = { 0 };
	char text[RESOLVER_TEXT_MAX];

	resolver_text(&resolver, text);
	ok_str(text, "", "nothing known is an empty file");
	resolver_add(&resolver, "2001:db8::1");
	resolver_add_address(&resolver, 0);
	resolver_add_address(&resolver, 0xc0000201);
	resolver_add_address(&resolver, 0xc0000201);
	resolver_add_address(&resolver, 0xc0000202);
	resolver_add_address(&resolver, 0xc0000203);
	resolver_add_domain(&resolver, "lan.example");
	resolver_add_domain(&resolver, "");
	resolver_add_domain(&resolver, "other.example");
	resolver_add_domain(&resolver, "lan.example");
	resolver_text(&resolver, text);
	ok_str(text,
	       "search lan.example other.example\nnameserver 2001:db8::1\n"
	       "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
	       "the first three servers, each once");
}

static void test_families(void)
{
	const struct ipv6 global = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	const struct ipv6 local = { { 0xfe, 0x80, [15] = 1 } };
	const struct ipv6 none = { 0 };
	struct resolver resolver = { 0 };
	char text[RESOLVER_TEXT_MAX];

	resolver_add_address6(&resolver, &none, "eth0");
	resolver_add_address6(&resolver, &global, "eth0");
	resolver_add_address6(&resolver, &local, "eth0");
	resolver_text(&resolver, text);
	ok_str(text, "nameserver 2001:db8::1\nnameserver fe80::1%eth0\n",
	       "a link-local server has its link");
}

static void test_write(void)
{
	char dir[] = "/tmp/test-resolver-XXXXXX", path[64], text[64];
	struct text out = text_over(path, sizeof(path));

	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return;
	text_add(&out, "%s/resolv.conf", dir);
	ok_int(resolver_write(path, "nameserver 192.0.2.1\n"), 0, "written");
	ok_int(resolver_write(path, "short\n"), 0, "written anew");
	ok_int(file_read(AT_FDCWD, path, text, sizeof(text)), 6, "and read");
	ok_str(text, "short\n", "nothing of the old one is left");
	ok_int(unlink(path), 0, "one file was made");
	ok_int(rmdir(dir), 0, "and no other");
	ok_int(resolver_write("/nonexistent/x", ""), -ENOENT,
	       "a directory that is not there");
}

int main(void)
{
	test_text();
	test_families();
	test_write();
	return tap_done();
}
