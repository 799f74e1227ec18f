/* SPDX-License-Identifier: MIT */
/*
 * The wrapper around a live system's own init (rdinit=LIVE_INIT): of
 * boomerang-init, PID 1 of the ISO's kernel for an instant. wire/boot-plan.h
 * says what it finds.
 */
#pragma once

#include "base/util.h"

/* Whether this process was started as one: PID 1, called LIVE_INIT. */
bool live_is_wanted(const char *argv0);

/*
 * Loads the modules, loads the bootstrap for kexec, sees to it that the live
 * system gets LIVE_FOLLOW_PATH, removes all of LIVE_DIR but the ISO, and executes the ISO's own init with these arguments: /init, or what
 * another rdinit= on the command line names. What fails is said in the kernel's
 * log, and passed over: the live system is what counts. Without that init, goes
 * back to the bootstrap; returns only when that is not loaded: its caller ends
 * in the kernel's panic.
 */
void live_run(int argc, char **argv);
