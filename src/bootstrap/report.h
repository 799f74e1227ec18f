/* SPDX-License-Identifier: MIT */
/*
 * What the boot server is told (boomerang_server=): how far this machine is.
 * `boomerang report`, a process that is kept running, posts it; PID 1 only
 * puts records into its socket, and drops them when that is full. Before
 * report_start() all of these do nothing.
 */
#pragma once

#include "bootstrap/service.h"
#include "wire/control.h"

/* How far a load was when it was told last. */
struct report_pace {
	int64_t told_ms;
	uint64_t told_tenth; /* of the whole; with no whole, always 0 */
};

struct report {
	bool on;
	struct service service;
	const char *url;
	uint8_t mac[8]; /* as in struct server_report */
	bool announced; /* that the bootstrap is there */
	struct report_pace pace;
};

/* url: http://SERVER:PORT, which must outlive it. */
void report_start(struct report *report, struct loop *loop, const char *url);

/* The network is up. mac: the address by which the server knows the machine;
 * the first one stays. awaits: the kernel command
 * line names an image. */
void report_network(struct report *report, const uint8_t mac[static 6],
		    bool awaits);

void report_loading(struct report *report, const char *ref);
/* As often as comes from the loader: most of it is not told. */
void report_progress(struct report *report, const char *ref,
		     const struct progress *progress);
/* The target's init was started, took_ms after the load was asked for. */
void report_entered(struct report *report, uint64_t took_ms, const char *init);
/* The load came to nothing; what: one line. */
void report_failed(struct report *report, bool cancelled, const char *why);
/* What status tells of the last return. */
void report_returned(struct report *report, const struct status *status);

/*
 * Whether progress is worth telling: two seconds after the last word, or at
 * once when another tenth is done, but no oftener than four times a second.
 * Pure but for *pace, which is then brought up to date.
 */
bool report_is_due(struct report_pace *pace, const struct progress *progress,
		   int64_t now_ms);

#define REPORT_REF_MAX 160
/* A reference as others may read it: without a password and without the query
 * of a URL, which may be a signature; a long one is cut in its middle. Pure;
 * writes into buf and returns it. */
const char *report_ref(const char *ref, char buf[static REPORT_REF_MAX]);
