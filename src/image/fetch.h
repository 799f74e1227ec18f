/* SPDX-License-Identifier: MIT */
/*
 * Fetches what a reference names and hands the bytes on as they come. HTTP by
 * libcurl: a connection that is cut is taken up again where it was; what is
 * refused, wrong or silent ends in one line that names the URL.
 */
#pragma once

#include "base/failure.h"
#include "image/reference.h"
#include "wire/view.h"

struct fetch {
	const struct reference *reference;
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
	int fd;		/* of a file, within fetch_run() */
	void *http;	/* of a URL, within fetch_run() */
};

/* Fetches all of it. The caller has set the fields above the line. */
int fetch_run(struct fetch *fetch, struct failure *failure) _must_check;

/*
 * Reads the last len bytes, without disturbing the fetch; allowed within
 * data() only. Returns how many were read: 0 when the total is not known or
 * the server has no ranges.
 */
size_t fetch_tail(struct fetch *fetch, void *buf, size_t len);
