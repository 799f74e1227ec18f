/* SPDX-License-Identifier: MIT */
/*
 * A key file is an untrusted comment, which is not looked at, and base64 of
 * "Ed", the key's id and the key. A signature file is an untrusted comment,
 * base64 of "ED" (prehashed; "Ed": not), the key's id and the signature, the
 * trusted comment, and base64 of the second signature.
 */
#include "image/minisign.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "wire/build.h"

#define KEY_ALGORITHM	  "Ed"
#define PREHASHED	  "ED"
#define NOT_PREHASHED	  "Ed"
#define UNTRUSTED	  "untrusted comment:"
#define TRUSTED		  "trusted comment: "
#define BLOB_MAX	  74
#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* The next line, without its end; bad when there is none. */
static struct view next_line(struct view *text)
{
	const uint8_t *end =
		text->left ? memchr(text->at, '\n', text->left) : NULL;
	size_t len = end ? (size_t)(end - text->at) : text->left;
	struct view line = view_sub(text, len);

	if (end)
		view_skip(text, 1);
	else
		line.bad |= len == 0;
	while (line.left > 0 && line.at[line.left - 1] == '\r')
		line.left--;
	return line;
}

/* Exactly size bytes, with their padding. */
static int decode_base64(struct view line, uint8_t *ret_bytes, size_t size)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	uint8_t decoded[BASE64_LEN(BLOB_MAX)];
	size_t padding = (3 - size % 3) % 3;

	if (line.bad || line.left != BASE64_LEN(size))
		return -EBADMSG;
	for (size_t i = 0; i < line.left - padding; i++)
		if (!memchr(alphabet, line.at[i], sizeof(alphabet) - 1))
			return -EBADMSG;
	for (size_t i = line.left - padding; i < line.left; i++)
		if (line.at[i] != '=')
			return -EBADMSG;
	if (EVP_DecodeBlock(decoded, line.at, (int)line.left) < 0)
		return -EBADMSG;
	memcpy(ret_bytes, decoded, size);
	return 0;
}

static bool only_white_space(struct view text)
{
	for (size_t i = 0; i < text.left; i++)
		if (!memchr(" \t\r\n", text.at[i], 4))
			return false;
	return true;
}

int minisign_parse_key(struct view text, struct minisign_key *ret_key)
{
	struct minisign_key key;
	uint8_t bytes[2 + sizeof(key.id) + sizeof(key.key)] = { 0 };
	struct view blob = view_over(bytes, sizeof(bytes));

	if (view_starts(text, UNTRUSTED, sizeof(UNTRUSTED) - 1))
		(void)next_line(&text);
	if (decode_base64(next_line(&text), bytes, sizeof(bytes)) < 0 ||
	    !only_white_space(text) ||
	    memcmp(view_take(&blob, 2), KEY_ALGORITHM, 2) != 0)
		return -EBADMSG;
	view_copy(&blob, key.id, sizeof(key.id));
	view_copy(&blob, key.key, sizeof(key.key));
	*ret_key = key;
	return 0;
}

/* The line of the trusted comment, and that of the signature over it. */
static int parse_comment(struct view *text, struct minisign_signature *ret)
{
	struct view line = next_line(text);

	if (!view_starts(line, TRUSTED, sizeof(TRUSTED) - 1))
		return -EBADMSG;
	view_skip(&line, sizeof(TRUSTED) - 1);
	if (line.left >= sizeof(ret->comment) ||
	    memchr(line.at, '\0', line.left))
		return -EBADMSG;
	memcpy(ret->comment, line.at, line.left);
	ret->comment[line.left] = '\0';
	return decode_base64(next_line(text), ret->global, sizeof(ret->global));
}

int minisign_parse_signature(struct view text,
			     struct minisign_signature *ret_signature)
{
	struct minisign_signature *ret = ret_signature;
	uint8_t bytes[2 + sizeof(ret->id) + sizeof(ret->signature)] = { 0 };
	struct view blob = view_over(bytes, sizeof(bytes));
	const uint8_t *algorithm = view_take(&blob, 2);

	if (!view_starts(text, UNTRUSTED, sizeof(UNTRUSTED) - 1))
		return -EBADMSG;
	(void)next_line(&text);
	if (decode_base64(next_line(&text), bytes, sizeof(bytes)) < 0)
		return -EBADMSG;
	view_copy(&blob, ret->id, sizeof(ret->id));
	view_copy(&blob, ret->signature, sizeof(ret->signature));
	if (memcmp(algorithm, NOT_PREHASHED, 2) == 0)
		return -EPROTONOSUPPORT;
	if (memcmp(algorithm, PREHASHED, 2) != 0 ||
	    parse_comment(&text, ret) < 0 || !only_white_space(text))
		return -EBADMSG;
	return 0;
}

/* 1: it is key's signature of these bytes; 0: not; -ENOMEM. */
static int check_ed25519(const struct minisign_key *key,
			 const uint8_t signature[static 64], struct view bytes)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, key->key, sizeof(key->key));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (pkey && context &&
	    EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1)
		r = EVP_DigestVerify(context, signature, 64, bytes.at,
				     bytes.left) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return r;
}

static int check_global(const struct minisign_signature *signature,
			const struct minisign_key *key)
{
	size_t comment_len = strlen(signature->comment);
	size_t len = sizeof(signature->signature) + comment_len;
	_cleanup_free uint8_t *bytes = malloc(len);

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, signature->signature, sizeof(signature->signature));
	memcpy(bytes + sizeof(signature->signature), signature->comment,
	       comment_len);
	return check_ed25519(key, signature->global, view_over(bytes, len));
}

int minisign_check(const struct minisign_signature *signature,
		   const struct minisign_key *key, const struct digest *blake2b)
{
	int r;

	if (memcmp(signature->id, key->id, sizeof(key->id)) != 0)
		return -EKEYREJECTED;
	r = check_ed25519(key, signature->signature,
			  view_over(blake2b->bytes,
				    digest_size(blake2b->algorithm)));
	if (r == 1)
		r = check_global(signature, key);
	if (r < 0)
		return r;
	return r == 1 ? 0 : -EKEYREJECTED;
}

const char *minisign_id_text(const uint8_t id[static 8],
			     char buf[static MINISIGN_ID_TEXT_MAX])
{
	struct view v = view_over(id, 8);

	/* minisign takes it for a number, and prints no zeros before it. */
	snprintf(buf, MINISIGN_ID_TEXT_MAX, "%" PRIX64, view_le64(&v));
	return buf;
}

const char *minisign_key_text(const struct minisign_key *key,
			      char buf[static MINISIGN_KEY_TEXT_MAX])
{
	uint8_t bytes[2 + sizeof(key->id) + sizeof(key->key)];
	struct build blob = build_over(bytes, sizeof(bytes));
	unsigned char base64[BASE64_LEN(sizeof(bytes)) + 1];
	char id[MINISIGN_ID_TEXT_MAX];

	build_bytes(&blob, KEY_ALGORITHM, 2);
	build_bytes(&blob, key->id, sizeof(key->id));
	build_bytes(&blob, key->key, sizeof(key->key));
	EVP_EncodeBlock(base64, bytes, (int)sizeof(bytes));
	snprintf(buf, MINISIGN_KEY_TEXT_MAX,
		 UNTRUSTED " minisign public key %s\n%s\n",
		 minisign_id_text(key->id, id), base64);
	return buf;
}
