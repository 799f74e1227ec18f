/* SPDX-License-Identifier: MIT */
/* What the three servers share; borrowed, and outlives them. */
#pragma once

#include "loop/loop.h"
#include "server/journal.h"
#include "server/machines.h"
#include "server/names.h"
#include "server/policy.h"
#include "server/timeline.h"

struct serve_context {
	struct loop *loop; /* the main loop, of policy and machines */
	const struct serve_settings *settings;
	const struct names *names;
	struct machines *machines;
	struct policy *policy;
	struct timeline *timeline;
	struct journal *journal;
};
