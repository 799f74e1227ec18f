/* SPDX-License-Identifier: MIT */
/* The ends: of the old system's processes, and of a swap that failed. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/announce.h"
#include "takeover/machine.h"
#include "takeover/stage-internal.h"

/* What SIGKILL does not end within this waits in the kernel for something that
 * does not come: to free a terabyte, or to write what is cached for a slow
 * disk, takes less. */
#define KILL_LIMIT_MS	   60000
#define POLL_MS		   50
#define FAILED_GRACE_MS	   5000
#define NAMED_MAX	   8
#define STAT_KERNEL_THREAD 0x00200000ul /* PF_KTHREAD */

/* Whether no process is left. All are ours: whoever loses its parent becomes
 * a child of PID 1. */
static bool reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
	while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

/* Who fed a watchdog may have gone without stopping it. */
static void mind(struct watchdogs *watchdogs)
{
	if (watchdogs->count == 0)
		watchdogs_disarm(watchdogs);
	watchdogs_feed(watchdogs);
}

/* Waits for all to be gone, and sends them signal_number each time, if any. */
static bool reap_until(int64_t deadline_ms, int signal_number,
		       struct watchdogs *watchdogs)
{
	const struct timespec poll = { .tv_nsec = POLL_MS * NS_PER_MS };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		/* Again and again: what was just being forked is missed. */
		if (signal_number)
			(void)kill(-1, signal_number);
		if (reap())
			return true;
		if (clock_ms() >= deadline_ms)
			return false;
		mind(watchdogs);
		(void)sigtimedwait(&child, NULL, &poll);
	}
}

/* proc_pid_stat(5): "PID (NAME) STATE PPID PGRP SESSION TTY TPGID FLAGS …".
 * False for kernel threads and for what is dead. */
static bool describe(int proc_fd, const char *pid, struct text *text)
{
	char path[32], line[512];
	unsigned long flags;
	char *name, *end, state;

	snprintf(path, sizeof(path), "%.16s/stat", pid);
	if (file_read(proc_fd, path, line, sizeof(line)) <= 0)
		return false;
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end || end < name ||
	    sscanf(end + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) !=
		    2 ||
	    state == 'Z' || state == 'X' || (flags & STAT_KERNEL_THREAD))
		return false;
	text_add(text, "%s%.16s %.*s in state %c", text->len > 0 ? ", " : "",
		 pid, (int)(end + 1 - name), name, state);
	return true;
}

static void name_processes(struct text *text)
{
	_cleanup_dir DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned named = 0;

	while (proc && named < NAMED_MAX && (entry = readdir(proc))) {
		uint64_t pid;

		if (str_to_u64(entry->d_name, INT32_MAX, &pid) == 0 &&
		    (pid_t)pid != getpid() &&
		    describe(dirfd(proc), entry->d_name, text))
			named++;
	}
	if (named == 0)
		text_add(text, "which ones cannot be found out");
}

int stage_end_processes(uint32_t grace_ms, struct watchdogs *watchdogs,
			struct failure *failure)
{
	char names[256];
	struct text text = text_over(names, sizeof(names));

	if (machine_is_ours())
		stage_thaw_cgroups();
	(void)kill(-1, SIGTERM);
	/* A stopped process takes the first only with the second. */
	(void)kill(-1, SIGCONT);
	if (reap_until(clock_ms() + grace_ms, 0, watchdogs) ||
	    reap_until(clock_ms() + KILL_LIMIT_MS, SIGKILL, watchdogs))
		return 0;
	name_processes(&text);
	return failure_set(failure, EBUSY, "processes cannot be ended: %s",
			   names);
}

void stage_fail(const struct failure *failure, bool alive)
{
	struct watchdogs kept = { .count = 0 };
	struct failure ignored;

	announce("the swap failed: %s", failure->text);
	if (alive)
		(void)!stage_end_processes(FAILED_GRACE_MS, &kept, &ignored);
	announce("rebooting into the disk");
	machine_reboot();
}
