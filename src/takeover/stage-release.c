/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * Runs from the new root, when nothing else of the old system runs. Each step
 * before the next:
 *
 *  1. read the plan. Mustn't come later: without it there is nothing to start,
 *     and the disks are best left to the reboot that follows.
 *  2. as an exitrd: end the last processes, and bring the mounts into the
 *     order of an ordinary swap.
 *  3. old cgroups removed. Mustn't come later: what is forked would be in one.
 *  4. the guard begins. Should: reboot when what follows hangs.
 *  5. storage let go of, and that proved: each disk gets its line on the
 *     consoles and in SWAP_REPORT. Mustn't say released of what is not.
 *  6. network and host name as the plan says.
 *  7. the guard waits for a person from now on, if the plan says so.
 *  8. become the new init. What fails here is still answered by a reboot.
 *
 * After a soft-reboot systemd is PID 1 already, and all but 2 and 8 is done by
 * a process of a unit.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "root/become.h"
#include "root/vt.h"
#include "takeover/announce.h"
#include "takeover/guard.h"
#include "takeover/machine.h"
#include "takeover/network.h"
#include "takeover/stage-internal.h"
#include "takeover/stage.h"
#include "takeover/storage.h"

/* What is cached for the slowest disk must still get there. */
#define RELEASE_LIMIT_S 600

static void tell_disk(const struct storage_disk *disk, void *context)
{
	unsigned *disks = context;

	(*disks)++;
	if (disk->released)
		announce("storage: %s released", disk->name);
	else
		announce("storage: %s NOT released: %s", disk->name,
			 disk->holder);
}

/* Whether all of it is free. */
static bool release_storage(const struct swap_plan *plan)
{
	const struct storage_keep keep = { .device = plan->staging };
	unsigned detached, disks = 0;
	int held;

	if (plan->flags & SWAP_KEEP_STORAGE) {
		announce("storage: kept, as was asked for");
		return true;
	}
	announce("storage: is being released");
	if (plan->method != SWAP_PTRACE)
		storage_detach_kernel();
	storage_release(&keep);
	held = storage_prove(&keep, tell_disk, &disks);
	if (held < 0)
		announce("storage: NOT proved to be released: the disks cannot "
			 "be listed: %s",
			 strerrordesc_np(-held));
	else if (disks == 0)
		announce("storage: this machine has no disk");
	detached = storage_detach_rest();
	if (detached > 0)
		announce("storage: %u mounts of the old system cannot be "
			 "unmounted, and are hidden",
			 detached);
	(void)rmdir(STORAGE_OLD_ROOT);
	return held == 0;
}

static void settle_network(const struct swap_plan *plan)
{
	struct failure failure;
	int r;

	if (!(plan->flags & SWAP_KEEP_NETWORK)) {
		network_flush();
		return;
	}
	/* By ptrace nobody took it down, but leases still have their ends. */
	r = network_restore(SWAP_NETWORK, &failure);
	if (r < 0)
		announce("network: not as before: %s", failure.text);
	else if (r > 0)
		announce("network: as before, but for %d addresses and routes "
			 "that the kernel refused",
			 r);
}

/* The kernel's name is still that of the old system. An init sets it itself, a
 * program does not. */
static void settle_hostname(void)
{
	char name[65];

	if (file_read_line(AT_FDCWD, "/etc/hostname", name, sizeof(name)) > 0)
		(void)sethostname(name, strlen(name));
}

/*
 * All that is the machine's, not ours, in a namespace. 1: its disks are free,
 * 0: not all of them. Only a guard that cannot be had is a failure.
 */
static int settle_machine(const struct swap_plan *plan, struct failure *failure)
{
	struct guard guard;
	bool is_free;
	int r;

	if (!machine_is_ours())
		return 1;
	r = guard_start(RELEASE_LIMIT_S, &guard, failure);
	if (r < 0)
		return r;
	is_free = release_storage(plan);
	settle_network(plan);
	if (plan->flags & SWAP_OWN_PROGRAM)
		settle_hostname();
	r = guard_release(&guard, plan->watchdog_s);
	if (r < 0)
		return failure_errno(failure, -r, "the guard is gone");
	return is_free;
}

/* Returns only with a failure. */
static int start(const struct stage *stage, struct failure *failure)
{
	const struct program *program = &stage->program;
	int r;

	announce("starting %s of %s", program->path, stage->plan.image);
	become_reset();
	r = become_open_console(failure);
	if (r == 0 && program->own)
		r = become_user(program, machine_is_ours(), failure);
	return r < 0 ? r : become_exec(program, failure);
}

/* A plan is for once. */
static int take_plan(struct stage *ret_stage, struct failure *failure)
{
	_cleanup_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = stage_read(root_fd, ret_stage, failure);

	(void)unlink(SWAP_PLAN);
	return r;
}

/* systemd-shutdown(8) lets those live that serve its root ("@" before their
 * name: mdmon, iscsid, …). */
static int settle_exitrd(const struct swap_plan *plan, struct failure *failure)
{
	struct watchdogs kept = { .count = 0 };
	int r = stage_end_processes(plan->grace_ms, &kept, failure);
	struct guard guard;

	if (r < 0)
		return r;
	guard = stage_guard(STAGE_ENTER_LIMIT_S);
	if (machine_is_ours())
		(void)!vt_reset();
	r = stage_settle_exitrd(failure);
	guard_stop(&guard);
	/* The old /dev must not stay in use. */
	stage_renew_descriptors();
	return r;
}

/* Returns only with a failure. */
static int release(struct failure *failure)
{
	static struct stage stage;
	int r = stage_make_writable(failure);

	if (r == 0)
		r = take_plan(&stage, failure);
	if (r == 0 && stage.plan.method == SWAP_EXITRD)
		r = settle_exitrd(&stage.plan, failure);
	if (r < 0)
		return r;
	if (machine_is_ours()) {
		stage_remove_cgroups();
		/* As the kernel has it at first: an init that wants to know of
		 * Ctrl+Alt+Del says so. */
		(void)reboot(RB_ENABLE_CAD);
	}
	r = settle_machine(&stage.plan, failure);
	return r < 0 ? r : start(&stage, failure);
}

void stage_release(void)
{
	struct failure failure = { 0 };

	stage_begin();
	announce_report(SWAP_REPORT);
	(void)!release(&failure);
	stage_fail(&failure, false);
}

/* Somebody may have called off the reboot, and wants the machine off now. */
void stage_exitrd(const char *verb)
{
	static const struct {
		const char *verb;
		int how;
	} others[] = {
		{ "poweroff", RB_POWER_OFF },
		{ "halt", RB_HALT_SYSTEM },
		{ "kexec", RB_KEXEC },
	};

	for (size_t i = 0; verb && i < ARRAY_SIZE(others); i++) {
		if (!str_eq(verb, others[i].verb))
			continue;
		stage_begin();
		(void)!stage_make_writable(NULL);
		announce_report(SWAP_REPORT);
		announce("not swapped, as the shutdown is a %s", verb);
		machine_end(others[i].how);
	}
	stage_release();
}

int stage_after_soft_reboot(void)
{
	static struct stage stage;
	struct failure failure = { 0 };
	int r = take_plan(&stage, &failure);

	if (r == 0 && stage.plan.method != SWAP_SOFT_REBOOT)
		r = failure_set(&failure, EINVAL,
				"this swap was none by soft-reboot");
	announce_report(SWAP_REPORT);
	/* systemd brings /run along, with this in it. */
	if (r == 0) {
		(void)umount2(SWAP_DIR, UMOUNT_NOFOLLOW | MNT_DETACH);
		r = settle_machine(&stage.plan, &failure);
	}
	if (r < 0) {
		fprintf(stderr, "%s\n", failure.text);
		announce("storage: NOT released: %s", failure.text);
	}
	return r > 0 ? 0 : 1;
}
