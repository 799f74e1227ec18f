/* SPDX-License-Identifier: MIT */
/*
 * boomerang-init: PID 1 of the bootstrap, and for a moment of the system that
 * `boomerang swap` replaces. Inside a target the same file stands as
 * /.bootstrap-return and asks the bootstrap for the return, and in front of a
 * live ISO's own init it prepares that one's kernel.
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "bootstrap/boot.h"
#include "bootstrap/rescue.h"
#include "bootstrap/return-request.h"
#include "bootstrap/supervisor.h"
#include "kernel/live-follow.h"
#include "kernel/live.h"
#include "takeover/guard.h"
#include "takeover/machine.h"
#include "takeover/stage.h"
#include "wire/swap.h"

static void setup_log(bool debug)
{
	static int kmsg = FD_NONE;

	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg >= 0)
		log_setup(kmsg, true, "boomerang-init: ",
			  debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
}

static void run_bootstrap(void)
{
	static struct supervisor supervisor;
	static char cmdline[SETTINGS_CMDLINE_MAX];
	struct failure failure;
	int r;

	rescue_on_crash();
	setup_log(false);
	if (boot_prepare(&failure) < 0)
		rescue(failure.text);
	boot_cmdline(cmdline, sizeof(cmdline));
	settings_read(&supervisor.settings, cmdline);
	setup_log(supervisor.settings.debug);
	r = supervisor_start(&supervisor);
	if (r < 0)
		rescue(strerrordesc_np(-r));
	r = loop_run(&supervisor.loop);
	rescue(strerrordesc_np(-r));
}

/* `boomerang swap --confirm` in a new system that has nothing else of ours. */
static bool wants_to_confirm(int argc, char **argv)
{
	if (argc == 3 && str_eq(argv[1], "swap"))
		return str_eq(argv[2], "--confirm");
	return argc == 2 && str_eq(argv[1], "--confirm");
}

/* Returns only when it is not the stage of a swap that is wanted. */
static void run_stage(int argc, char **argv)
{
	if (argc > 1 && str_eq(argv[1], SWAP_ARGUMENT))
		stage_take_over(argc > 2 ? argv[2] : "");
	if (argc > 1 && str_eq(argv[1], SWAP_RELEASE_ARGUMENT))
		stage_release();
	if (str_eq(basename(argv[0]), "shutdown"))
		stage_exitrd(argc > 1 ? argv[1] : NULL);
}

/* Back to the bootstrap that the wrapper of this live system has loaded, in the
 * system's own orderly way where it has one. */
static int leave_live(void)
{
	static char systemctl[] = "systemctl", kexec[] = "kexec";
	char *const argv[] = { systemctl, kexec, NULL };

	if (geteuid() != 0) {
		fprintf(stderr, ".bootstrap-return: only root can end this "
				"system\n");
		return 1;
	}
	if (access("/run/systemd/system", F_OK) == 0)
		(void)execvp(systemctl, argv);
	machine_end(RB_KEXEC);
}

static int misused(const char *name)
{
	/* The command that a swap put into the new system (staging.c). */
	if (str_eq(name, "boomerang"))
		fprintf(stderr,
			"boomerang: this is what a swap leaves, and knows only "
			"`boomerang swap --confirm`: install boomerang for "
			"the rest\n");
	else
		fprintf(stderr, "boomerang-init is PID 1 of a bootstrap: see "
				"boomerang-init(8)\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool is_pid1 = getpid() == 1;

	if (is_pid1 && argc > 1 && str_eq(argv[1], "--rescue"))
		rescue_run();
	if (str_eq(basename(argv[0]), ".bootstrap-return"))
		return live_is_here() ? leave_live() : return_request();
	if (str_eq(argv[0], LIVE_FOLLOW_NAME))
		return live_follow_run();
	if (live_is_wanted(argv[0])) {
		live_run(argc, argv);
		return 1;
	}
	if (is_pid1) {
		run_stage(argc, argv);
		run_bootstrap();
	}
	if (argc > 1 && str_eq(argv[1], SWAP_RELEASE_ARGUMENT))
		return stage_after_soft_reboot();
	if (wants_to_confirm(argc, argv))
		return guard_confirm_command();
	return misused(basename(argv[0]));
}
