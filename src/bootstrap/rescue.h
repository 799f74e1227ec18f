/* SPDX-License-Identifier: MIT */
/*
 * The last resort: PID 1 cannot go on, and must not end, as that would panic
 * the kernel.
 */
#pragma once

/* Says why on the console and in the kernel's log, then starts PID 1 afresh
 * as a rescue shell. Does not return. */
void rescue(const char *why) __attribute__((noreturn));

/* The fresh PID 1 ("/init --rescue"): a shell on the console, again and
 * again. Does not return. */
void rescue_run(void) __attribute__((noreturn));

/* From here on a crash of PID 1 (SIGSEGV and the like) is a rescue(). */
void rescue_on_crash(void);
