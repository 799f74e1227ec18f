/* SPDX-License-Identifier: MIT */
/* Kernel command lines as persons and the API write them. */
#pragma once

#include "server/plan.h"
#include "server/policy-place.h"

/*
 * Appends a command line in which {{ URL "place" }} (or {{ ID "place" }}, the
 * same) stands for the URL under which this server hands the place out. White
 * space around the whole is removed. Returns 0; -EINVAL with *failure, which
 * does not name the field, for another template, a place that is none, or a
 * control character: no loader could pass a line end on.
 */
int plan_add_template(struct plan *plan, const char *text,
		      const struct place_base *base, struct failure *failure)
	_must_check;

/* What plan_add_template() does at its end, for those who added pieces from
 * first on themselves. */
int plan_end_cmdline(struct plan *plan, size_t first, struct failure *failure)
	_must_check;
