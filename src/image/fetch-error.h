/* SPDX-License-Identifier: MIT */
/* What went wrong in a transfer, for a person. Pure. */
#pragma once

#include "base/failure.h"

struct fetch_error {
	int code;	    /* CURLcode */
	long status;	    /* of the last HTTP response, 0: none */
	int os_errno;	    /* of the last connect, 0: not known */
	bool connected;	    /* a connection was made */
	const char *url;    /* for messages: the one asked for */
	const char *host;   /* the one that was asked last */
	const char *detail; /* libcurl's own words, "" when it had none */
};

/* Whether trying again may help. */
bool fetch_error_is_passing(const struct fetch_error *error);

/* Fills *failure with a line that begins with the URL; returns its negative
 * errno. */
int fetch_error_tell(const struct fetch_error *error, struct failure *failure);

/* Writes the reason alone ("connection refused by 192.0.2.1"), at most size
 * bytes. Returns the positive errno that fits. */
int fetch_error_reason(const struct fetch_error *error, char *buf, size_t size);
