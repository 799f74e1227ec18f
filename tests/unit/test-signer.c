/* SPDX-License-Identifier: MIT */
/* Tokens open to what was sealed, and nothing else opens. */
#include "server/signer.h"

#include <errno.h>

#include "tap.h"

static const struct mac mac = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };
static struct signer signer;

static int reopen(const char *token, struct mac *ret_mac, char *ret_place)
{
	return signer_open(&signer, token, strlen(token), ret_mac, ret_place);
}

static void test_round_trip(void)
{
	static char longest[SIGNER_PLACE_MAX + 1];
	char token[SIGNER_TOKEN_MAX], again[SIGNER_TOKEN_MAX];
	char place[SIGNER_PLACE_MAX];
	struct mac got;

	ok_int(signer_seal(&signer, &mac, "http://a/b?c=d", token), 0, "seals");
	ok(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789-_") == strlen(token),
	   "into one word of a URL");
	ok_int(reopen(token, &got, place), 0, "opens");
	ok_str(place, "http://a/b?c=d", "the place");
	ok(mac_eq(&got, &mac), "the machine");
	ok_int(signer_seal(&signer, &mac, "http://a/b?c=d", again), 0, "again");
	ok(strcmp(token, again) != 0, "is another token");

	ok_int(signer_seal(&signer, &mac, "", token), 0, "an empty place");
	ok_int(reopen(token, &got, place), 0, "opens");
	ok_str(place, "", "as that");
	memset(longest, 'x', SIGNER_PLACE_MAX - 1);
	ok_int(signer_seal(&signer, &mac, longest, token), 0, "the longest");
	ok_int(reopen(token, &got, place), 0, "opens");
	ok_str(place, longest, "whole");
	longest[SIGNER_PLACE_MAX - 1] = 'x';
	ok_int(signer_seal(&signer, &mac, longest, token), -ENOBUFS,
	       "one more byte");
}

static void test_forged(void)
{
	char token[SIGNER_TOKEN_MAX], bad[SIGNER_TOKEN_MAX];
	char place[SIGNER_PLACE_MAX] = "untouched";
	struct signer other;
	struct mac got;
	size_t len;
	int opened = 0;

	if (signer_seal(&signer, &mac, "/boot/vmlinuz", token) < 0 ||
	    signer_init(&other) < 0)
		return;
	len = strlen(token);
	for (size_t i = 0; i < len; i++) {
		memcpy(bad, token, len + 1);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		opened += reopen(bad, &got, place) != -EBADMSG;
	}
	ok_int(opened, 0, "no token with one letter changed opens");
	for (size_t i = 0; i < len; i++)
		opened +=
			signer_open(&signer, token, i, &got, place) != -EBADMSG;
	ok_int(opened, 0, "no token cut short opens");
	memcpy(bad, token, len);
	memcpy(bad + len, "A", 2);
	ok_int(reopen(bad, &got, place), -EBADMSG, "nor one with more");
	bad[len] = '=';
	ok_int(reopen(bad, &got, place), -EBADMSG, "nor padded");
	ok_int(signer_open(&other, token, len, &got, place), -EBADMSG,
	       "nor with another key");
	memset(bad, 'A', sizeof(bad) - 1);
	bad[sizeof(bad) - 1] = '\0';
	ok_int(reopen(bad, &got, place), -EBADMSG, "nor one as long as can be");
	ok_str(place, "untouched", "and nothing was written");
}

int main(void)
{
	ok_int(signer_init(&signer), 0, "a key");
	test_round_trip();
	test_forged();
	return tap_done();
}
