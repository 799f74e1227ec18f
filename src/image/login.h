/* SPDX-License-Identifier: MIT */
/* Who boomerang is at one registry: the authorization that its requests carry,
 * and how it is come by. */
#pragma once

#include "base/failure.h"
#include "image/authenticate.h"
#include "image/reference.h"

struct login {
	const struct reference *reference; /* borrowed */
	const char *host; /* of the reference's target, with its port */
	/* The header's value, NULL: none is needed so far. What was handed out
	 * stays valid until login_free(). */
	const char *authorization;
	int64_t renew_ms; /* clock_ms() when a new one is due; 0: never */
	bool named;	  /* it is not as anybody that we ask */
	struct challenge challenge; /* the answer to it is authorization */
	struct login_kept *kept;
};

void login_init(struct login *login, const struct reference *reference);
void login_free(struct login *login);

/*
 * After 401: gets an authorization that answers the challenge, from a token
 * server (distribution: "Token Authentication Specification") or from
 * credentials (credentials.h). authenticate: struct http_answer, NULL: there
 * was none. -EACCES with *failure when there is none that could help.
 */
int login_answer(struct login *login, const char *authenticate,
		 struct failure *failure) _must_check;

/* Before a request: a token that is about to end is replaced. */
int login_renew(struct login *login, struct failure *failure) _must_check;

/* Fills *failure for what is refused with the authorization there is; returns
 * -EACCES. */
int login_refused(const struct login *login, struct failure *failure);
