/* SPDX-License-Identifier: MIT */
/*
 * The way to the point of no return. Each step has its undo, which stands
 * above its label, so that a later step cannot forget it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/swap.h"
#include "takeover/handover.h"
#include "takeover/inject.h"
#include "takeover/machine.h"
#include "takeover/swapfiles.h"

#define SERVICE_LIMIT_S 90 /* systemd's own default */
#define SYNC_LIMIT_MS	(300 * MS_PER_S)

static int not_interrupted(struct failure *failure)
{
	return image_interrupted()
		       ? failure_set(failure, ECANCELED,
				     "interrupted: this system goes on as it "
				     "was")
		       : 0;
}

static void undo_failed(const struct failure *failure)
{
	log_error("%s", failure->text);
}

static void start_again(const struct swap *swap, const struct services *stopped)
{
	struct failure failure = { 0 };

	if (stopped->count == 0)
		return;
	printf("boomerang: starting %zu service%s again\n", stopped->count,
	       stopped->count == 1 ? "" : "s");
	fflush(stdout);
	if (services_start(swap->facts.init, stopped, &failure) < 0)
		undo_failed(&failure);
}

static void swap_on_again(const struct swapfiles *off)
{
	struct failure failure = { 0 };

	if (off->count > 0 && swapfiles_on(off, &failure) < 0)
		undo_failed(&failure);
}

/* A disk that does not answer would hold PID 1 as it holds us; here there is
 * still a way back. */
static int write_out(struct failure *failure)
{
	if (machine_sync(SYNC_LIMIT_MS) < 0)
		return failure_set(failure, ETIMEDOUT,
				   "a disk has not taken in %d s what is to be "
				   "written to it (see dmesg); a swap would "
				   "end in a reboot",
				   (int)(SYNC_LIMIT_MS / MS_PER_S));
	return 0;
}

static int take_over(const struct swap *swap, struct failure *failure)
{
	const char *root = swap->staging.root;
	char init[PATH_MAX];
	const char *argv[] = { init, SWAP_ARGUMENT, root, NULL };
	struct text text = text_over(init, sizeof(init));

	text_add(&text, "%s" SWAP_INIT, root);
	printf("boomerang: taking over PID 1; what is left of this system ends "
	       "now\n");
	fflush(stdout);
	return inject_exec(1, init, argv, failure);
}

/*
 * By ptrace nothing of the old system stops anything in an orderly way after
 * this, so it is done before, and what is swapped out comes back to memory,
 * where it is known whether it fits.
 */
static int go_by_ptrace(struct swap *swap, struct failure *failure)
{
	static struct services stopped;
	static struct swapfiles off;
	bool keep = swap->plan.flags & SWAP_KEEP_STORAGE;
	int r = 0;

	if (swap->services.count > 0) {
		printf("boomerang: stopping %zu service%s\n",
		       swap->services.count,
		       swap->services.count == 1 ? "" : "s");
		fflush(stdout);
		r = services_stop(swap->facts.init, &swap->services,
				  SERVICE_LIMIT_S, &stopped, failure);
	}
	if (r == 0)
		r = not_interrupted(failure);
	if (r < 0)
		goto start_services;
	r = write_out(failure);
	if (r == 0 && !keep)
		r = swapfiles_off(&off, failure);
	if (r == 0)
		r = not_interrupted(failure);
	if (r == 0)
		r = take_over(swap, failure);
	/* When nobody can tell, PID 1 may be the stage already. */
	if (r == 0 || r == -EINPROGRESS)
		return r;

	swap_on_again(&off);
start_services:
	start_again(swap, &stopped);
	return r;
}

static int go_by_exitrd(const struct swap *swap, struct failure *failure)
{
	int r = exitrd_prepare(swap->staging.root, failure);

	if (r == 0)
		r = exitrd_go(failure);
	if (r < 0)
		exitrd_undo();
	else
		printf("boomerang: the system is shutting down, into %s\n",
		       swap->plan.image);
	return r;
}

static int go_by_soft_reboot(const struct swap *swap, struct failure *failure)
{
	int r = soft_reboot_prepare(swap->staging.root, failure);

	if (r == 0)
		r = soft_reboot_go(failure);
	if (r < 0)
		soft_reboot_undo();
	else
		printf("boomerang: systemd is rebooting into %s\n",
		       swap->plan.image);
	return r;
}

int swap_go(struct swap *swap, struct failure *failure)
{
	int r = not_interrupted(failure);

	if (r < 0)
		return r;
	/* A terminal that goes away must not stop us halfway. */
	signal(SIGHUP, SIG_IGN);
	switch ((enum swap_method)swap->plan.method) {
	case SWAP_PTRACE:
		return go_by_ptrace(swap, failure);
	case SWAP_EXITRD:
		return go_by_exitrd(swap, failure);
	case SWAP_SOFT_REBOOT:
		return go_by_soft_reboot(swap, failure);
	case SWAP_AUTO:
		break;
	}
	return failure_set(failure, EINVAL, "no method was chosen");
}
