/* SPDX-License-Identifier: MIT */
/*
 * PID 1 between two systems. From here the way ends in the new root, or with a
 * reboot into the disk, and says which on every console. None of these
 * returns.
 */
#pragma once

/* As PID 1 of the old system, just executed: ends all other processes and
 * goes over to the new root at root, an absolute path. */
_Noreturn void stage_take_over(const char *root);

/* In the new root: releases the old system's storage, proves it, and starts
 * the new init. */
_Noreturn void stage_release(void);

/* What systemd-shutdown(8) executes as /shutdown: the same, unless verb, which
 * may be NULL, is another one than the "reboot" that was asked for. Then it is
 * done as it says. */
_Noreturn void stage_exitrd(const char *verb);

/*
 * For a unit of the new system after `systemctl soft-reboot`, not as PID 1:
 * releases and proves what is left, starts the guard. An exit status.
 */
int stage_after_soft_reboot(void);
