/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The kernel of the ISO has unpacked its own initramfs
 * and, over it, ours; nothing is mounted, and /dev has /dev/console at most. So
 * messages go to the kernel's log through a device node of our own, which
 * reaches the console and stays readable in the live system by dmesg.
 *
 * The bootstrap is loaded after the modules, and before its files are removed:
 * from then on the kernel holds it, for whoever says RB_KEXEC.
 *
 * Should: leave the initramfs as the ISO's own init expects it. Mustn't: end
 * without having tried to start that.
 */
#include "kernel/live.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/pseudo.h"
#include "base/text.h"
#include "kernel/kexec.h"
#include "kernel/live-follow.h"
#include "kernel/live-move.h"
#include "kernel/live-return.h"
#include "root/module-load.h"
#include "wire/boot-plan.h"
#include "wire/cmdline.h"

#define LIVE_KMSG  LIVE_DIR "/kmsg"
#define USUAL_INIT "/init"

#define MODULE_PATH_MAX 64 /* of LIVE_MODULES/NN */

#define LAST_WORDS_S 10

bool live_is_wanted(const char *argv0)
{
	return getpid() == 1 && str_eq(argv0, LIVE_INIT);
}

static void open_log(void)
{
	int fd;

	if (mknod(LIVE_KMSG, S_IFCHR | 0600, makedev(1, 11)) < 0 &&
	    errno != EEXIST)
		return;
	fd = open(LIVE_KMSG, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		log_setup(fd, true, "boomerang: ", LOG_LEVEL_INFO);
}

static bool read_plan(struct live_plan *plan)
{
	_cleanup_fd int fd = open(LIVE_PLAN, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, plan, sizeof(*plan));

	if (n == sizeof(*plan) && live_plan_is_sound(plan))
		return true;
	log_error("nothing is prepared for the live system: " LIVE_PLAN " %s",
		  n < 0 ? strerrordesc_np((int)-n) : "is of another version");
	return false;
}

static void load_modules(uint32_t count)
{
	char path[MODULE_PATH_MAX];
	unsigned int loaded = 0;

	if (count > MODULE_NUMBERS)
		count = MODULE_NUMBERS;
	for (unsigned int i = 0; i < count; i++) {
		int r;

		module_path(LIVE_MODULES, i, path, sizeof(path));
		r = module_load(path);
		if (r == 0)
			loaded++;
		else
			log_error("the kernel does not take %s: %s; the live "
				  "system may not find its medium",
				  path, strerrordesc_np(-r));
	}
	log_info("%u of %u kernel modules loaded", loaded, (unsigned int)count);
}

/* Whether there is a way back. */
static bool load_bootstrap(enum kexec_use use, const struct live_plan *plan)
{
	_cleanup_fd int kernel = FD_NONE, archive = FD_NONE;
	struct failure failure;
	int r = live_open_bootstrap(plan, &kernel, &archive, &failure);

	if (r == 0)
		r = kexec_load_files(use, kernel, archive, plan->cmdline,
				     "the bootstrap", &failure);
	if (r < 0) {
		log_error("no way back to the bootstrap: %s", failure.text);
		return false;
	}
	log_info("the bootstrap is loaded for %s",
		 use == KEXEC_NEXT ? "kexec: `systemctl kexec`, `kexec -e` or "
				     "/.bootstrap-return comes back"
				   : "a panic");
	return true;
}

/* The directory stays when the ISO is in it. */
static void remove_files(bool returns)
{
	static const char *const files[] = {
		LIVE_PLAN,   LIVE_KERNEL, LIVE_BOOTSTRAP,
		LIVE_DEVICE, LIVE_KEPT,	  LIVE_KMSG,
	};
	char path[MODULE_PATH_MAX];
	unsigned int i = 0;

	do
		module_path(LIVE_MODULES, i, path, sizeof(path));
	while (i++ < MODULE_NUMBERS && unlink(path) == 0);
	(void)rmdir(LIVE_MODULES);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlink(files[i]);
	/* Who never leaves the initramfs, an installer, finds it here. */
	if (!returns || rename(LIVE_INIT, LIVE_FOLLOW_PATH) < 0)
		(void)unlink(LIVE_INIT);
	(void)rmdir(LIVE_DIR);
}

static bool is_ours(struct view init)
{
	return init.left == strlen(LIVE_INIT) &&
	       view_starts(init, LIVE_INIT, strlen(LIVE_INIT));
}

/*
 * What the ISO's own command line starts: the kernel has obeyed the last
 * rdinit=, which is ours; one before it is the ISO's.
 */
static void find_init(char *path, size_t size)
{
	char text[2 * KERNEL_CMDLINE_MAX];
	struct view before = view_over(USUAL_INIT, strlen(USUAL_INIT));
	struct view found = before;
	struct cmdline words;
	struct cmdline_word word;

	if (pseudo_read_line(PSEUDO_PROC, "cmdline", text, sizeof(text)) < 0)
		text[0] = '\0';
	words = cmdline_over(text);
	while (cmdline_next(&words, &word)) {
		if (!cmdline_is(&word, "rdinit"))
			continue;
		if (is_ours(word.value))
			found = before;
		else if (word.value.left > 0 && word.value.left < size)
			before = word.value;
	}
	memcpy(path, found.at, found.left);
	path[found.left] = '\0';
}

static void go_back(void)
{
	/* Long enough to be read. */
	(void)nanosleep(&(struct timespec){ .tv_sec = LAST_WORDS_S }, NULL);
	(void)reboot(RB_KEXEC);
}

/* Whether there is a way back. */
static bool carry_out(const struct live_plan *plan)
{
	struct failure failure;
	bool returns = false;

	load_modules(plan->module_count);
	if (plan->flags & LIVE_MOVE && live_move(plan, &failure) < 0)
		log_error("the live system may not find its medium: %s",
			  failure.text);
	if (plan->flags & LIVE_CRASH)
		(void)load_bootstrap(KEXEC_CRASH, plan);
	if (plan->flags & LIVE_RETURN)
		returns = load_bootstrap(KEXEC_NEXT, plan);
	if (returns)
		live_follow_start();
	return returns;
}

void live_run(int argc, char **argv)
{
	static char init[PATH_MAX];
	struct live_plan plan = { 0 };
	bool returns;

	open_log();
	returns = read_plan(&plan) && carry_out(&plan);
	remove_files(returns);
	find_init(init, sizeof(init));
	if (argc > 0)
		argv[0] = init;
	(void)execv(init, argv);
	log_error("the live system's %s cannot be started: %m%s", init,
		  returns ? "; going back to the bootstrap" : "");
	if (returns)
		go_back();
}
