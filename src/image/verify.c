/* SPDX-License-Identifier: MIT */
/*
 * What the stream must be is a list of expectations, each with its source. It
 * is complete before the first byte is fetched: so is the decision that an
 * image without a good signer is not fetched at all. While bytes come they are
 * only hashed; the end compares.
 */
#include "image/verify.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "image/checksum-list.h"
#include "image/sidecar.h"

#define UNTRUSTED    "untrusted comment:" /* every signature begins so */
#define EXPECTED_MAX 5
#define SOURCE_MAX   (SIDECAR_NAME_MAX + 16)

struct expectation {
	char source[SOURCE_MAX];
	const char *otherwise; /* what it means when it is not met */
	struct digest digest;
};

struct verifier {
	const char *name;
	struct trust trust;
	struct expectation expected[EXPECTED_MAX];
	size_t expected_count;
	struct hasher *sha256;
	struct hasher *sha512;	/* when one is expected, or NULL */
	struct hasher *blake2b; /* when there is a signature, or NULL */
	struct minisign_signature signature; /* by a key that is trusted */
};

/* --- what is expected --- */

static void expect(struct verifier *verifier, const char *source,
		   const char *otherwise, const struct digest *digest)
{
	struct expectation *e = &verifier->expected[verifier->expected_count++];

	str_copy(e->source, sizeof(e->source), source);
	e->otherwise = otherwise;
	e->digest = *digest;
}

static int expect_sha256(struct verifier *verifier, const char *source,
			 const char *otherwise, const char *sha256,
			 struct failure *failure)
{
	struct digest digest;

	if (digest_parse_sha256(sha256, &digest) < 0)
		return failure_set(failure, EINVAL,
				   "%s: \"%s\" is no sha256: 64 hexadecimal "
				   "digits",
				   verifier->name, sha256);
	expect(verifier, source, otherwise, &digest);
	return 0;
}

static int expect_wishes(struct verifier *verifier,
			 const struct verify_wishes *wishes,
			 struct failure *failure)
{
	static const char *const sources[] = { "the request", "the reference" };
	static const char otherwise[] =
		"it is another image, or was damaged on the way";
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sources); i++)
		if (wishes->sha256[i] && wishes->sha256[i][0])
			r = expect_sha256(verifier, sources[i], otherwise,
					  wishes->sha256[i], failure);
	if (wishes->digest)
		expect(verifier, "its manifest",
		       "the registry or archive is damaged", wishes->digest);
	return r;
}

static int expect_list(struct verifier *verifier, const struct sidecar *sidecar,
		       const char *file_name, struct failure *failure)
{
	char sha256[SHA256_HEX_MAX], source[SOURCE_MAX];
	int r = checksum_list_find(view_over(sidecar->bytes, sidecar->len),
				   file_name, sidecar->kind == SIDECAR_SHA256,
				   sha256);

	sidecar_name(sidecar->kind, file_name, source);
	if (r == -EBADMSG)
		return failure_set(failure, EKEYREJECTED,
				   "%s: %s says two different sha256 for it",
				   verifier->name, source);
	if (r < 0) {
		log_debug("%s: %s has no line for it", verifier->name, source);
		return 0;
	}
	return expect_sha256(verifier, source,
			     "it is not what its author published, or was "
			     "damaged on the way",
			     sha256, failure);
}

/* --- whose signature it has --- */

static int refuse_unsigned(const struct verifier *verifier,
			   const struct sidecar *sidecar, const char *source,
			   struct failure *failure)
{
	if (!verifier->trust.required) {
		if (sidecar->err < 0)
			log_debug("%s", sidecar->failure.text);
		return 0;
	}
	if (sidecar->err < 0) {
		if (failure)
			*failure = sidecar->failure;
		return sidecar->err;
	}
	return failure_set(failure, EKEYREJECTED,
			   "%s: a signature is required, and there is none: "
			   "no %s is beside it",
			   verifier->name, source);
}

static int refuse_stranger(const struct verifier *verifier,
			   struct failure *failure)
{
	char id[MINISIGN_ID_TEXT_MAX];

	minisign_id_text(verifier->signature.id, id);
	if (verifier->trust.required)
		return failure_set(failure, EKEYREJECTED,
				   "%s: signed with key %s, which is not "
				   "trusted; a signature by a trusted key is "
				   "required",
				   verifier->name, id);
	log_debug("%s: signed with key %s, which is not trusted: ignored",
		  verifier->name, id);
	return 0;
}

static int take_signature(struct verifier *verifier,
			  const struct sidecar *sidecar, const char *file_name,
			  struct failure *failure)
{
	struct view text = view_over(sidecar->bytes, sidecar->len);
	char source[SOURCE_MAX];
	int r;

	sidecar_name(sidecar->kind, file_name, source);
	/* A server may answer any question with some text. */
	if (!sidecar->bytes ||
	    !view_starts(text, UNTRUSTED, sizeof(UNTRUSTED) - 1))
		return refuse_unsigned(verifier, sidecar, source, failure);
	r = minisign_parse_signature(text, &verifier->signature);
	if (r == -EBADMSG)
		return failure_set(failure, EKEYREJECTED,
				   "%s: %s is damaged: it is no signature of "
				   "minisign",
				   verifier->name, source);
	if (!trust_has(&verifier->trust, verifier->signature.id))
		return refuse_stranger(verifier, failure);
	if (r == -EPROTONOSUPPORT)
		return failure_set(failure, EKEYREJECTED,
				   "%s: %s is in minisign's old format, which "
				   "cannot be checked while an image comes; "
				   "sign it anew with \"minisign -S -H\"",
				   verifier->name, source);
	verifier->blake2b = hasher_new(DIGEST_BLAKE2B);
	return verifier->blake2b
		       ? 0
		       : failure_errno(failure, ENOMEM, "%s", verifier->name);
}

/* --- what stands beside it --- */

static int take_sidecar(struct verifier *verifier,
			const struct sidecar *sidecar, const char *file_name,
			struct failure *failure)
{
	switch (sidecar->kind) {
	case SIDECAR_MINISIG:
		return take_signature(verifier, sidecar, file_name, failure);
	case SIDECAR_SHA256:
	case SIDECAR_SHA256SUMS:
		break;
	}
	/* The fetch itself will say that a server does not answer. */
	if (sidecar->err < 0)
		log_debug("%s", sidecar->failure.text);
	return sidecar->bytes
		       ? expect_list(verifier, sidecar, file_name, failure)
		       : 0;
}

static bool has_neighbours(const struct reference *reference)
{
	switch (reference->kind) {
	case REFERENCE_HTTP:
	case REFERENCE_FILE:
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
		return true;
	case REFERENCE_STDIN:
	case REFERENCE_DOCKER:
	case REFERENCE_OCI:
		break;
	}
	return false;
}

static int look_around(struct verifier *verifier,
		       const struct reference *reference,
		       struct failure *failure)
{
	struct sidecar sidecars[3] = { 0 };
	char file_name[SIDECAR_NAME_MAX] = "image";
	bool named = has_neighbours(reference) &&
		     sidecar_file_name(reference, file_name) == 0;
	size_t count = 0;
	int r = 0;

	/* The signature first: it decides whether the rest matters. */
	if (verifier->trust.count > 0)
		sidecars[count++].kind = SIDECAR_MINISIG;
	if (named && verifier->expected_count == 0) {
		sidecars[count++].kind = SIDECAR_SHA256;
		sidecars[count++].kind = SIDECAR_SHA256SUMS;
	}
	if (named)
		sidecars_look_for(reference, sidecars, count);
	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			r = take_sidecar(verifier, &sidecars[i], file_name,
					 failure);
		free(sidecars[i].bytes);
	}
	return r;
}

static int prepare(struct verifier *verifier,
		   const struct verify_wishes *wishes, struct failure *failure)
{
	int r = expect_wishes(verifier, wishes, failure);

	if (r < 0)
		return r;
	if (wishes->reference && verifier->trust.required &&
	    verifier->trust.count == 0)
		return failure_set(failure, EKEYREJECTED,
				   "%s: a signature is required, and no key is "
				   "trusted; --trust KEY names one",
				   verifier->name);
	if (wishes->reference)
		r = look_around(verifier, wishes->reference, failure);
	if (r < 0)
		return r;
	for (size_t i = 0; i < verifier->expected_count; i++)
		if (verifier->expected[i].digest.algorithm == DIGEST_SHA512 &&
		    !verifier->sha512)
			verifier->sha512 = hasher_new(DIGEST_SHA512);
	verifier->sha256 = hasher_new(DIGEST_SHA256);
	return verifier->sha256
		       ? 0
		       : failure_errno(failure, ENOMEM, "%s", verifier->name);
}

int verify_open(const struct verify_wishes *wishes, const char *name,
		struct verifier **ret_verifier, struct failure *failure)
{
	struct verifier *verifier = calloc(1, sizeof(*verifier));
	int r;

	if (!verifier)
		return failure_errno(failure, ENOMEM, "%s", name);
	verifier->name = name;
	if (wishes->trust)
		verifier->trust = *wishes->trust;
	r = prepare(verifier, wishes, failure);
	if (r < 0)
		verify_close(verifier);
	else
		*ret_verifier = verifier;
	return r;
}

struct verifier *verify_close(struct verifier *verifier)
{
	if (verifier) {
		hasher_free(verifier->sha256);
		hasher_free(verifier->sha512);
		hasher_free(verifier->blake2b);
		free(verifier);
	}
	return NULL;
}

/* --- the stream --- */

void verify_add(struct verifier *verifier, struct view bytes)
{
	hasher_add(verifier->sha256, bytes);
	if (verifier->sha512)
		hasher_add(verifier->sha512, bytes);
	if (verifier->blake2b)
		hasher_add(verifier->blake2b, bytes);
}

/* --- its end --- */

static int check_expected(const struct verifier *verifier,
			  const struct digest *sha256,
			  const struct digest *sha512, struct text *checked,
			  struct failure *failure)
{
	for (size_t i = 0; i < verifier->expected_count; i++) {
		const struct expectation *e = &verifier->expected[i];
		bool long_one = e->digest.algorithm == DIGEST_SHA512;
		const struct digest *is = long_one ? sha512 : sha256;
		char says[DIGEST_TEXT_MAX], has[DIGEST_TEXT_MAX];

		if (!digest_equal(is, &e->digest))
			return failure_set(
				failure, EKEYREJECTED,
				"%s: %s differs: %s says %.64s, the image is "
				"%.64s: %s",
				verifier->name, long_one ? "sha512" : "sha256",
				e->source, digest_hex(&e->digest, says),
				digest_hex(is, has), e->otherwise);
		text_add(checked, "%s%s", i > 0 ? ", " : "", e->source);
	}
	return 0;
}

static int check_signature(const struct verifier *verifier,
			   const struct digest *blake2b,
			   struct verify_verdict *verdict,
			   struct failure *failure)
{
	const struct trust *trust = &verifier->trust;
	int r = -EKEYREJECTED;

	minisign_id_text(verifier->signature.id, verdict->signer);
	for (size_t i = 0; r == -EKEYREJECTED && i < trust->count; i++)
		r = minisign_check(&verifier->signature, &trust->keys[i],
				   blake2b);
	if (r == -EKEYREJECTED)
		return failure_set(failure, EKEYREJECTED,
				   "%s: the signature by key %s is not of this "
				   "image: it was changed after it was signed, "
				   "or damaged on the way",
				   verifier->name, verdict->signer);
	if (r < 0)
		return failure_errno(failure, -r,
				     "%s: cannot check the "
				     "signature",
				     verifier->name);
	str_copy(verdict->comment, sizeof(verdict->comment),
		 verifier->signature.comment);
	str_make_printable(verdict->comment);
	return 0;
}

int verify_finish(struct verifier *verifier, struct verify_verdict *ret_verdict,
		  struct failure *failure)
{
	struct verify_verdict verdict = { 0 };
	struct digest sha256, sha512 = { 0 }, blake2b;
	struct text checked =
		text_over(verdict.checked, sizeof(verdict.checked));
	char hex[DIGEST_TEXT_MAX];
	int r;

	hasher_finish(verifier->sha256, &sha256);
	if (verifier->sha512)
		hasher_finish(verifier->sha512, &sha512);
	str_copy(verdict.sha256, sizeof(verdict.sha256),
		 digest_hex(&sha256, hex));
	r = check_expected(verifier, &sha256, &sha512, &checked, failure);
	if (r == 0 && verifier->blake2b) {
		hasher_finish(verifier->blake2b, &blake2b);
		r = check_signature(verifier, &blake2b, &verdict, failure);
	}
	if (r == 0)
		*ret_verdict = verdict;
	return r;
}
