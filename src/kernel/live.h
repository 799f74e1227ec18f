/* SPDX-License-Identifier: MIT */
/*
 * The wrapper around a live system's own init (rdinit=LIVE_INIT): of
 * boomerang-init, PID 1 of the ISO's kernel for an instant. wire/boot-plan.h
 * says what it finds.
 */
#pragma once

/* Whether this process was started as one: PID 1, called LIVE_INIT. */
#include "base/util.h"

bool live_is_wanted(const char *argv0);

/*
 * Loads the modules, loads the bootstrap for kexec, removes all of LIVE_DIR but
 * the ISO, and executes /init with these arguments. What fails is said on the
 * console and passed over: the live system is what counts. Returns only when
 * there is no /init: its caller ends in the kernel's panic, with a sentence.
 */
void live_run(int argc, char **argv);
