/* SPDX-License-Identifier: MIT */
/*
 * A registry: manifests by tag or digest, blobs by digest (OCI
 * distribution-spec 1.1, "Pulling"; the Docker Registry HTTP API V2 is its
 * ancestor and the same here). A blob is often redirected to another host,
 * which holds it and must not see our authorization; libcurl keeps it from
 * there.
 *
 * What a registry says is believed of tags only, as nothing else can say what
 * a tag means: all else is checked against its digest.
 */
#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/blobs.h"
#include "image/login.h"
#include "wire/http-status.h"

#define URL_MAX (CONTROL_REF_MAX + REFERENCE_REPO_MAX + REFERENCE_TAG_MAX + 64)

#define TAGS_TOLD ((size_t)6)

#define SCHEMA_1 "application/vnd.docker.distribution.manifest.v1"
#define MANIFEST_TYPES                                                \
	"application/vnd.oci.image.index.v1+json, "                   \
	"application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.docker.distribution.manifest.v2+json"

struct url {
	struct url *next;
	char text[URL_MAX];
};

struct registry {
	struct blobs blobs;
	struct login login;
	struct url *urls; /* of the sources that were handed out */
};

static struct registry *registry_of(struct blobs *blobs)
{
	return container_of(blobs, struct registry, blobs);
}

/* --- requests --- */

static void make_url(const struct registry *registry, const char *kind,
		     const char *which, char buf[static URL_MAX])
{
	const struct reference *reference = registry->login.reference;

	snprintf(buf, URL_MAX, "%s/v2/%s/%s/%s", reference->target,
		 reference->repository, kind, which);
}

/* Asks, and once more when a login is wanted. */
static int ask(struct registry *registry, const char *url, const char *accept,
	       struct http_answer *ret, struct failure *failure)
{
	struct http_question question = {
		.url = url,
		.name = registry->login.reference->name,
		.accept = accept,
		.size_max = OCI_DOCUMENT_MAX,
	};
	int r = login_renew(&registry->login, failure);

	if (r < 0)
		return r;
	question.authorization = registry->login.authorization;
	r = http_ask(&question, ret, failure);
	/* Another host has nothing to ask for. */
	if (r < 0 || ret->status != 401 || ret->redirected)
		return r;
	r = login_answer(&registry->login, ret->authenticate, failure);
	http_answer_free(ret);
	if (r < 0)
		return r;
	question.authorization = registry->login.authorization;
	return http_ask(&question, ret, failure);
}

/* --- what a person is told --- */

/* The code of the first error in an answer's body (distribution-spec, "Error
 * Codes"), or "": there is none, and perhaps no registry. */
static void error_code(const struct http_answer *answer, char *buf, size_t size)
{
	json_t *root = json_loadb(answer->body, answer->size, 0, NULL);
	json_t *first = json_array_get(json_object_get(root, "errors"), 0);
	const char *code = json_string_value(json_object_get(first, "code"));

	str_copy(buf, size, code ? code : "");
	json_decref(root);
}

/* The status that the root of the API answers with, 0: nothing does. */
static long probe(const struct registry *registry, const char *scheme)
{
	char url[URL_MAX];
	struct http_question question = { .url = url, .size_max = 64 * KIB };
	struct http_answer answer;
	long status;

	question.name = registry->login.reference->name;
	snprintf(url, sizeof(url), "%s://%s/v2/", scheme, registry->login.host);
	if (http_ask(&question, &answer, NULL) < 0)
		return 0;
	status = answer.status;
	http_answer_free(&answer);
	return status;
}

static bool is_registry(const struct registry *registry)
{
	const char *scheme =
		str_after(registry->login.reference->target, "http://")
			? "http"
			: "https";
	long status = probe(registry, scheme);

	return status == 200 || status == 401;
}

static int tell_no_repository(const struct registry *registry,
			      struct failure *failure)
{
	return failure_set(failure, ENOENT, "%s: %s has no repository \"%s\"",
			   registry->login.reference->name,
			   registry->login.host,
			   registry->login.reference->repository);
}

/* "; it has 1.0, 1.1" into buf, or "". */
static void list_tags(const struct http_answer *answer, char *buf, size_t size)
{
	json_t *root = json_loadb(answer->body, answer->size, 0, NULL);
	json_t *tags = json_object_get(root, "tags");
	size_t count = json_array_size(tags);
	struct text text = text_over(buf, size);

	for (size_t i = 0; i < MIN(count, TAGS_TOLD); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));

		text_add(&text, "%s%s", i > 0 ? ", " : "; it has ",
			 tag ? tag : "?");
	}
	if (count > TAGS_TOLD)
		text_add(&text, " and %zu more", count - TAGS_TOLD);
	json_decref(root);
}

/* Some registries do not say whether the repository is missing, or the tag. */
static int tell_no_tag(struct registry *registry, const char *what,
		       struct failure *failure)
{
	const struct reference *reference = registry->login.reference;
	struct http_answer answer;
	char url[URL_MAX], has[128] = "";
	long status = 0;

	snprintf(url, sizeof(url), "%s/v2/%s/tags/list", reference->target,
		 reference->repository);
	if (ask(registry, url, NULL, &answer, NULL) == 0) {
		status = answer.status;
		if (status == 200)
			list_tags(&answer, has, sizeof(has));
		http_answer_free(&answer);
	}
	if (status == 404)
		return tell_no_repository(registry, failure);
	return failure_set(failure, ENOENT,
			   "%s: %s has no %s in its repository \"%s\"%s",
			   reference->name, registry->login.host, what,
			   reference->repository, has);
}

static int tell_missing(struct registry *registry, const char *what,
			const struct http_answer *answer,
			struct failure *failure)
{
	char code[64];

	error_code(answer, code, sizeof(code));
	if (str_eq(code, "NAME_UNKNOWN"))
		return tell_no_repository(registry, failure);
	if (code[0] || is_registry(registry))
		return tell_no_tag(registry, what, failure);
	return failure_set(failure, EPROTONOSUPPORT,
			   "%s: %s is no registry that boomerang can talk to "
			   "(it knows no /v2/)",
			   registry->login.reference->name,
			   registry->login.host);
}

/* Go's server says so to who talks HTTP to its TLS. */
static bool wants_tls(const struct http_answer *answer)
{
	return answer->status == 400 && strcasestr(answer->body, "https");
}

/* what: "tag \"1.0\"" or "layer sha256:…", which was asked for. */
static int tell_refusal(struct registry *registry, const char *what,
			const struct http_answer *answer,
			struct failure *failure)
{
	const char *name = registry->login.reference->name;
	const char *host = registry->login.host;

	if (answer->status == 404)
		return tell_missing(registry, what, answer, failure);
	if (answer->status == 401 || answer->status == 403)
		return login_refused(&registry->login, failure);
	if (answer->status == 429)
		return failure_set(
			failure, EBUSY,
			"%s: %s wants fewer requests; try again%s%s", name,
			host, answer->retry_after[0] ? " after " : " later",
			answer->retry_after);
	if (wants_tls(answer))
		return failure_set(failure, EPROTO,
				   "%s: %s speaks TLS; use docker://, not "
				   "docker+http://",
				   name, host);
	return failure_set(failure, EREMOTEIO,
			   "%s: %s answered %ld %s when it was asked for %s",
			   name, host, answer->status,
			   http_status_words(answer->status), what);
}

/* When no answer came: perhaps of a registry without TLS. */
static int tell_silence(const struct registry *registry, int r,
			struct failure *failure)
{
	if (r != -EPROTO ||
	    str_after(registry->login.reference->target, "http://") ||
	    probe(registry, "http") == 0)
		return r;
	return failure_set(failure, EPROTO,
			   "%s: %s speaks plain HTTP; if that is meant so, use "
			   "docker+http://%s/%s",
			   registry->login.reference->name,
			   registry->login.host, registry->login.host,
			   registry->login.reference->repository);
}

/* --- documents --- */

/* 0 with an answer whose status is 200. */
static int get(struct registry *registry, const char *url, const char *accept,
	       const char *what, struct http_answer *ret,
	       struct failure *failure)
{
	int r = ask(registry, url, accept, ret, failure);

	if (r < 0)
		return tell_silence(registry, r, failure);
	if (ret->status == 200)
		return 0;
	r = tell_refusal(registry, what, ret, failure);
	http_answer_free(ret);
	return r;
}

static int check_type(const struct registry *registry,
		      const struct http_answer *answer, struct failure *failure)
{
	const char *name = registry->login.reference->name;

	if (str_after(answer->type, SCHEMA_1))
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: this image is in Docker's format of "
				   "before 2016 (schema 1); push it again with "
				   "a newer docker or skopeo",
				   name);
	if (str_eq(answer->type, "text/html"))
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: %s answered with a web page, this is "
				   "no registry",
				   name, registry->login.host);
	return 0;
}

/* Computes the digest and compares it with the one that must be (an entry's or
 * the reference's) or that the registry says of a tag. */
static int check_manifest(const struct registry *registry,
			  const struct digest *wanted,
			  const struct http_answer *answer,
			  struct digest *ret_digest, struct failure *failure)
{
	char is[DIGEST_TEXT_MAX], must[DIGEST_TEXT_MAX];
	struct digest said, found;
	int r;

	if (!wanted && digest_parse(answer->docker_digest, &said) == 0)
		wanted = &said;
	r = digest_of(wanted ? wanted->algorithm : DIGEST_SHA256,
		      view_over(answer->body, answer->size), &found);
	if (r < 0)
		return failure_errno(failure, -r, "%s",
				     registry->login.reference->name);
	*ret_digest = found;
	if (!wanted || digest_equal(wanted, &found))
		return 0;
	return failure_set(failure, EKEYREJECTED,
			   "%s: the manifest is not what it should be: its "
			   "digest is %.19s..., wanted is %.19s...",
			   registry->login.reference->name,
			   digest_text(&found, is), digest_text(wanted, must));
}

/* Takes the body. */
static void make_document(struct http_answer *answer, struct digest digest,
			  struct blobs_document *ret)
{
	str_copy(ret->type, sizeof(ret->type), answer->type);
	ret->digest = digest;
	ret->len = answer->size;
	ret->bytes = TAKE_PTR(answer->body);
}

static int get_manifest(struct registry *registry, const char *which,
			const char *what, const struct digest *wanted,
			struct blobs_document *ret, struct failure *failure)
{
	struct http_answer answer;
	struct digest digest;
	char url[URL_MAX];
	int r;

	make_url(registry, "manifests", which, url);
	r = get(registry, url, MANIFEST_TYPES, what, &answer, failure);
	if (r < 0)
		return r;
	r = check_type(registry, &answer, failure);
	if (r == 0)
		r = check_manifest(registry, wanted, &answer, &digest, failure);
	if (r == 0)
		make_document(&answer, digest, ret);
	http_answer_free(&answer);
	return r;
}

static int registry_manifest(struct blobs *blobs,
			     const struct oci_descriptor *entry,
			     struct blobs_document *ret,
			     struct failure *failure)
{
	const struct reference *reference = blobs->reference;
	char which[MAX(DIGEST_TEXT_MAX, REFERENCE_TAG_MAX)];
	char what[sizeof(which) + 16];
	const struct digest *wanted = entry ? &entry->digest : NULL;
	struct digest asked;

	/* What a tag means now does not matter to who knows the digest. */
	if (!entry && digest_parse_sha256(reference->sha256, &asked) == 0)
		wanted = &asked;
	if (wanted)
		digest_text(wanted, which);
	else
		str_copy(which, sizeof(which),
			 reference->tag[0] ? reference->tag : "latest");
	snprintf(what, sizeof(what), "%s %s", wanted ? "manifest" : "tag",
		 which);
	return get_manifest(registry_of(blobs), which, what, wanted, ret,
			    failure);
}

/* --- blobs --- */

static int registry_document(struct blobs *blobs,
			     const struct oci_descriptor *blob,
			     struct blobs_document *ret,
			     struct failure *failure)
{
	char digest[DIGEST_TEXT_MAX], what[DIGEST_TEXT_MAX + 8];
	struct http_answer answer;
	char url[URL_MAX];
	int r;

	digest_text(&blob->digest, digest);
	snprintf(what, sizeof(what), "blob %s", digest);
	make_url(registry_of(blobs), "blobs", digest, url);
	r = get(registry_of(blobs), url, NULL, what, &answer, failure);
	if (r < 0)
		return r;
	make_document(&answer, blob->digest, ret);
	str_copy(ret->type, sizeof(ret->type), blob->type);
	http_answer_free(&answer);
	return 0;
}

/* When 401 ends a fetch: a token that ended while it waited or resumed. */
static int renew(void *context, const char **ret_authorization,
		 struct failure *failure)
{
	struct registry *registry = context;
	int r;

	if (registry->login.renew_ms == 0)
		return login_refused(&registry->login, failure);
	registry->login.renew_ms = 1;
	r = login_renew(&registry->login, failure);
	if (r == 0)
		*ret_authorization = registry->login.authorization;
	return r;
}

static int registry_source(struct blobs *blobs,
			   const struct oci_descriptor *blob,
			   struct fetch_source *ret, struct failure *failure)
{
	struct registry *registry = registry_of(blobs);
	char digest[DIGEST_TEXT_MAX];
	struct url *url;
	int r = login_renew(&registry->login, failure);

	if (r < 0)
		return r;
	url = malloc(sizeof(*url));
	if (!url)
		return failure_errno(failure, ENOMEM, "%s",
				     blobs->reference->name);
	make_url(registry, "blobs", digest_text(&blob->digest, digest),
		 url->text);
	url->next = registry->urls;
	registry->urls = url;
	*ret = (struct fetch_source){
		.kind = FETCH_URL,
		.name = blobs->reference->name,
		.target = url->text,
		.authorization = registry->login.authorization,
		.renew = renew,
		.renew_context = registry,
	};
	return 0;
}

/* --- open and close --- */

static void registry_close(struct blobs *blobs)
{
	struct registry *registry = registry_of(blobs);

	while (registry->urls) {
		struct url *url = registry->urls;

		registry->urls = url->next;
		free(url);
	}
	login_free(&registry->login);
	free(registry);
}

int registry_open(const struct reference *reference, struct blobs **ret_blobs,
		  struct failure *failure)
{
	static const struct blobs_operations operations = {
		.manifest = registry_manifest,
		.document = registry_document,
		.source = registry_source,
		.close = registry_close,
	};
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return failure_errno(failure, ENOMEM, "%s", reference->name);
	registry->blobs = (struct blobs){ .operations = &operations,
					  .reference = reference };
	login_init(&registry->login, reference);
	*ret_blobs = &registry->blobs;
	return 0;
}
