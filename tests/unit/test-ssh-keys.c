/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/ssh-keys.h"
#include "tap.h"

#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIBvbpNSrsqDLMW2j0yjqNVuDhb8S9PXsVG"
#define RSA	"AAAAB3NzaC1yc2EAAAADAQABAAABgQC7"
#define ECDSA	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY="
#define SK	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIG"

static void test_lines(void)
{
	static const struct {
		const char *line;
		bool good;
	} rows[] = {
		{ "ssh-ed25519 " ED25519 " me@here", true },
		{ "ssh-ed25519 " ED25519, true },
		{ "ssh-ed25519\t" ED25519 "\tme", true },
		{ "ssh-rsa " RSA " me", true },
		{ "ecdsa-sha2-nistp256 " ECDSA " me", true },
		{ "sk-ssh-ed25519@openssh.com " SK, true },
		{ "restrict ssh-rsa " RSA, true },
		{ "command=\"echo \\\"a b\\\"\",no-pty ssh-rsa " RSA " me",
		  true },
		{ "from=\"10.0.0.0/8, ssh-rsa\" ssh-rsa " RSA, true },
		{ "ssh-ed25519 " ED25519 " J\xc3\xb6rg", true },
		{ "", false },
		{ "ssh-ed25519", false },
		{ "ssh-ed25519 ", false },
		{ "ssh-ed25519 me", false },
		{ "ssh-ed25519 AAAA me", false },
		{ "ssh-rsa " ED25519, false },
		{ "ssh-ed25519 " RSA, false },
		{ "ssh-ed25519 " ED25519 "<br>", false },
		{ "ssh-ed25519 " ED25519 " me\x1b[2J", false },
		{ "<p>ssh-ed25519 " ED25519, false },
		{ "command=\"ssh-rsa " RSA, false },
		{ "one two ssh-rsa " RSA, false },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----", false },
		{ "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok(ssh_key_is_public(rows[i].line) == rows[i].good,
		   rows[i].line);
}

static void test_files(void)
{
	static const struct {
		const char *file;
		int r;
		const char *keys;
	} rows[] = {
		{ "# two\r\nssh-rsa " RSA " a \r\n\nssh-rsa " RSA " b", 0,
		  "ssh-rsa " RSA " a\nssh-rsa " RSA " b\n" },
		{ "", -EBADMSG, "" },
		{ "# none\n", -EBADMSG, "" },
		{ "<html>\nssh-rsa " RSA "\n", -EBADMSG, "" },
	};
	char room[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text all = text_over(room, sizeof(room));

		ok_int(ssh_keys_add(&all, rows[i].file), rows[i].r,
		       rows[i].file);
		ok_str(room, rows[i].keys, "its keys");
	}
}

int main(void)
{
	test_lines();
	test_files();
	return tap_done();
}
