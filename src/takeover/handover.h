/* SPDX-License-Identifier: MIT */
/*
 * The ways that systemd itself offers out of a system, where PID 1 cannot be
 * traced or an orderly shutdown is wanted: the exitrd (systemd-shutdown(8):
 * /run/initramfs/shutdown) and soft-reboot (systemd-soft-reboot.service(8)).
 * Both are prepared so that they can be undone until systemd has accepted.
 */
#pragma once

#include "base/failure.h"

/* Puts the new root at root (a mount point or a directory on its own tmpfs) in
 * the place where systemd will look, with the stage in it. */
int exitrd_prepare(const char *root, struct failure *failure) _must_check;
void exitrd_undo(void);
/* `systemctl reboot`: on 0 the system is going down. */
int exitrd_go(struct failure *failure) _must_check;

int soft_reboot_prepare(const char *root, struct failure *failure) _must_check;
void soft_reboot_undo(void);
int soft_reboot_go(struct failure *failure) _must_check;
