/* SPDX-License-Identifier: MIT */
/* The plan that is the same for every machine: the served directory's
 * bootstrap, or the kernel named on the command line. */
#pragma once

#include "server/policy-bootstrap.h"
#include "server/settings.h"

/* -EINVAL, -ENOENT, … with *failure: what cannot be read, or is no template. */
int fixed_plan_new(const struct serve_settings *settings,
		   const struct bootstrap *bootstrap, struct plan **ret_plan,
		   struct failure *failure) _must_check;
