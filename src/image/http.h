/* SPDX-License-Identifier: MIT */
/* What every request by HTTP of this directory has in common, and small
 * answers in memory. By libcurl. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define HTTP_VALIDATOR_MAX 256

/* By which a server knows again what it gave (RFC 9110 section 8.8). */
struct http_validators {
	char etag[HTTP_VALIDATOR_MAX]; /* with its quotes, "W/" too; "": none */
	char modified[HTTP_VALIDATOR_MAX]; /* Last-Modified; "": none */
};

struct http_question {
	const char *method; /* NULL: GET */
	const char *url;
	const char *name;	   /* begins every message */
	const char *accept;	   /* NULL: anything */
	const char *authorization; /* the header's value; NULL: none */
	size_t size_max;	   /* an answer's body may have */
	int timeout_ms;		   /* for all of it; 0: HTTP_TIMEOUT_MS */
};

#define HTTP_TIMEOUT_MS 30000

/* Freed with http_answer_free(). */
struct http_answer {
	long status; /* any: 404 is an answer */
	char *body;  /* size bytes and a NUL */
	size_t size;
	char type[128];		 /* Content-Type without parameters */
	char docker_digest[160]; /* Docker-Content-Digest */
	char *authenticate;	 /* WWW-Authenticate fields, one a line */
	char retry_after[64];	 /* Retry-After: seconds or a date */
	bool redirected;	 /* it is another address that answered */
};

/*
 * Asks and waits; follows redirects within http and https. 0 when there was an
 * answer, whatever it says; otherwise a negative errno with *failure.
 */
int http_ask(const struct http_question *question, struct http_answer *ret,
	     struct failure *failure) _must_check;
void http_answer_free(struct http_answer *answer);

/* libcurl is made ready once, by the main thread before others start. */
int http_start(struct failure *failure) _must_check;

struct http_upload {
	const char *url;
	const char *name; /* begins every message */
	uint64_t len;	  /* bytes; UINT64_MAX: not known */
	/* Writes at most size of the next bytes to buf and returns how many, 0
	 * at the end; or a negative errno, which ends it, with *failure. */
	ssize_t (*next)(void *context, void *buf, size_t size,
			struct failure *failure);
	void *context;
};

/* Sends it with PUT; a redirect (307, 308) that comes before the body is
 * followed. 0: the server says that it has it. */
int http_put(const struct http_upload *upload, struct failure *failure)
	_must_check;
