/* SPDX-License-Identifier: MIT */
/* What the halves of the stage share. */
#pragma once

#include "base/failure.h"
#include "root/program.h"
#include "takeover/guard.h"
#include "takeover/watchdog.h"
#include "wire/swap.h"

/* What is to become of PID 1, read from the new root. */
struct stage {
	struct swap_plan plan;
	struct program program; /* borrows from plan */
};

/* Before anything else, in both halves: signals do not interrupt, no
 * descriptor of the one before is open, a crash reboots. */
void stage_begin(void);

/* Closes all descriptors; the standard ones are /dev/null of the /dev that is
 * there now. */
void stage_renew_descriptors(void);

/* What going over to the new root may take. */
#define STAGE_ENTER_LIMIT_S 120

/* A guard for a part of the way, to be ended by guard_stop(); none, when it
 * cannot be had. */
struct guard stage_guard(uint32_t limit_s);

/* Reads the plan in the root at root_fd and checks that its program can be
 * started. */
int stage_read(int root_fd, struct stage *ret_stage, struct failure *failure)
	_must_check;

/* Ends all other processes: SIGTERM, after grace_ms SIGKILL. Meanwhile
 * watchdogs are fed, or stopped when those that fed them are gone. -EBUSY: some cannot be ended; they are named. */
int stage_end_processes(uint32_t grace_ms, struct watchdogs *watchdogs,
			struct failure *failure) _must_check;

/* The root we are in: systemd-shutdown(8) makes read-only what it cannot
 * unmount yet, an overlay, too, but no tmpfs. */
int stage_make_writable(struct failure *failure) _must_check;

/* The root at path becomes ours, with fresh API file systems, and the old one
 * is at STORAGE_OLD_ROOT in it. */
int stage_enter_root(const char *path, struct failure *failure) _must_check;

/* The same where systemd-shutdown(8) did the half of it. */
int stage_settle_exitrd(struct failure *failure) _must_check;

/* Lets processes go on that are frozen. */
void stage_thaw_cgroups(void);

/* Removes the cgroups of the old system; its processes are gone. */
void stage_remove_cgroups(void);

/* Says why, and goes back to the disk. alive: other processes still run. */
_Noreturn void stage_fail(const struct failure *failure, bool alive);
