/* SPDX-License-Identifier: MIT */
/*
 * The command by which a live system comes back. The wrapper runs in the
 * initramfs, which the live system leaves and deletes: so a process stays
 * behind, follows process 1 into its new root, puts the command there, and
 * ends. No allocation.
 */
#pragma once

#include "base/util.h"

#define LIVE_FOLLOW_PATH "/.bootstrap-return"

/* What it is called: systemd leaves alone what begins so when it leaves an
 * initrd (systemd.io/ROOT_STORAGE_DAEMONS). */
#define LIVE_FOLLOW_NAME "@boomerang"

/* Starts it, from LIVE_INIT; waits until that is not needed any more. What fails
 * is said. */
void live_follow_start(void);

/* What it does. Descriptor LIVE_FOLLOW_FD is the program. */
#define LIVE_FOLLOW_FD 3
int live_follow_run(void);

/* Whether this is a live system, with the bootstrap loaded for kexec, and no
 * target of a bootstrap that runs. */
bool live_is_here(void);
