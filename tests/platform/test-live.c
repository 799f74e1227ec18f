/* SPDX-License-Identifier: MIT */
/*
 * test-live BOOMERANG-INIT: the wrapper around a live system's init, as PID 1
 * of user, PID and mount namespaces of its own: there it has nothing to say to
 * this kernel, so that no module and no kernel is loaded, and all of that must
 * be passed over. The live system's init is this very program, as /init; it
 * writes what it sees to its standard error, which is a pipe to us.
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
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "kernel/live-follow.h"
#include "wire/boot-plan.h"

#include "../unit/tap.h"

/* Inside: the live system's init */

static void list(const char *path)
{
	_cleanup_dir DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			dprintf(STDERR_FILENO, "<%s/%s>\n", path,
				entry->d_name);
}

static int be_init(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		dprintf(STDERR_FILENO, "<arg %s>\n", argv[i]);
	dprintf(STDERR_FILENO, "<HOME %s>\n", getenv("HOME"));
	list(LIVE_DIR);
	list("/proc");
	if (access(LIVE_DIR, F_OK) < 0 && access(LIVE_FOLLOW_PATH, F_OK) < 0)
		dprintf(STDERR_FILENO, "<all is gone>\n");
	return 42;
}

/* Process 1 goes into another root, as it does when its system was found; what
 * was left behind follows. */
static int be_followed(void)
{
	const struct timespec pause = { .tv_nsec = 20 * NS_PER_MS };
	int64_t deadline_ms = clock_ms() + 20 * MS_PER_S;
	struct stat st = { 0 };

	live_follow_start();
	if (unlink(LIVE_INIT) < 0 || mkdir("/new", 0755) < 0 ||
	    mount("new", "/new", "tmpfs", 0, "mode=0755") < 0 ||
	    chroot("/new") < 0 || chdir("/") < 0)
		return 1;
	while (stat(LIVE_FOLLOW_PATH, &st) < 0 && clock_ms() < deadline_ms)
		(void)nanosleep(&pause, NULL);
	dprintf(STDERR_FILENO, "<%s %o %d>\n", LIVE_FOLLOW_PATH + 1,
		st.st_mode & 07777, st.st_size > 100000);
	while (waitpid(-1, NULL, 0) > 0)
		;
	dprintf(STDERR_FILENO, "<nobody is left>\n");
	return 42;
}

/* Outside */

static const char *wrapper;
static char seen[8192];

struct scene {
	const char *what;
	uint32_t magic;
	bool has_iso, has_init, is_followed;
};

static bool copy_file(const char *from, const char *to)
{
	_cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_fd int out =
		open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	static char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		return false;
	while ((n = fd_read_full(in, buf, sizeof(buf))) > 0)
		if (fd_write_all(out, buf, (size_t)n) < 0)
			return false;
	return n == 0;
}

static bool write_plan(uint32_t magic)
{
	_cleanup_fd int fd =
		open(&LIVE_PLAN[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct live_plan plan = {
		.magic = magic,
		.flags = LIVE_RETURN | LIVE_CRASH,
		.module_count = 3,
		.cmdline = "quiet",
	};

	return fd >= 0 && fd_write_all(fd, &plan, sizeof(plan)) == 0;
}

/* In the directory that becomes the initramfs. */
static bool fill(const struct scene *scene)
{
	if (mkdir(&LIVE_DIR[1], 0755) < 0 || mkdir(&LIVE_MODULES[1], 0755) < 0)
		return false;
	if (scene->has_iso && file_create(AT_FDCWD, &LIVE_ISO[1], "iso") < 0)
		return false;
	if (scene->has_init && !copy_file("/proc/self/exe", "init"))
		return false;
	return write_plan(scene->magic) && copy_file(wrapper, &LIVE_INIT[1]) &&
	       file_create(AT_FDCWD, &LIVE_KERNEL[1], "no kernel") == 0 &&
	       file_create(AT_FDCWD, &LIVE_BOOTSTRAP[1], "none") == 0 &&
	       file_create(AT_FDCWD, "boomerang/modules/00", "none") == 0 &&
	       file_create(AT_FDCWD, "boomerang/modules/01", "none") == 0;
}

/* PID 1 of its namespaces. */
static void be_kernel(const struct scene *scene, int sync_fd, int out_fd)
{
	char *argv[] = { (char *)LIVE_INIT, (char *)"splash", (char *)"3",
			 NULL };
	char *env[] = { (char *)"HOME=/", NULL };
	char byte;

	/* Until the parent has said who root is. */
	if (read(sync_fd, &byte, 1) != 0)
		_exit(90);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("live", "/mnt", "tmpfs", 0, "mode=0755") < 0 ||
	    chdir("/mnt") < 0 || !fill(scene) || chroot(".") < 0)
		_exit(91);
	(void)dup2(out_fd, STDERR_FILENO);
	if (scene->is_followed)
		_exit(be_followed());
	execve(argv[0], argv, env);
	_exit(92);
}

static bool map_root(pid_t pid)
{
	char path[64];
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	good = file_write(AT_FDCWD, path, "0 0 1") == 0;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	return good && file_write(AT_FDCWD, path, "0 0 1") == 0;
}

/* The exit status, or -1 with a failed check. */
static int run(const struct scene *scene)
{
	int sync[2], out[2], status = -1;
	ssize_t n;
	pid_t pid;

	if (pipe2(sync, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid = (pid_t)syscall(
		SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD,
		NULL, NULL, NULL, NULL);
	if (pid == 0) {
		fd_close(sync[1]);
		be_kernel(scene, sync[0], out[1]);
	}
	ok(pid > 0 && map_root(pid), scene->what);
	fd_close(sync[0]);
	fd_close(sync[1]);
	fd_close(out[1]);
	n = fd_read_full(out[0], seen, sizeof(seen) - 1);
	seen[MAX(n, 0)] = '\0';
	fd_close(out[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *words)
{
	if (!ok(strstr(seen, words), words))
		printf("# seen: %s\n", seen);
}

static void expect_init(int status)
{
	ok_int(status, 42, "the live system's init has run");
	expect("<arg /init>\n<arg splash>\n<arg 3>\n<HOME /");
}

static void test_with_iso(void)
{
	expect_init(run(&(struct scene){ .what = "with the ISO",
					 .magic = LIVE_PLAN_MAGIC,
					 .has_iso = true,
					 .has_init = true }));
	expect("modules/00");
	expect("modules/02: No such file");
	expect("0 of 3 kernel modules");
	expect("no way back to the bootstrap: the bootstrap cannot be");
	/* The only one. */
	expect("<HOME />\n<" LIVE_ISO ">\n");
	ok(!strstr(strstr(seen, "live.iso>") ?: seen, "\n<"),
	   "nothing else is there");
}

static void test_without_iso(void)
{
	expect_init(run(&(struct scene){ .what = "without the ISO",
					 .magic = LIVE_PLAN_MAGIC,
					 .has_init = true }));
	expect("<all is gone>");
}

static void test_other_plan(void)
{
	expect_init(run(&(struct scene){ .what = "a plan of another version",
					 .magic = LIVE_PLAN_MAGIC + 1,
					 .has_init = true }));
	expect("of another version");
	expect("<all is gone>");
}

static void test_without_init(void)
{
	ok_int(run(&(struct scene){ .what = "without an init",
				    .magic = LIVE_PLAN_MAGIC }),
	       1, "it ends, which is the kernel's panic");
	expect("live system's /init cannot be started: No such file");
	ok(!strstr(seen, "going back"), "there is no way back");
}

static void test_follower(void)
{
	ok_int(run(&(struct scene){ .what = "into another root",
				    .magic = LIVE_PLAN_MAGIC,
				    .is_followed = true }),
	       42, "process 1 was followed");
	expect("<.bootstrap-return 700 1>");
	expect("<nobody is left>");
}

static bool namespaces_are_allowed(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0);
	(void)waitpid(pid, &status, 0);
	return status == 0;
}

int main(int argc, char **argv)
{
	if (getpid() == 1 && str_eq(argv[0], "/init"))
		return be_init(argc, argv);
	/* It is copied from elsewhere. */
	wrapper = argc == 2 ? realpath(argv[1], NULL) : NULL;
	if (argc != 2 || geteuid() != 0 || !namespaces_are_allowed()) {
		printf("1..0 # SKIP needs root, and user namespaces\n");
		return 0;
	}
	test_with_iso();
	test_without_iso();
	test_other_plan();
	test_without_init();
	test_follower();
	return tap_done();
}
