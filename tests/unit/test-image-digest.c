/* SPDX-License-Identifier: MIT */
/* Digests as text, and those of the texts that FIPS 180-4 and RFC 7693 give
 * as examples. */
#include <errno.h>

#include "image/digest.h"
#include "tap.h"

#define ABC_SHA256 \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_SHA512                                                         \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define ABC_BLAKE2B                                                        \
	"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" \
	"7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"

static const struct {
	enum digest_algorithm algorithm;
	const char *hex;
} examples[] = {
	{ DIGEST_SHA256, ABC_SHA256 },
	{ DIGEST_SHA512, ABC_SHA512 },
	{ DIGEST_BLAKE2B, ABC_BLAKE2B },
};

static void test_examples(void)
{
	char buf[DIGEST_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct hasher *hasher = hasher_new(examples[i].algorithm);
		struct digest digest, parts;

		ok_int(digest_of(examples[i].algorithm, view_over("abc", 3),
				 &digest),
		       0, "the digest of \"abc\"");
		ok_str(digest_hex(&digest, buf), examples[i].hex, "as known");
		hasher_add(hasher, view_over("a", 1));
		hasher_add(hasher, view_over("", 0));
		hasher_add(hasher, view_over("bc", 2));
		hasher_finish(hasher, &parts);
		ok(digest_equal(&digest, &parts), "in parts it is the same");
		ok(!hasher_free(hasher), "freed");
	}
}

static const struct {
	const char *text;
	int r;
} texts[] = {
	{ "sha256:" ABC_SHA256, 0 },
	{ "sha512:" ABC_SHA512, 0 },
	{ "sha256:" ABC_SHA256 "0", -EBADMSG },
	{ "sha256:" ABC_SHA512, -EBADMSG },
	{ "sha512:" ABC_SHA256, -EBADMSG },
	{ "sha256:BA7816BF8F01CFEA414140DE5DAE2223"
	  "B00361A396177A9CB410FF61F20015AD",
	  -EBADMSG },
	{ "sha256:", -EBADMSG },
	{ "sha256:b", -EBADMSG },
	{ "SHA256:" ABC_SHA256, -EBADMSG },
	{ "md5:0123", -EBADMSG },
	{ ABC_SHA256, -EBADMSG },
	{ "", -EBADMSG },
};

static void test_texts(void)
{
	char buf[DIGEST_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct digest digest;
		int r = digest_parse(texts[i].text, &digest);

		ok_int(r, texts[i].r, texts[i].text);
		if (r == 0)
			ok_str(digest_text(&digest, buf), texts[i].text,
			       "and back");
	}
}

static void test_sha256_alone(void)
{
	struct digest digest, same;

	ok_int(digest_parse_sha256(ABC_SHA256, &digest), 0, "digits alone");
	ok_int(digest_parse_sha256("BA7816bf8f01cfea414140de5dae2223"
				   "b00361a396177a9cb410ff61f20015AD",
				   &same),
	       0, "of either case");
	ok(digest_equal(&digest, &same), "are the same digest");
	same.algorithm = DIGEST_SHA512;
	ok(!digest_equal(&digest, &same), "of another algorithm they are not");
	same = digest;
	same.bytes[31] ^= 1;
	ok(!digest_equal(&digest, &same), "one bit is a difference");
	ok_int(digest_parse_sha256(ABC_SHA256 " ", &digest), -EBADMSG,
	       "with something behind");
	ok_int(digest_parse_sha256("", &digest), -EBADMSG, "nothing");
}

int main(void)
{
	test_examples();
	test_texts();
	test_sha256_alone();
	return tap_done();
}
