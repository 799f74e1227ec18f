/* SPDX-License-Identifier: MIT */
/* Keys and policy of a root, and what can be signed at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "image/trust.h"
#include "tap.h"

static char root[] = "/tmp/boomerang-trust-XXXXXX";

static void write_file(const char *path, const char *text)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	ok_int(file_create(AT_FDCWD, full, text), 0, path);
}

static void write_key(uint8_t number)
{
	struct minisign_key key = { .id = { number }, .key = { number } };
	char text[MINISIGN_KEY_TEXT_MAX], path[64];

	snprintf(path, sizeof(path), TRUST_DIR "/%d" TRUST_SUFFIX, number);
	write_file(path, minisign_key_text(&key, text));
}

static void test_root(void)
{
	const uint8_t one[8] = { 1 }, two[8] = { 2 };
	struct failure failure = { 0 };
	char dir[256];
	struct trust trust;

	ok(mkdtemp(root) != NULL, "a root");
	ok_int(trust_read_in(root, &trust, &failure), 0, "with nothing in it");
	ok(trust.count == 0 && !trust.required, "trusts nobody, wants nothing");
	snprintf(dir, sizeof(dir), "%s" TRUST_DIR, root);
	ok_int(path_mkdirs(dir, 0755), 0, "a directory of keys");
	write_key(1);
	write_file(TRUST_DIR "/notes", "no key");
	write_file(TRUST_DIR "/.hidden.pub", "no key");
	write_file(TRUST_REQUIRE_FILE, "");
	ok_int(trust_read_in(root, &trust, &failure), 0, "with a key in it");
	ok(trust.count == 1 && trust.required, "trusts one, and wants it");
	ok(trust_has(&trust, one) && !trust_has(&trust, two), "that one");
	write_file(TRUST_DIR "/bad.pub", "no key");
	ok_int(trust_read_in(root, &trust, &failure), -EBADMSG,
	       "a key that is none is a failure");
	ok(strstr(failure.text, TRUST_DIR "/bad.pub"), "which names it");
	write_file(TRUST_DIR "/bad.pub", "");
	ok_int(trust_read_in(root, &trust, &failure), -EBADMSG,
	       "as is one that is empty");
}

static void test_many(void)
{
	struct trust trust = { 0 };
	struct minisign_key key = { 0 };

	for (uint8_t i = 0; i < TRUST_KEYS_MAX; i++) {
		key.id[0] = i;
		if (trust_add(&trust, &key, "key", NULL) < 0)
			ok_int(i, TRUST_KEYS_MAX, "32 keys fit");
	}
	ok_int(trust_add(&trust, &key, "key", NULL), 0, "one of them again");
	key.id[0] = TRUST_KEYS_MAX;
	ok_int(trust_add(&trust, &key, "key", NULL), -ENOBUFS,
	       "another one is too many");
}

static const struct {
	const char *reference;
	int r;
} permits[] = {
	{ "http://h/a", 0 },	     { "/a", 0 },
	{ "oci-archive:/a", 0 },     { "docker-archive:/a", 0 },
	{ "-", -EKEYREJECTED },	     { "docker://a", -EKEYREJECTED },
	{ "oci:/a", -EKEYREJECTED },
};

static void test_permits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(permits); i++) {
		struct trust trust = { .required = true };
		struct failure failure = { 0 };
		struct reference reference;

		ok_int(reference_parse(permits[i].reference, &reference, NULL),
		       0, permits[i].reference);
		ok_int(trust_permits(&trust, &reference, &failure),
		       permits[i].r, "when a signature is required");
		ok(!failure.text[0] == !permits[i].r, "in words");
		trust.required = false;
		ok_int(trust_permits(&trust, &reference, &failure), 0,
		       "when none is");
	}
}

int main(void)
{
	test_root();
	test_many();
	test_permits();
	(void)!path_remove_tree(AT_FDCWD, root);
	return tap_done();
}
