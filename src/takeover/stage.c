/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * Runs as PID 1 of the old system, in place of its init, a moment after
 * inject_exec(). Each step before the next:
 *
 *  1. begin: block signals, close descriptors, let a crash reboot. Mustn't
 *     keep a descriptor of the old init: one on its disk holds that for ever.
 *  2. read the plan and check the new init. Should: find out now what would
 *     fail later; all processes still live, and a reboot from here is an
 *     ordinary one for them.
 *  3. let go in the kernel: its own references to files of the old system
 *     dropped while their paths are still valid, under a guard of its own;
 *     watchdogs stopped.
 *  4. end all other processes, within a bound. From here on the old system is
 *     lost; the only way back is a reboot, and a guard of its own sees to that
 *     when 5 or 6 hang.
 *  5. virtual terminals to text mode. Mustn't come before 4: who had them in
 *     graphics mode would draw on.
 *  6. the new root becomes /, the old one is at /oldroot.
 *  7. execute ourselves from the new root. Should: leave nothing of the old
 *     one in use by PID 1: not the program, not the descriptors, not the
 *     working directory. Then stage-release.c goes on.
 */
#include "takeover/stage.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "root/vt.h"
#include "takeover/announce.h"
#include "takeover/guard.h"
#include "takeover/machine.h"
#include "takeover/stage-internal.h"
#include "takeover/storage.h"

#define DETACH_LIMIT_S 120

void stage_renew_descriptors(void)
{
	int fd;

	close_range(0, ~0U, 0);
	/* What opens a file must not get a standard descriptor. */
	fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < STDERR_FILENO)
		fd = dup(fd);
}

void stage_begin(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* Ignored, it would reap for us, and waitpid(2) would block. */
	signal(SIGCHLD, SIG_DFL);
	stage_renew_descriptors();
	(void)!chdir("/");
	machine_reboot_on_panic();
}

struct guard stage_guard(uint32_t limit_s)
{
	struct guard guard = GUARD_NONE;
	struct failure failure;

	/* Without one we go on: mostly nothing hangs. */
	(void)!guard_start(limit_s, &guard, &failure);
	return guard;
}

/* The console's terminal type, as getty(8) would say it. */
static const char *console_term(void)
{
	char active[256];
	const char *last;

	if (file_read_line(AT_FDCWD, "/sys/class/tty/console/active", active,
			   sizeof(active)) <= 0)
		return "TERM=linux";
	last = strrchr(active, ' ');
	last = last ? last + 1 : active;
	return str_after(last, "tty") && last[3] >= '0' && last[3] <= '9'
		       ? "TERM=linux"
		       : "TERM=vt220";
}

static int read_plan(int root_fd, struct swap_plan *ret_plan,
		     struct failure *failure)
{
	_cleanup_fd int fd =
		path_open_in_root(root_fd, SWAP_PLAN, O_RDONLY | O_NONBLOCK, 0);
	ssize_t n = fd < 0 ? fd : fd_read_full(fd, ret_plan, sizeof(*ret_plan));
	char more;

	if (n < 0)
		return failure_errno(failure, (int)-n,
				     "cannot read the plan of the swap, %s",
				     SWAP_PLAN);
	if (n != sizeof(*ret_plan) || read(fd, &more, 1) != 0 ||
	    !swap_plan_is_sound(ret_plan))
		return failure_set(failure, EBADMSG,
				   "the plan of the swap, %s, makes no sense",
				   SWAP_PLAN);
	return 0;
}

int stage_read(int root_fd, struct stage *ret_stage, struct failure *failure)
{
	struct swap_plan *plan = &ret_stage->plan;
	int r = read_plan(root_fd, plan, failure);

	if (r < 0)
		return r;
	r = program_of_image(root_fd, &plan->start, console_term(),
			     &ret_stage->program, failure);
	ret_stage->program.own = plan->flags & SWAP_OWN_PROGRAM;
	return r;
}

static int open_root(const char *root, struct failure *failure)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? failure_errno(failure, errno,
				      "cannot open the new root %s", root)
		      : fd;
}

static int go_on_in_new_root(struct failure *failure)
{
	static const char *const argv[] = { SWAP_INIT, SWAP_RELEASE_ARGUMENT,
					    NULL };
	static const char *const env[] = { NULL };

	close_range(0, ~0U, 0);
	execve(argv[0], (char *const *)argv, (char *const *)env);
	return failure_errno(failure, errno, "cannot execute %s", argv[0]);
}

/* A server that is gone, or a disk, may hold us in the kernel for ever. */
static void detach_kernel(void)
{
	struct guard guard = stage_guard(DETACH_LIMIT_S);

	storage_detach_kernel();
	/* It would be ended with all others. */
	guard_stop(&guard);
}

/* So may a driver of a screen, or a root on a network. */
static int go_over(const char *root, struct failure *failure)
{
	struct guard guard = stage_guard(STAGE_ENTER_LIMIT_S);
	int r;

	if (machine_is_ours())
		(void)!vt_reset();
	r = stage_enter_root(root, failure);
	/* It runs from the old root. */
	guard_stop(&guard);
	return r;
}

/* Returns only with a failure. */
static int take_over(const char *root, bool *alive, struct failure *failure)
{
	static struct stage stage;
	static char report[PATH_MAX + sizeof(SWAP_REPORT)];
	struct watchdogs kept;
	_cleanup_fd int root_fd = open_root(root, failure);
	int r = root_fd;

	if (r < 0)
		return r;
	snprintf(report, sizeof(report), "%s" SWAP_REPORT, root);
	announce_report(report);
	r = stage_read(root_fd, &stage, failure);
	if (r < 0)
		return r;
	announce("this system ends now, for %s", stage.plan.image);
	if (machine_is_ours() && !(stage.plan.flags & SWAP_KEEP_STORAGE))
		detach_kernel();
	watchdogs_disarm(&kept);
	/* Those that do not go now do not go later. */
	*alive = false;
	r = stage_end_processes(stage.plan.grace_ms, &kept, failure);
	if (r < 0)
		return r;
	r = go_over(root, failure);
	if (r < 0)
		return r;
	announce_report(SWAP_REPORT);
	return go_on_in_new_root(failure);
}

void stage_take_over(const char *root)
{
	struct failure failure = { 0 };
	bool alive = true;

	stage_begin();
	(void)!take_over(root, &alive, &failure);
	stage_fail(&failure, alive);
}
