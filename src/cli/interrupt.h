/* SPDX-License-Identifier: MIT */
/* Ctrl+C, SIGTERM and SIGHUP as a descriptor, so that what waits also waits for
 * them, and puts things back before it ends. */
#pragma once

#include <signal.h>

#include "base/util.h"

struct interrupt {
	int fd; /* readable when one came */
	sigset_t signals, before;
};

/* Blocked, they come even where the prompt has them ignored. -errno. */
int interrupt_begin(struct interrupt *interrupt) _must_check;

/* As before; one that came is forgotten. */
void interrupt_end(struct interrupt *interrupt);
