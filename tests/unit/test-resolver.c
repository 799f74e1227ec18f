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
	resolver.domain = "lan.example";
	resolver_text(&resolver, text);
	ok_str(text,
	       "search lan.example\nnameserver 2001:db8::1\n"
	       "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
	       "the first three servers, each once");
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
	test_write();
	return tap_done();
}
