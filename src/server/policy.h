/* SPDX-License-Identifier: MIT */
/*
 * Who boots what. One of: the static settings, the served directory, the
 * machines file, the API; the same questions to each. Nothing waits: an
 * answer that has to be fetched comes later, on the loop. Main loop only.
 *
 * The API is asked once per machine at a time, however many ask. Answers
 * (refusals too) are kept for POLICY_KEEP_MS, and that there was none for
 * POLICY_KEEP_FAILED_MS; beyond POLICY_KEPT_BYTES they are not kept, so that
 * the API is asked more often. At most POLICY_ASKING requests run at once and
 * POLICY_WAITING machines wait for their turn; when more come, machines that
 * asked for the first time give way first, and are told PLAN_IGNORE: they ask
 * again by themselves.
 */
#pragma once

#include "base/failure.h"
#include "loop/loop.h"
#include "server/client.h"
#include "server/plan.h"
#include "server/settings.h"

#define POLICY_KEEP_MS	      20000
#define POLICY_KEEP_FAILED_MS 2000
#define POLICY_ASKING	      64
#define POLICY_WAITING	      1024
#define POLICY_MACHINES	      65536 /* known, with their answers */
#define POLICY_KEPT_BYTES     ((size_t)64 * 1024 * 1024)

struct policy;

/* Embedded in who asks, and alive until answered or cancelled. */
struct question {
	struct client client;
	/* plan is borrowed: plan_hold() keeps it. */
	void (*answered)(struct question *question, struct plan *plan);
	struct question *next, *prev; /* policy's */
	void *pending;		      /* policy's; NULL: not waiting */
};

/* settings must outlive it. Fails with the line of a bad machines file, an
 * unreadable kernel, … */
int policy_new(struct loop *loop, const struct serve_settings *settings,
	       struct policy **ret_policy, struct failure *failure) _must_check;
struct policy *policy_free(struct policy *policy);

/* Whether the files that machines boot can be read: to be asked again when
 * privileges were dropped. */
int policy_check(const struct policy *policy, struct failure *failure)
	_must_check;

/* answered is called once: before this returns, or later on the loop. */
void policy_ask(struct policy *policy, struct question *question);
/* answered will not be called; not waiting is fine. */
void policy_cancel(struct policy *policy, struct question *question);

/* Reads the machines file again and forgets kept answers. On failure all
 * stays as it was. */
int policy_reload(struct policy *policy, struct failure *failure) _must_check;
