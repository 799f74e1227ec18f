/* SPDX-License-Identifier: MIT */
/* A plan as lines for a person. */
#pragma once

#include "server/plan.h"

/* "boots Linux, by --kernel", "  kernel   /srv/vmlinuz", … */
void plan_describe(const struct plan *plan,
		   void (*line)(void *to, const char *text), void *to);
