/* SPDX-License-Identifier: MIT */
#include "image/digest.h"

#include <errno.h>
#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/text.h"

static const struct {
	const char *prefix; /* in text; NULL: it has none */
	size_t size;
	const EVP_MD *(*md)(void);
} algorithms[] = {
	[DIGEST_SHA256] = { "sha256:", 32, EVP_sha256 },
	[DIGEST_SHA512] = { "sha512:", 64, EVP_sha512 },
	[DIGEST_BLAKE2B] = { NULL, 64, EVP_blake2b512 },
};

/* --- as text --- */

size_t digest_size(enum digest_algorithm algorithm)
{
	return algorithms[algorithm].size;
}

static int hex_value(char c, bool upper)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return upper && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_hex(const char *hex, enum digest_algorithm algorithm,
		     bool upper, struct digest *ret_digest)
{
	struct digest digest = { .algorithm = algorithm };
	size_t size = digest_size(algorithm);

	for (size_t i = 0; i < size; i++) {
		int high = hex_value(hex[2 * i], upper);
		int low = high < 0 ? -1 : hex_value(hex[2 * i + 1], upper);

		if (low < 0)
			return -EBADMSG;
		digest.bytes[i] = (uint8_t)(high * 16 + low);
	}
	if (hex[2 * size])
		return -EBADMSG;
	*ret_digest = digest;
	return 0;
}

int digest_parse(const char *text, struct digest *ret_digest)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		const char *prefix = algorithms[i].prefix;
		const char *hex = prefix ? str_after(text, prefix) : NULL;

		if (hex)
			return parse_hex(hex, (enum digest_algorithm)i, false,
					 ret_digest);
	}
	return -EBADMSG;
}

int digest_parse_sha256(const char *hex, struct digest *ret_digest)
{
	return parse_hex(hex, DIGEST_SHA256, true, ret_digest);
}

static void add_hex(struct text *text, const struct digest *digest)
{
	for (size_t i = 0; i < digest_size(digest->algorithm); i++)
		text_add(text, "%02x", digest->bytes[i]);
}

const char *digest_text(const struct digest *digest,
			char buf[static DIGEST_TEXT_MAX])
{
	const char *prefix = algorithms[digest->algorithm].prefix;
	struct text text = text_over(buf, DIGEST_TEXT_MAX);

	if (prefix)
		text_put(&text, prefix);
	add_hex(&text, digest);
	return buf;
}

const char *digest_hex(const struct digest *digest,
		       char buf[static DIGEST_TEXT_MAX])
{
	struct text text = text_over(buf, DIGEST_TEXT_MAX);

	add_hex(&text, digest);
	return buf;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->algorithm == b->algorithm &&
	       memcmp(a->bytes, b->bytes, digest_size(a->algorithm)) == 0;
}

/* --- of bytes --- */

struct hasher {
	EVP_MD_CTX *md;
	enum digest_algorithm algorithm;
	bool bad;
};

struct hasher *hasher_new(enum digest_algorithm algorithm)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return NULL;
	hasher->algorithm = algorithm;
	hasher->md = EVP_MD_CTX_new();
	if (!hasher->md ||
	    EVP_DigestInit_ex(hasher->md, algorithms[algorithm].md(), NULL) !=
		    1)
		return hasher_free(hasher);
	return hasher;
}

struct hasher *hasher_free(struct hasher *hasher)
{
	if (hasher)
		EVP_MD_CTX_free(hasher->md);
	free(hasher);
	return NULL;
}

void hasher_add(struct hasher *hasher, struct view bytes)
{
	if (EVP_DigestUpdate(hasher->md, bytes.at, bytes.left) != 1)
		hasher->bad = true;
}

void hasher_finish(struct hasher *hasher, struct digest *ret_digest)
{
	struct digest digest = { .algorithm = hasher->algorithm };

	if (EVP_DigestFinal_ex(hasher->md, digest.bytes, NULL) != 1)
		hasher->bad = true;
	/* Nothing has the digest 0, so what could not be hashed is refused. */
	if (hasher->bad)
		memset(digest.bytes, 0, sizeof(digest.bytes));
	*ret_digest = digest;
}

int digest_of(enum digest_algorithm algorithm, struct view bytes,
	      struct digest *ret_digest)
{
	struct hasher *hasher = hasher_new(algorithm);

	if (!hasher)
		return -ENOMEM;
	hasher_add(hasher, bytes);
	hasher_finish(hasher, ret_digest);
	hasher_free(hasher);
	return 0;
}

#define READ_SIZE MIB

int digest_of_reader(enum digest_algorithm algorithm,
		     const struct reader *reader, struct digest *ret_digest,
		     struct failure *failure)
{
	_cleanup_free uint8_t *buf = malloc(READ_SIZE);
	struct hasher *hasher = hasher_new(algorithm);
	int r = buf && hasher ? 0 : failure_errno(failure, ENOMEM, "sha256");

	for (uint64_t at = 0; r == 0 && at < reader->size; at += READ_SIZE) {
		size_t len = MIN(READ_SIZE, reader->size - at);

		r = reader_read(reader, at, buf, len, failure);
		if (r == 0)
			hasher_add(hasher, view_over(buf, len));
	}
	if (r == 0)
		hasher_finish(hasher, ret_digest);
	hasher_free(hasher);
	return r;
}
