/* SPDX-License-Identifier: MIT */
/*
 * A token is base64url(nonce | secretbox(MAC | place)). The nonce is random:
 * 192 bits of it never meet themselves. Nothing is remembered, so there is no
 * table that a flood of scripts could fill; a token ends with the server, as
 * its key does.
 */
#include "server/signer.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define NONCE	   crypto_secretbox_NONCEBYTES
#define TAG	   crypto_secretbox_MACBYTES
#define PLAIN_MAX  (MAC_BYTES + SIGNER_PLACE_MAX - 1)
#define SEALED_MAX (NONCE + TAG + PLAIN_MAX)
#define VARIANT	   sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(crypto_secretbox_KEYBYTES ==
		       sizeof(((struct signer *)NULL)->key),
	       "the key is one of secretbox");
_Static_assert(sodium_base64_ENCODED_LEN(SEALED_MAX, VARIANT) <=
		       SIGNER_TOKEN_MAX,
	       "the longest place fits into a token");

int signer_init(struct signer *signer)
{
	if (sodium_init() < 0)
		return -EIO;
	crypto_secretbox_keygen(signer->key);
	return 0;
}

int signer_seal(const struct signer *signer, const struct mac *mac,
		const char *place, char ret_token[static SIGNER_TOKEN_MAX])
{
	uint8_t plain[PLAIN_MAX], sealed[SEALED_MAX];
	size_t len = strlen(place);

	if (len >= SIGNER_PLACE_MAX)
		return -ENOBUFS;
	memcpy(plain, mac->bytes, MAC_BYTES);
	memcpy(plain + MAC_BYTES, place, len);
	len += MAC_BYTES;
	randombytes_buf(sealed, NONCE);
	(void)crypto_secretbox_easy(sealed + NONCE, plain, len, sealed,
				    signer->key);
	sodium_bin2base64(ret_token, SIGNER_TOKEN_MAX, sealed,
			  NONCE + TAG + len, VARIANT);
	return 0;
}

int signer_open(const struct signer *signer, const char *token, size_t len,
		struct mac *ret_mac, char ret_place[static SIGNER_PLACE_MAX])
{
	uint8_t sealed[SEALED_MAX], plain[PLAIN_MAX];
	size_t sealed_len;

	if (sodium_base642bin(sealed, sizeof(sealed), token, len, NULL,
			      &sealed_len, NULL, VARIANT) < 0 ||
	    sealed_len < NONCE + TAG + MAC_BYTES ||
	    crypto_secretbox_open_easy(plain, sealed + NONCE,
				       sealed_len - NONCE, sealed,
				       signer->key) < 0)
		return -EBADMSG;
	len = sealed_len - NONCE - TAG - MAC_BYTES;
	memcpy(ret_mac->bytes, plain, MAC_BYTES);
	memcpy(ret_place, plain + MAC_BYTES, len);
	ret_place[len] = '\0';
	return 0;
}
