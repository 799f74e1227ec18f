/* SPDX-License-Identifier: MIT */
/* libcurl's side of a request, between http.c and fetch-http.c. */
#pragma once

#include <curl/curl.h>

#include "image/fetch-error.h"
#include "image/http.h"

/* A request with all that ours have in common: http and https only, redirects
 * followed, a host that is silent given up. NULL: no memory. */
CURL *http_request(const char *url) _must_check;

/* Appends "NAME: VALUE"; a value of NULL or "" adds nothing. -ENOMEM. */
int http_add_header(struct curl_slist **headers, const char *name,
		    const char *value) _must_check;

long http_status(CURL *curl); /* of the last response, 0: none */

/* Of one header's line (NUL-terminated) that has this name: what begins its
 * value; NULL: it has another. */
const char *http_header_value(const char *line, const char *name);
/* Copies a value without the white space around it, as printable text. What
 * does not fit is as if it was not there: half a value is none. */
void http_take_value(char *dst, size_t size, const char *value);

/* What there is to say about a transfer that ended with code. *ret_host, from
 * which it borrows, is freed with curl_free(). */
struct fetch_error http_error(CURL *curl, CURLcode code, const char *name,
			      const char *words, char **ret_host);
