/* SPDX-License-Identifier: MIT */
/* The bootstrap's state as files, for scripts that look there. */
#pragma once

#include "wire/control.h"

#define STATEFILE_DIR	"/run/bootstrap" /* /var/run is a link to /run */
#define STATEFILE_PHASE "current_phase"
#define STATEFILE_IMAGE "last_image_url"

/* Makes the directory, with the phase "bootstrap" and boot_time (seconds
 * since the epoch). */
void statefile_start(int64_t boot_time);

/* Writes text and a line end. A failure is logged: nothing depends on it. */
void statefile_write(const char *name, const char *text);

/* "bootstrap", "loading", "target", "returning". */
const char *phase_name(enum phase phase);
