/* SPDX-License-Identifier: MIT */
/*
 * test-stage BOOMERANG-INIT: the stage of a swap as PID 1 of PID and mount
 * namespaces of its own, with a new root on a tmpfs. In there it leaves the
 * machine alone (takeover/machine.h), storage is kept (SWAP_KEEP_STORAGE), and
 * reboot(2) ends the namespace: the parent sees a PID 1 that SIGHUP ended
 * (pid_namespaces(7)).
 *
 * The new system's init is this very program, as /sbin/init: it looks around
 * and exits with 0 when all is as it should be. Why not is in /verdict.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "wire/swap.h"

#include "../unit/tap.h"

#define INIT "/sbin/init"

static const char arguments[] = INIT "\0--odd \"one\"\0";
static const char environment[] = "FROM_IMAGE=yes\0";

/* Inside: the new init */

static void verdict(const char *text)
{
	_cleanup_fd int fd = open(
		"/verdict", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd >= 0)
		(void)!fd_write_all(fd, text, strlen(text));
}

static bool good;

static void check(bool is_so, const char *what)
{
	if (is_so)
		return;
	good = false;
	verdict(what);
	verdict("; ");
}

/* How many entries of the directory are numbers. */
static int numbers(const char *path)
{
	_cleanup_dir DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	return count;
}

static bool status_has(const char *line)
{
	static char status[8192];

	return file_read(AT_FDCWD, "/proc/self/status", status,
			 sizeof(status)) > 0 &&
	       strstr(status, line);
}

/* Once, and nothing is hidden below it. */
static bool mounted_once(const char *point)
{
	static char mounts[65536];
	char words[64];
	const char *at;

	snprintf(words, sizeof(words), " %s ", point);
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", mounts,
		      sizeof(mounts)) <= 0)
		return false;
	at = strstr(mounts, words);
	return at && !strstr(at + 1, words);
}

static int be_init(int argc, char **argv)
{
	static const char *const api[] = { "/proc",    "/sys",	   "/dev",
					   "/dev/pts", "/dev/shm", "/oldroot" };
	char link[64] = "";

	good = true;
	check(getpid() == 1, "not PID 1");
	check(numbers("/proc") == 1, "another process is alive");
	check(argc == 2 && str_eq(argv[1], "--odd \"one\""), "arguments");
	check(getenv("FROM_IMAGE") && getenv("PATH"), "environment");
	check(status_has("SigBlk:\t0000000000000000"), "signals are blocked");
	check(status_has("SigIgn:\t0000000000000000"), "signals are ignored");
	check(status_has("Umask:\t0022"), "umask");
	/* The one more is that of the directory itself. */
	check(numbers("/proc/self/fd") == 4, "descriptors are open");
	check(readlink("/proc/self/exe", link, sizeof(link) - 1) > 0 &&
		      str_eq(link, INIT),
	      "program");
	for (size_t i = 0; i < ARRAY_SIZE(api); i++)
		check(mounted_once(api[i]), api[i]);
	check(access("/shutdown", F_OK) < 0, "/shutdown");
	check(access(SWAP_PLAN, F_OK) < 0, "the plan is still there");
	return good ? 0 : 1;
}

/* Outside */

static const char *stage_program;

struct scene {
	char root[64];
	int root_fd;
};

static bool copy_file(const char *from, int dir_fd, const char *to, mode_t mode)
{
	_cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_fd int out = openat(
		dir_fd, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	static char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		return false;
	while ((n = fd_read_full(in, buf, sizeof(buf))) > 0)
		if (fd_write_all(out, buf, (size_t)n) < 0)
			return false;
	return n == 0;
}

static void write_plan(const struct scene *scene, const void *plan, size_t len)
{
	_cleanup_fd int fd =
		openat(scene->root_fd, ".boomerang/plan",
		       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ok(fd >= 0 && fd_write_all(fd, plan, len) == 0, "the plan is written");
}

static struct swap_plan good_plan(void)
{
	struct swap_plan plan = {
		.magic = SWAP_MAGIC,
		.flags = SWAP_KEEP_STORAGE | SWAP_KEEP_NETWORK,
		.method = SWAP_PTRACE,
		.grace_ms = 300,
		.image = "test:latest",
		.start.args_len = sizeof(arguments) - 1,
		.start.env_len = sizeof(environment) - 1,
	};

	memcpy(plan.start.args, arguments, sizeof(arguments));
	memcpy(plan.start.env, environment, sizeof(environment));
	return plan;
}

static struct scene make_scene(void)
{
	static const char *const dirs[] = { ".boomerang", "sbin", "etc" };
	struct scene scene = { .root = "/tmp/boomerang-stage-XXXXXX" };
	struct swap_plan plan = good_plan();

	if (!mkdtemp(scene.root) ||
	    mount("stage", scene.root, "tmpfs", 0, "mode=0755") < 0) {
		ok(false, "a tmpfs for the new root");
		exit(tap_done());
	}
	scene.root_fd = open(scene.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		(void)mkdirat(scene.root_fd, dirs[i], 0755);
	ok(copy_file(stage_program, scene.root_fd, ".boomerang/init", 0755) &&
		   copy_file("/proc/self/exe", scene.root_fd, "sbin/init",
			     0755),
	   "the new root is filled");
	write_plan(&scene, &plan, sizeof(plan));
	return scene;
}

static void end_scene(struct scene *scene)
{
	fd_close(scene->root_fd);
	(void)umount2(scene->root, MNT_DETACH);
	(void)rmdir(scene->root);
}

static pid_t clone_into(unsigned long namespaces)
{
	return (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL,
			      NULL);
}

static void stay(void)
{
	for (;;)
		pause();
}

/* What an old system leaves to be ended. */
static void start_processes(void)
{
	signal(SIGTERM, SIG_IGN);
	if (fork() == 0)
		stay();
	if (fork() == 0) {
		(void)raise(SIGSTOP);
		stay();
	}
	/* The first of a PID namespace is not even asked. */
	if (clone_into(CLONE_NEWPID) == 0) {
		if (fork() == 0)
			stay();
		stay();
	}
	/* Orphans become PID 1's. */
	if (fork() == 0) {
		if (fork() == 0)
			stay();
		_exit(0);
	}
}

/* What nobody reset comes along. */
static void be_odd(void)
{
	sigset_t odd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&odd);
	sigaddset(&odd, SIGUSR1);
	sigprocmask(SIG_BLOCK, &odd, NULL);
	umask(077);
}

static void run_old_system(const struct scene *scene)
{
	char path[128];
	char *argv[] = { path, (char *)SWAP_ARGUMENT, (char *)scene->root,
			 NULL };
	char *env[] = { NULL };

	snprintf(path, sizeof(path), "%s" SWAP_INIT, scene->root);
	/* As it is with systemd: what is mounted here shows elsewhere. */
	if (mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		_exit(90);
	start_processes();
	be_odd();
	execve(path, argv, env);
	_exit(91);
}

/* As systemd-shutdown(8) does it. */
static void run_shutdown(const struct scene *scene, const char *verb)
{
	static const char *const moved[] = { "proc", "sys", "dev", "run" };
	char *argv[] = { (char *)"/shutdown", (char *)verb, NULL };
	char *env[] = { NULL };
	char from[16];

	if (mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount(scene->root, scene->root, NULL, MS_BIND, NULL) < 0 ||
	    chdir(scene->root) < 0)
		_exit(90);
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		snprintf(from, sizeof(from), "/%s", moved[i]);
		(void)mkdir(moved[i], 0755);
		if (mount(from, moved[i], NULL, MS_BIND | MS_REC, NULL) < 0)
			_exit(92);
	}
	(void)mkdir("oldroot", 0755);
	(void)!link(&SWAP_INIT[1], "shutdown");
	if (syscall(SYS_pivot_root, ".", "oldroot") < 0 || chroot(".") < 0)
		_exit(93);
	/* What an overlay gets, which it cannot unmount. */
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		_exit(94);
	/* Those whose names begin with "@" are spared. */
	start_processes();
	be_odd();
	execve(argv[0], argv, env);
	_exit(91);
}

static void run_exitrd(const struct scene *scene)
{
	run_shutdown(scene, "reboot");
}

static void run_poweroff(const struct scene *scene)
{
	run_shutdown(scene, "poweroff");
}

/* The C library's own two cannot be ignored by signal(2), but by another
 * library's programs. */
static void ignore_signals(void)
{
	const struct {
		void (*handler)(int number);
		unsigned long flags[2];
		uint64_t mask;
	} ignored = { .handler = SIG_IGN };

	for (int i = 1; i < _NSIG; i++)
		if (i != SIGCHLD)
			(void)syscall(SYS_rt_sigaction, i, &ignored, NULL,
				      sizeof(ignored.mask));
}

/* Returns the wait status of the old PID 1. */
static int run(const struct scene *scene,
	       void (*old_system)(const struct scene *scene))
{
	pid_t pid = clone_into(CLONE_NEWPID | CLONE_NEWNS);
	int status = -1;

	if (pid == 0) {
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		ignore_signals();
		old_system(scene);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	return status;
}

static bool report_has(const struct scene *scene, const char *words)
{
	static char report[16384];
	bool found = file_read(scene->root_fd, ".boomerang/report", report,
			       sizeof(report)) > 0 &&
		     strstr(report, words);

	if (!found)
		printf("# the report: %s\n", report);
	return found;
}

static void expect_new_init(struct scene *scene, int status)
{
	char text[1024] = "";

	ok(WIFEXITED(status), "the new init has run");
	ok_int(WEXITSTATUS(status), 0, "and found all as it should be");
	if (file_read(scene->root_fd, "verdict", text, sizeof(text)) > 0)
		printf("# %s\n", text);
	ok(report_has(scene, "starting /sbin/init of test:latest"),
	   "the report says what was started");
	end_scene(scene);
}

static void test_good(void)
{
	struct swap_plan plan = good_plan();
	struct scene scene = make_scene();

	expect_new_init(&scene, run(&scene, run_old_system));

	/* Whatever the image has there. */
	scene = make_scene();
	(void)!symlinkat("/tmp", scene.root_fd, "oldroot");
	expect_new_init(&scene, run(&scene, run_old_system));

	scene = make_scene();
	plan.method = SWAP_EXITRD;
	write_plan(&scene, &plan, sizeof(plan));
	expect_new_init(&scene, run(&scene, run_exitrd));
}

static void test_called_off(void)
{
	struct scene scene = make_scene();
	int status = run(&scene, run_poweroff);

	/* pid_namespaces(7): of SIGINT, if it is halted or powered off. */
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT,
	   "an exitrd powers off when told to");
	ok(report_has(&scene, "not swapped"), "and says it");
	end_scene(&scene);
}

/* In each of these the end is a reboot, and the report says why. */
static void expect_reboot(struct scene *scene, const char *why)
{
	int status = run(scene, run_old_system);

	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP,
	   "the end is a reboot");
	ok(report_has(scene, why), why);
	ok(report_has(scene, "rebooting into the disk"), "and it was said");
	end_scene(scene);
}

static void test_bad(void)
{
	struct scene scene = make_scene();
	struct swap_plan plan = good_plan();

	(void)unlinkat(scene.root_fd, ".boomerang/plan", 0);
	expect_reboot(&scene, "cannot read the plan");

	scene = make_scene();
	write_plan(&scene, &plan, sizeof(plan) - 1);
	expect_reboot(&scene, "makes no sense");

	scene = make_scene();
	plan.start.args_len = sizeof(plan.start.args) + 1;
	write_plan(&scene, &plan, sizeof(plan));
	expect_reboot(&scene, "makes no sense");

	scene = make_scene();
	(void)unlinkat(scene.root_fd, "sbin/init", 0);
	expect_reboot(&scene, INIT);

	scene = make_scene();
	(void)fchmodat(scene.root_fd, "sbin/init", 0644, 0);
	expect_reboot(&scene, INIT);

	/* All is well until the old system is gone. */
	scene = make_scene();
	(void)unlinkat(scene.root_fd, ".boomerang/init", 0);
	(void)symlinkat(stage_program, scene.root_fd, ".boomerang/init");
	expect_reboot(&scene, "cannot execute " SWAP_INIT);
}

int main(int argc, char **argv)
{
	if (getpid() == 1)
		return be_init(argc, argv);
	if (argc < 2 || geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		puts("1..0 # SKIP needs root and namespaces");
		return 0;
	}
	/* A link to it must lead there from everywhere. */
	stage_program = realpath(argv[1], NULL);
	if (!ok(stage_program, argv[1]))
		return tap_done();
	test_good();
	test_called_off();
	test_bad();
	return tap_done();
}
