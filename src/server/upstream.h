/* SPDX-License-Identifier: MIT */
/*
 * Fetching by HTTP and HTTPS without waiting: libcurl's multi interface on a
 * loop (curl_multi_socket_action(3)). Names are resolved by libcurl's own
 * threads. Everything of one upstream happens on its loop's thread. The
 * program ignores SIGPIPE: TLS libraries write to sockets that were closed.
 */
#pragma once

#include "base/failure.h"
#include "loop/loop.h"

struct upstream;

/* Embedded in its owner, and alive until done was called or it was
 * cancelled. */
struct transfer {
	/* Set by the owner. */
	const char *url;    /* copied by upstream_start() */
	int64_t timeout_ms; /* for all of it; 0: none, but a transfer in which
			       nothing moves for 30 s ends */
	uint64_t first;	    /* byte to begin with (a Range); 0: all of it */
	bool head_only;	    /* a HEAD request */
	/* The answer's head has come; length -1: unknown. Once, before body
	 * and before done, not when there was no answer. May be NULL. */
	void (*head)(struct transfer *transfer, long status, int64_t length);
	/* All of the bytes are taken (true), or none: the transfer pauses
	 * until upstream_resume() and gives them again. At most
	 * UPSTREAM_BYTES at a time. */
	bool (*body)(struct transfer *transfer, const void *bytes, size_t len);
	/* The end: r 0, or a negative errno and why. status is that of HTTP,
	 * 0: there was none; any status is r 0. The transfer may be freed or
	 * started again in it. */
	void (*done)(struct transfer *transfer, int r, long status,
		     const struct failure *failure);
	/* Upstream's. */
	struct upstream *upstream;
	void *easy; /* NULL: not running */
};

#define UPSTREAM_BYTES ((size_t)64 * 1024)

int upstream_new(struct loop *loop, struct upstream **ret_upstream,
		 struct failure *failure) _must_check;
/* Cancels what runs. Not from a callback. */
struct upstream *upstream_free(struct upstream *upstream);

/*
 * Follows at most 5 redirects, to http and https only. No callback comes
 * before this returns. Not from head or body. -ENOMEM, -EINVAL: not an
 * http(s) URL.
 */
int upstream_start(struct upstream *upstream, struct transfer *transfer,
		   struct failure *failure) _must_check;
/* body may be called before this returns. */
void upstream_resume(struct transfer *transfer);
/* done will not be called; not running is fine. From any callback. */
void upstream_cancel(struct transfer *transfer);
