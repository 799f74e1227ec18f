/* SPDX-License-Identifier: MIT */
/*
 * Fetches a stream and hands the bytes on as they come. HTTP by libcurl: a
 * connection that is cut is taken up again where it was; what is refused,
 * wrong or silent ends in one line that names the source.
 */
#pragma once

#include "base/failure.h"
#include "image/http.h"
#include "wire/view.h"

enum fetch_kind {
	FETCH_URL,
	FETCH_FILE, /* a path */
	FETCH_FD,   /* a range of an open file, or a pipe from where it is */
};

/* Where a stream comes from. Borrows everything. */
struct fetch_source {
	enum fetch_kind kind;
	const char *name;	   /* begins every message */
	const char *target;	   /* FETCH_URL, FETCH_FILE */
	const char *authorization; /* FETCH_URL: the header's value, NULL: none;
				      never sent to the host of a redirect */
	/* FETCH_URL: gives another authorization, borrowed, when the server no
	 * longer takes this one (401). A negative errno, with *failure, ends
	 * the fetch. NULL: there is no other. */
	int (*renew)(void *context, const char **ret_authorization,
		     struct failure *failure);
	void *renew_context;
	/* FETCH_URL, FETCH_FILE: what was handed back when it was fetched last;
	 * when that still holds, nothing is: -EALREADY. NULL: nothing. */
	const struct http_validators *known;
	int fd; /* FETCH_FD */
	/* Of a regular file, whose position is not used; but with both 0, what
	 * is left of it (standard input, read in part). */
	uint64_t offset;
	uint64_t length; /* 0: to its end. -EBADMSG when it ends before */
	/* Of a regular file that is written to by nobody else: what was handed
	 * on is punched out of it, so that it takes memory once. */
	bool consume;
};

struct fetch {
	const struct fetch_source *source;
	/*
	 * The next bytes. May take its time. A negative errno ends the fetch,
	 * which returns it with *failure as this function left it.
	 */
	int (*data)(void *context, struct view bytes, struct failure *failure);
	/* Called at least once a second while nothing else happens. Negative:
	 * as data. */
	int (*tick)(void *context, struct failure *failure);
	void *context;

	/* Kept by the fetch, for the caller to read. */
	uint64_t done;
	uint64_t total; /* 0: not known. Known before the first data() */
	struct http_validators validators; /* of a URL; of FETCH_FILE its size,
					      time and so on in the same form */
	int fd;				   /* of a file, within fetch_run() */
	void *http;			   /* of a URL, within fetch_run() */
};

/* Fetches all of it. The caller has set the fields above the line. */
int fetch_run(struct fetch *fetch, struct failure *failure) _must_check;

/*
 * Reads the last len bytes, without disturbing the fetch; allowed within
 * data() only. Returns how many were read: 0 when the total is not known or
 * the server has no ranges.
 */
size_t fetch_tail(struct fetch *fetch, void *buf, size_t len);
