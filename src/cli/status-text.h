/* SPDX-License-Identifier: MIT */
/* A status for a person and for a program. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "wire/control.h"

/* "bootstrap", "loading", "target", "returning" (as in the state file
 * current_phase), "unknown". */
const char *status_phase_name(uint32_t phase);

/* Writes it to out, one fact a line; every leak has its own. */
void status_print(FILE *out, const struct status *status);

/* Writes only the line about the last return, nothing before the first. */
void status_print_return(FILE *out, const struct status *status);

/*
 * The object of `boomerang status --json` (boomerang(1) describes it), which
 * the caller releases; NULL when memory is out.
 */
json_t *status_json(const struct status *status) _must_check;
