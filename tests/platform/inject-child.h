/* SPDX-License-Identifier: MIT */
/* Children in a system call or a loop, injected into from outside, for the
 * tests of takeover/inject.h. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/inject.h"

/* How long a child has to get where it is to be met, or to end. */
#define PATIENCE_MS 20000

/* What a child and the test share. */
struct shared {
	int ready;
	int end;       /* the child may go */
	uint32_t word; /* a futex */
	int signals;   /* handled */
	int sent;
	int bad;
};
static struct shared *shared;

/* Held by the test; a child reads from the one, the test writes to the
 * other. */
static int pipe_read, pipe_write;

/* A child does not outlive a test that is ended for its slowness. */
static inline void be_mortal(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static inline void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

static inline bool wait_for(int *flag)
{
	int64_t deadline = clock_ms() + PATIENCE_MS;

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE)) {
		if (clock_ms() > deadline)
			return false;
		pause_ms(1);
	}
	return true;
}

static inline void set(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* Until pid is in this state of proc_pid_stat(5). */
static inline bool wait_for_state(pid_t pid, char want)
{
	int64_t deadline = clock_ms() + PATIENCE_MS;
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		const char *state;

		if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
			return false;
		state = strrchr(text, ')');
		if (state && state[2] == want)
			return true;
		pause_ms(1);
	} while (clock_ms() < deadline);
	return false;
}

/* A child's work: 0 when the call gave what it must. */
static inline int in_read(void)
{
	char bytes[4] = "";

	return read(pipe_read, bytes, sizeof(bytes)) != 3 ||
	       memcmp(bytes, "abc", 3) != 0;
}

/* How the test lets a child's call come to its end. */
enum end {
	END_ITSELF,
	END_WRITE,  /* three bytes into the pipe */
	END_SIGNAL, /* SIGUSR1, blocked outside the call */
	END_WAKE,
	END_FLAG,
};

struct call {
	const char *name;
	int (*run)(void);
	enum end end;
	char state;	/* in which it is met */
	bool continues; /* by restart_syscall(2), its number is another then */
};

static inline void on_signal(int number)
{
	(void)number;
	__atomic_add_fetch(&shared->signals, 1, __ATOMIC_RELEASE);
}

/* SIGUSR1 has a handler without SA_RESTART, and is blocked. */
static inline void prepare_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static inline int open_pipe(void)
{
	int ends[2];

	*shared = (struct shared){ 0 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pipe_read = ends[0];
	pipe_write = ends[1];
	return 0;
}

static inline void close_pipe(void)
{
	pipe_read = fd_close(pipe_read);
	pipe_write = fd_close(pipe_write);
}

static inline void start_call(const struct call *call, pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid == 0) {
		prepare_signals();
		set(&shared->ready);
		be_mortal();
		_exit(call->run());
	}
	*ret_pid = pid;
	ok(wait_for(&shared->ready) && wait_for_state(pid, call->state),
	   "it is there");
}

static inline void end_call(const struct call *call, pid_t pid)
{
	switch (call->end) {
	case END_ITSELF:
		break;
	case END_WRITE:
		(void)!write(pipe_write, "abc", 3);
		break;
	case END_SIGNAL:
		(void)kill(pid, SIGUSR1);
		break;
	case END_WAKE:
		__atomic_store_n(&shared->word, 1, __ATOMIC_RELEASE);
		(void)syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, NULL,
			      NULL, 0);
		break;
	case END_FLAG:
		set(&shared->end);
		break;
	}
}

static inline int end_of(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* The lines of /proc/PID/status that tell of signals and tracing. */
static inline void signal_lines(pid_t pid, char *buf, size_t size)
{
	static const char *const keys[] = { "TracerPid", "SigPnd", "ShdPnd",
					    "SigBlk",	 "SigIgn", "SigCgt" };
	struct text text = text_over(buf, size);
	char path[64], status[8192];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(AT_FDCWD, path, status, sizeof(status)) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *line = strstr(status, keys[i]);

		if (line)
			text_add(&text, "%.*s;", (int)strcspn(line, "\n"),
				 line);
	}
}

/* All that a failed injection must leave as it was, which is asked for with the
 * child where it was met. */
struct snapshot {
	char lines[512];
	char call[256]; /* its number, arguments, stack and place */
	unsigned char stack[8192];
};

static inline void take_snapshot(pid_t pid, struct snapshot *ret_snapshot)
{
	struct snapshot *snapshot = ret_snapshot;
	unsigned long sp = 0;
	char path[64];
	const char *last;

	*snapshot = (struct snapshot){ .call = "" };
	signal_lines(pid, snapshot->lines, sizeof(snapshot->lines));
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	if (file_read_line(AT_FDCWD, path, snapshot->call,
			   sizeof(snapshot->call)) <= 0)
		return;
	/* "NUMBER ARGUMENTS SP PC", or "running". */
	last = strrchr(snapshot->call, ' ');
	while (last && last > snapshot->call && *--last != ' ')
		continue;
	if (last)
		sp = strtoul(last, NULL, 16);
	if (sp > sizeof(snapshot->stack) / 2) {
		struct iovec here = { snapshot->stack,
				      sizeof(snapshot->stack) };
		struct iovec there = { (void *)(sp -
						sizeof(snapshot->stack) / 2),
				       sizeof(snapshot->stack) };

		(void)!process_vm_readv(pid, &here, 1, &there, 1, 0);
	}
}

static inline int inject_nothing(pid_t pid)
{
	static const char *const argv[] = { "nothing", "at", "all", NULL };
	struct failure failure = { 0 };
	int r = inject_exec(pid, "/nonexistent/program", argv, &failure);

	if (r != -ENOENT)
		printf("# %d: %s\n", r, failure.text);
	return r;
}

/* A failed injection, three times, and what became of the call. */
static inline void test_unhurt(const struct call *call)
{
	struct snapshot before, after;
	struct failure failure;
	pid_t pid;

	printf("# in %s\n", call->name);
	if (open_pipe() < 0)
		exit(1);
	start_call(call, &pid);
	take_snapshot(pid, &before);
	ok_int(inject_nothing(pid), -ENOENT, "execve is refused");
	ok_int(inject_probe(pid, &failure), 0, "a probe works");
	ok_int(inject_nothing(pid), -ENOENT, "and again");
	ok(wait_for_state(pid, call->state), "it is where it was");
	take_snapshot(pid, &after);
	ok_str(after.lines, before.lines, "signals are as before");
	if (!call->continues)
		ok_str(after.call, before.call, "the call is as before");
	ok(memcmp(after.stack, before.stack, sizeof(after.stack)) == 0,
	   "the stack is as before");
	end_call(call, pid);
	ok_int(end_of(pid), 0, "the call gave what it must");
	close_pipe();
}

/* The new program says who it is. */
static inline void test_taken(const struct call *call)
{
	static const char script[] = "echo $$ $0 \"$1\" $#; exit 7";
	const char *const argv[] = { "sh",  "-c", script, "taken",
				     "a b", "",	  NULL };
	struct failure failure = { 0 };
	char told[64] = "", want[64];
	int ends[2], r;
	pid_t pid;

	printf("# taken in %s\n", call->name);
	if (open_pipe() < 0 || pipe(ends) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		prepare_signals();
		set(&shared->ready);
		be_mortal();
		_exit(call->run());
	}
	fd_close(ends[1]);
	ok(wait_for(&shared->ready) && wait_for_state(pid, call->state),
	   "it is there");
	r = inject_exec(pid, "/bin/sh", argv, &failure);
	if (!ok_int(r, 0, "it executes a program"))
		printf("# %s\n", failure.text);
	/* in_wait4's own child has the other end, too, until it may go. */
	set(&shared->end);
	(void)!fd_read_full(ends[0], told, sizeof(told) - 1);
	snprintf(want, sizeof(want), "%d taken a b 2\n", pid);
	ok_str(told, want, "the same process, with its words");
	ok_int(end_of(pid), 7, "it runs to its end");
	fd_close(ends[0]);
	close_pipe();
}

static inline bool map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED;
}
