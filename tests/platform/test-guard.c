/* SPDX-License-Identifier: MIT */
/*
 * The guard beside PID 1s of PID and network namespaces of their own. There
 * reboot(2) ends the namespace: its PID 1 dies of SIGHUP
 * (pid_namespaces(7)).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/announce.h"
#include "takeover/guard.h"
#include "takeover/machine.h"

#define NOBODY	 65534
#define REBOOTED (128 + SIGHUP)
/* For what must not happen, or must within the test's time. */
#define LONG_S 100

static char report[] = "/tmp/test-guard-XXXXXX";
static char *self;

/* In a namespace: a check that fails is its line number. */
#define NEED(condition)                           \
	do {                                      \
		if (!(condition))                 \
			_exit(fail_at(__LINE__)); \
	} while (0)

static int fail_at(int line)
{
	dprintf(STDOUT_FILENO, "# line %d: %s\n", line, strerror(errno));
	return 1;
}

static _Noreturn void be_pid1(void (*run)(void))
{
	NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	NEED(mount("proc", "/proc", "proc", 0, NULL) == 0);
	/* Or this machine would be what reboots. */
	NEED(getpid() == 1 && !machine_is_ours());
	run();
	_exit(0);
}

/* The exit status of a PID 1 that runs this, or 128 + its signal. */
static int in_namespace(void (*run)(void))
{
	int status;
	pid_t pid, outer = fork();

	if (outer == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS) < 0)
			_exit(fail_at(__LINE__));
		pid = fork();
		if (pid == 0)
			be_pid1(run);
		while (waitpid(pid, &status, 0) < 0)
			if (errno != EINTR)
				_exit(fail_at(__LINE__));
		_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status));
	}
	while (waitpid(outer, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WEXITSTATUS(status);
}

static struct guard start(uint32_t release_s)
{
	struct guard guard = GUARD_NONE;
	struct failure failure;
	int r = guard_start(release_s, &guard, &failure);

	if (r < 0)
		dprintf(STDOUT_FILENO, "# %s\n", failure.text);
	NEED(r == 0);
	return guard;
}

static struct guard start_waiting(uint32_t watchdog_s)
{
	struct guard guard = start(LONG_S);

	NEED(guard_release(&guard, watchdog_s) == 0);
	return guard;
}

/* Confirms, waiting until the guard has read the word of the release. */
static int confirm(void)
{
	struct failure failure;
	int r;

	do
		r = guard_confirm(&failure);
	while (r == -EAGAIN);
	return r;
}

static void need_end_of(pid_t pid)
{
	int status;

	NEED(waitpid(pid, &status, 0) == pid);
	NEED(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static _Noreturn void linger(void)
{
	for (;;)
		pause();
}

/* As the new init does. */
static _Noreturn void execute(const char *what)
{
	const char *const argv[] = { self, what, NULL };
	const char *const env[] = { NULL };

	execve("/proc/self/exe", (char *const *)argv, (char *const *)env);
	_exit(fail_at(__LINE__));
}

/* What PID 1 does in each case. */

static void release_hangs(void)
{
	(void)start(1);
	linger();
}

static void pid1_executes_too_early(void)
{
	(void)start(LONG_S);
	execute("linger");
}

static void release_without_timer(void)
{
	struct guard guard = start_waiting(0);

	need_end_of(guard.pid);
}

static void nobody_confirms(void)
{
	(void)start_waiting(2);
	execute("linger");
}

static void somebody_confirms(void)
{
	struct guard guard = start_waiting(LONG_S);
	int left = confirm();

	NEED(left > LONG_S - 30 && left <= LONG_S);
	need_end_of(guard.pid);
	NEED(confirm() == -ENOENT);
}

static void new_init_is_confirmed(void)
{
	(void)start_waiting(LONG_S);
	execute("confirm");
}

static void too_early(void)
{
	struct guard guard = start(LONG_S);
	struct failure failure;

	NEED(guard_confirm(&failure) == -EAGAIN);
	guard_stop(&guard);
}

static void a_user_confirms(void)
{
	struct guard guard = start_waiting(LONG_S);
	struct failure failure;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		NEED(setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		     setresuid(NOBODY, NOBODY, NOBODY) == 0);
		NEED(guard_confirm(&failure) == -EPERM);
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	NEED(waitpid(guard.pid, NULL, WNOHANG) == 0);
	NEED(confirm() > 0);
	need_end_of(guard.pid);
}

static void an_impostor_answers(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = "\0boomerang-swap" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 15;
	struct failure failure;
	struct guard guard;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	NEED(setresuid(NOBODY, NOBODY, 0) == 0);
	NEED(bind(fd, (struct sockaddr *)&address, len) == 0);
	NEED(listen(fd, 1) == 0 && setresuid(0, 0, 0) == 0);
	NEED(guard_confirm(&failure) == -ENOENT);
	/* Nor can the guard do its work then, which it says. */
	NEED(guard_start(LONG_S, &guard, &failure) == -EADDRINUSE);
	NEED(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void it_is_stopped(void)
{
	struct guard guard = start(LONG_S);

	guard_stop(&guard);
	NEED(guard.pid <= 0 && guard.fd < 0);
	guard_stop(&guard);
	guard = start_waiting(LONG_S);
	guard_stop(&guard);
	guard = start_waiting(0);
	guard_stop(&guard);
	NEED(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void the_system_shuts_down(void)
{
	struct guard guard = start_waiting(LONG_S);

	NEED(kill(-1, SIGTERM) == 0);
	need_end_of(guard.pid);
}

/* What a shell sends or a terminal, it does not mind. */
static void signals_rain(void)
{
	struct guard guard = start_waiting(LONG_S);

	for (int number = 1; number <= SIGSYS; number++)
		if (number != SIGTERM && number != SIGKILL && number != SIGSTOP)
			(void)kill(guard.pid, number);
	NEED(confirm() > 0);
	need_end_of(guard.pid);
}

static void it_is_killed(void)
{
	struct guard guard = start(LONG_S);

	NEED(kill(guard.pid, SIGKILL) == 0);
	NEED(waitpid(guard.pid, NULL, 0) == guard.pid);
	NEED(guard_release(&guard, LONG_S) < 0);
	guard_stop(&guard);
}

/* Nothing of who started it keeps it, and it keeps nothing. */
static void it_holds_nothing(void)
{
	int mine = open("/", O_RDONLY | O_DIRECTORY);
	struct guard guard = start(LONG_S);
	char path[64], link[64];
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", guard.pid);
	dir = opendir(path);
	NEED(mine >= 0 && dir);
	while ((entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link,
				       sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		count++;
		NEED(str_eq(link, "/dev/null") || str_after(link, "socket:") ||
		     str_eq(link, "anon_inode:[signalfd]"));
	}
	closedir(dir);
	NEED(count == 6);
	NEED(getsid(guard.pid) == guard.pid);
	guard_stop(&guard);
}

static const struct test {
	const char *what;
	void (*run)(void);
	int want;
} tests[] = {
	{ "a release that hangs: reboot", release_hangs, REBOOTED },
	{ "PID 1 gone without a word: reboot", pid1_executes_too_early,
	  REBOOTED },
	{ "no timer: it ends", release_without_timer, 0 },
	{ "nobody confirms: reboot", nobody_confirms, REBOOTED },
	{ "somebody confirms: it ends", somebody_confirms, 0 },
	{ "confirmed beside a new init", new_init_is_confirmed, 0 },
	{ "not to be confirmed before the release", too_early, 0 },
	{ "not to be confirmed by a user", a_user_confirms, 0 },
	{ "a user's socket is not taken for it", an_impostor_answers, 0 },
	{ "it can be stopped at any time", it_is_stopped, 0 },
	{ "a shutdown ends it", the_system_shuts_down, 0 },
	{ "no other signal does", signals_rain, 0 },
	{ "its death is seen by the release", it_is_killed, 0 },
	{ "it holds nothing of its parent", it_holds_nothing, 0 },
};

/* As a new init, executed without knowing of the guard. */
static int be_new_init(const char *what)
{
	if (str_eq(what, "linger"))
		linger();
	if (confirm() <= 0)
		return fail_at(__LINE__);
	/* Its child without its knowledge. */
	return waitpid(-1, NULL, 0) > 0 ? 0 : fail_at(__LINE__);
}

static bool contains(const char *text, const char *words)
{
	const char *found = strstr(text, words);

	/* Once. */
	return found && !strstr(found + 1, words);
}

static void check_words(void)
{
	char text[8192] = "";

	ok(truncate(report, 0) == 0 &&
		   in_namespace(nobody_confirms) == REBOOTED &&
		   file_read(AT_FDCWD, report, text, sizeof(text)) > 0,
	   "it leaves words");
	ok(contains(text, "in 2 s, unless"), "at the start");
	ok(contains(text, "in 1 s, unless"), "at half time");
	ok(contains(text, "nobody confirmed in time: rebooting"), "at the end");
}

int main(int argc, char **argv)
{
	int fd;

	self = argv[0];
	if (argc > 1)
		return be_new_init(argv[1]);
	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	fd = mkstemp(report);
	if (fd < 0)
		return 1;
	fd_close(fd);
	announce_report(report);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		int64_t start_ms = clock_ms();

		ok_int(in_namespace(tests[i].run), tests[i].want,
		       tests[i].what);
		ok(clock_ms() - start_ms < LONG_S * MS_PER_S, "in time");
	}
	check_words();
	(void)unlink(report);
	return tap_done();
}
