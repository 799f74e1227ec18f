/* SPDX-License-Identifier: MIT */
/*
 * A registry that wants to know who asks answers 401 and names a way. "Bearer"
 * is a token server of its own, which is asked for a token that allows this
 * repository to be read: as whom credentials.h says, or as anybody, as most
 * public images want it. "Basic" takes the credentials themselves.
 *
 * A token is good for minutes only (60 s when nothing else is said) while an
 * image may take longer. So a new one is due before the old one ends.
 */
#include "image/login.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "image/credentials.h"
#include "image/http.h"

#define TOKEN_ANSWER_MAX  (256 * KIB)
#define TOKEN_SECONDS	  60	/* when expires_in is not said */
#define TOKEN_SECONDS_MAX 86400 /* that are believed */
#define TOKEN_URL_MAX	  4096

/* A value that was handed out. */
struct login_kept {
	struct login_kept *next;
	char text[];
};

void login_init(struct login *login, const struct reference *reference)
{
	*login = (struct login){
		.reference = reference,
		.host = strstr(reference->target, "://") + 3,
	};
}

void login_free(struct login *login)
{
	while (login->kept) {
		struct login_kept *kept = login->kept;

		login->kept = kept->next;
		explicit_bzero(kept->text, strlen(kept->text));
		free(kept);
	}
	login->authorization = NULL;
}

static int authorize(struct login *login, const char *scheme, const char *value)
{
	size_t size = strlen(scheme) + 1 + strlen(value) + 1;
	struct login_kept *kept = malloc(sizeof(*kept) + size);

	if (!kept)
		return -ENOMEM;
	snprintf(kept->text, size, "%s %s", scheme, value);
	kept->next = login->kept;
	login->kept = kept;
	login->authorization = kept->text;
	return 0;
}

int login_refused(const struct login *login, struct failure *failure)
{
	const char *name = login->reference->name, *host = login->host;

	if (login->named)
		return failure_set(failure, EACCES,
				   "%s: %s refuses the user name and password "
				   "for it; \"skopeo login %s\" stores others",
				   name, host, host);
	return failure_set(
		failure, EACCES,
		"%s: %s wants a login for %s, or does not know it; "
		"\"skopeo login %s\" (or docker, podman) stores one, "
		"in the bootstrap it is in " CREDENTIALS_BOOTSTRAP,
		name, host, login->reference->repository, host);
}

/* --- tokens --- */

/* As RFC 6750 section 2.1 has it; a header is made of it. */
static bool is_token(const char *text)
{
	return text && text[0] &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz"
			    "0123456789-._~+/=:|") == strlen(text);
}

static int take_token(struct login *login, const struct http_answer *answer,
		      struct failure *failure)
{
	json_t *root = json_loadb(answer->body, answer->size, 0, NULL);
	const char *token = json_string_value(json_object_get(root, "token"));
	json_int_t seconds =
		json_integer_value(json_object_get(root, "expires_in"));
	int r = -EBADMSG;

	if (!token) /* as OAuth 2.0 calls it */
		token = json_string_value(
			json_object_get(root, "access_token"));
	if (is_token(token))
		r = authorize(login, "Bearer", token);
	json_decref(root);
	if (r < 0)
		return failure_set(failure, -r,
				   "%s: the token server of %s gave no token",
				   login->reference->name, login->host);
	seconds = seconds > 0 ? MIN(seconds, TOKEN_SECONDS_MAX) : TOKEN_SECONDS;
	login->renew_ms = clock_ms() + seconds * MS_PER_S * 3 / 4;
	return 0;
}

static bool add_query(struct text *url, const char *key, const char *value)
{
	char *escaped;

	if (!value[0])
		return true;
	escaped = curl_easy_escape(NULL, value, 0);
	if (!escaped)
		return false;
	text_add(url, "%c%s=%s", strchr(url->buf, '?') ? '&' : '?', key,
		 escaped);
	curl_free(escaped);
	return true;
}

static int token_url(const struct login *login, char buf[static TOKEN_URL_MAX],
		     struct failure *failure)
{
	const struct challenge *challenge = &login->challenge;
	struct text url = text_over(buf, TOKEN_URL_MAX);
	char scope[REFERENCE_REPO_MAX + sizeof("repository::pull")];

	snprintf(scope, sizeof(scope), "repository:%s:pull",
		 login->reference->repository);
	text_put(&url, challenge->realm);
	if (!add_query(&url, "service", challenge->service) ||
	    !add_query(&url, "scope",
		       challenge->scope[0] ? challenge->scope : scope))
		return failure_errno(failure, ENOMEM, "%s",
				     login->reference->name);
	if (url.cut)
		return failure_set(failure, EBADMSG,
				   "%s: the address of the token server of %s "
				   "is too long",
				   login->reference->name, login->host);
	return 0;
}

/* A registry asked by https must not make us show a password to whoever
 * listens. */
static int check_realm(const struct login *login, struct failure *failure)
{
	const char *realm = login->challenge.realm;
	bool secure = str_after(realm, "https://");

	if (secure || (str_after(realm, "http://") &&
		       str_after(login->reference->target, "http://")))
		return 0;
	return failure_set(failure, EBADMSG,
			   "%s: %s names a token server that is not https: "
			   "\"%s\"",
			   login->reference->name, login->host, realm);
}

static int take_answer(struct login *login, const struct http_answer *answer,
		       struct failure *failure)
{
	if (answer->status == 200)
		return take_token(login, answer, failure);
	if (answer->status == 401 || answer->status == 403)
		return login_refused(login, failure);
	return failure_set(failure, EREMOTEIO,
			   "%s: the token server of %s answered %ld%s%s",
			   login->reference->name, login->host, answer->status,
			   answer->retry_after[0] ? ", try again in " : "",
			   answer->retry_after);
}

/* basic: NULL, as anybody. */
static int ask_token(struct login *login, const char *basic,
		     struct failure *failure)
{
	_cleanup_free char *authorization = NULL;
	char url[TOKEN_URL_MAX];
	struct http_answer answer;
	struct http_question question = {
		.url = url,
		.name = login->reference->name,
		.accept = "application/json",
		.size_max = TOKEN_ANSWER_MAX,
	};
	int r = check_realm(login, failure);

	if (r == 0)
		r = token_url(login, url, failure);
	if (r < 0)
		return r;
	if (basic && asprintf(&authorization, "Basic %s", basic) < 0) {
		authorization = NULL;
		return failure_errno(failure, ENOMEM, "%s", question.name);
	}
	question.authorization = authorization;
	r = http_ask(&question, &answer, failure);
	if (r < 0)
		return r;
	r = take_answer(login, &answer, failure);
	http_answer_free(&answer);
	return r;
}

/* --- challenges --- */

static int take_challenge(struct login *login, const char *authenticate,
			  struct failure *failure)
{
	if (!authenticate ||
	    challenge_parse(authenticate, &login->challenge) < 0 ||
	    (!login->challenge.bearer && !login->challenge.basic))
		return failure_set(failure, EACCES,
				   "%s: %s wants a login of a kind that "
				   "boomerang does not know",
				   login->reference->name, login->host);
	return 0;
}

static int meet_challenge(struct login *login, struct failure *failure)
{
	_cleanup_free char *basic = NULL;
	int r = credentials_find(login->host, login->reference->repository,
				 &basic, failure);

	if (r < 0 && r != -ENODATA)
		return r;
	login->named = r == 0;
	if (login->challenge.bearer)
		r = ask_token(login, basic, failure);
	else if (!basic)
		r = login_refused(login, failure);
	else if (authorize(login, "Basic", basic) < 0)
		r = failure_errno(failure, ENOMEM, "%s",
				  login->reference->name);
	else
		r = 0;
	if (basic)
		explicit_bzero(basic, strlen(basic));
	return r;
}

int login_answer(struct login *login, const char *authenticate,
		 struct failure *failure)
{
	int r = take_challenge(login, authenticate, failure);

	return r < 0 ? r : meet_challenge(login, failure);
}

int login_renew(struct login *login, struct failure *failure)
{
	if (login->renew_ms == 0 || clock_ms() < login->renew_ms)
		return 0;
	return meet_challenge(login, failure);
}
