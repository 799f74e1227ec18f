/* SPDX-License-Identifier: MIT */
/* Keys and signatures that minisign 0.11 made: -G -W, -S -H and -S -l. */
#include <errno.h>

#include "image/minisign.h"
#include "tap.h"

/* What was signed. */
#define FILE_BYTES "boomerang\n"
#define KEY_ID	   "BFB4026E0E508C02"
#define KEY_LINE   "RWQCjFAObgK0v+UyCyKp5+y+ffqYzQF/OPYKEAh+wehYQbEblfJRNARq"

static const char key_file[] =
	"untrusted comment: minisign public key BFB4026E0E508C02\n"
	"RWQCjFAObgK0v+UyCyKp5+y+ffqYzQF/OPYKEAh+wehYQbEblfJRNARq\n";
static const char other_key_file[] =
	"untrusted comment: minisign public key 83673A27445DB12D\n"
	"RWQtsV1EJzpng5g2vKNleVDxEc8XZQ1vWsdEf/hRqqdtrVXDBUT2/F+f\n";
static const char signature_file[] =
	"untrusted comment: signature from minisign secret key\n"
	"RUQCjFAObgK0v/7yyNbcassbp1yWXrQBWak5W0hXV42iV49HiTJFPbPnJgNwBXsbnBprnDDBYCk69LJqzYVfBUz4Ymgk9WJ/bAA=\n"
	"trusted comment: the file\n"
	"BRJQsRzqGPLp9bdcn2izO0Zx4cm715Ik1pS4tghsIeZjTtf/BV6EuRtMyaz/Dx3tS4sh2sJNrjynRGJPbeQQDw==\n";
static const char legacy_file[] =
	"untrusted comment: signature from minisign secret key\n"
	"RWQCjFAObgK0v4XkYdlKQ5A7if+B/jemEha6qEciOgNzPIq5oAMCGrvlHJwor+gnVpHAFukd/gxnoGHjY+83aAYRHAZrbX7vvww=\n"
	"trusted comment: old\n"
	"I01FepYtIBBlQlupFd8sSH5uMHIOYL3w0b3dbtvXVBZ7Xvo57mEZuipVxJD8sjhLCLICvnP7R3D8u37H7iDuAQ==\n";

static struct view over(const char *text)
{
	return view_over(text, strlen(text));
}

static void test_keys(void)
{
	struct minisign_key key, line;
	char id[MINISIGN_ID_TEXT_MAX], text[256];

	ok_int(minisign_parse_key(over(key_file), &key), 0, "a key file");
	ok_str(minisign_id_text(key.id, id), KEY_ID, "its id as minisign's");
	ok_int(minisign_parse_key(over(KEY_LINE), &line), 0, "its line alone");
	ok(memcmp(&key, &line, sizeof(key)) == 0, "is the same key");
	ok_str(minisign_key_text(&key, text), key_file, "and back");
	ok_int(minisign_parse_key(over(KEY_LINE "\r\n"), &line), 0,
	       "with a line end of two characters too");
	for (size_t i = 0; i < strlen(KEY_LINE); i++)
		if (minisign_parse_key(view_over(KEY_LINE, i), &line) !=
		    -EBADMSG)
			ok_int((int64_t)i, 0, "cut short it is refused");
	snprintf(text, sizeof(text), "%sx", key_file);
	ok_int(minisign_parse_key(over(text), &line), -EBADMSG,
	       "with something behind it is refused");
	snprintf(text, sizeof(text), "Rw%s", &KEY_LINE[2]);
	ok_int(minisign_parse_key(over(text), &line), -EBADMSG,
	       "another algorithm is refused");
	ok_int(minisign_parse_key(over(signature_file), &line), -EBADMSG,
	       "a signature is no key");
	ok_int(minisign_parse_key(over(""), &line), -EBADMSG,
	       "nothing is none");
}

static int check(const struct minisign_signature *signature,
		 const char *key_text, const char *bytes)
{
	struct minisign_key key;
	struct digest digest;

	if (minisign_parse_key(over(key_text), &key) < 0 ||
	    digest_of(DIGEST_BLAKE2B, over(bytes), &digest) < 0)
		return -EIO;
	return minisign_check(signature, &key, &digest);
}

static void test_signature(void)
{
	static struct minisign_signature signature, changed;
	char id[MINISIGN_ID_TEXT_MAX];

	ok_int(minisign_parse_signature(over(signature_file), &signature), 0,
	       "a signature file");
	ok_str(minisign_id_text(signature.id, id), KEY_ID, "its key's id");
	ok_str(signature.comment, "the file", "its trusted comment");
	ok_int(check(&signature, key_file, FILE_BYTES), 0, "it is good");
	ok_int(check(&signature, key_file, "Boomerang\n"), -EKEYREJECTED,
	       "of another file it is not");
	ok_int(check(&signature, other_key_file, FILE_BYTES), -EKEYREJECTED,
	       "by another key it is not");
	changed = signature;
	changed.comment[0] = 'T';
	ok_int(check(&changed, key_file, FILE_BYTES), -EKEYREJECTED,
	       "with another comment it is not");
	changed = signature;
	changed.signature[5] ^= 1;
	ok_int(check(&changed, key_file, FILE_BYTES), -EKEYREJECTED,
	       "with a bit flipped it is not");
	changed = signature;
	changed.global[5] ^= 1;
	ok_int(check(&changed, key_file, FILE_BYTES), -EKEYREJECTED,
	       "in either half");
}

static void test_bad_signatures(void)
{
	static struct minisign_signature signature;
	size_t len = strlen(signature_file);
	char id[MINISIGN_ID_TEXT_MAX], text[1024];
	size_t n = 0;

	ok_int(minisign_parse_signature(over(legacy_file), &signature),
	       -EPROTONOSUPPORT, "a signature of the file itself is refused");
	ok_str(minisign_id_text(signature.id, id), KEY_ID, "its key is known");
	for (size_t i = 0; i + 1 < len; i++)
		n += minisign_parse_signature(view_over(signature_file, i),
					      &signature) == -EBADMSG;
	ok_int((int64_t)n, (int64_t)len - 1, "cut short it is refused");
	for (size_t i = 0; i < len; i++)
		text[2 * i] = text[2 * i + 1] = signature_file[i];
	ok_int(minisign_parse_signature(view_over(text, len), &signature),
	       -EBADMSG, "letters twice");
	for (size_t i = 0, at = 0; i <= len; i++) {
		if (signature_file[i] == '\n')
			text[at++] = '\r';
		text[at++] = signature_file[i];
	}
	ok_int(minisign_parse_signature(over(text), &signature), 0,
	       "line ends of two characters");
	ok_int(check(&signature, key_file, FILE_BYTES), 0, "are the same");
	ok_int(minisign_parse_signature(over(key_file), &signature), -EBADMSG,
	       "a key is no signature");
	ok_int(minisign_parse_signature(over("<html>"), &signature), -EBADMSG,
	       "nor is a web page");
}

static void test_id(void)
{
	static const uint8_t small[8] = { 0xc8, 0xff, 0xd4, 0xa3,
					  0xe6, 0x83, 0xb6, 0x07 };
	char id[MINISIGN_ID_TEXT_MAX];

	ok_str(minisign_id_text(small, id), "7B683E6A3D4FFC8",
	       "no zeros before an id");
}

int main(void)
{
	test_id();
	test_keys();
	test_signature();
	test_bad_signatures();
	return tap_done();
}
