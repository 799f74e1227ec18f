/* SPDX-License-Identifier: MIT */
/* Signals raining, odd stacks, threads, and who must be refused. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>

#include "inject-child.h"

/* Signals with and without handlers come all the time: the bytes must be read
 * all the same, and each signal that can be counted be handled. */
static int read_amid_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal,
					  .sa_flags = SA_RESTART };
	char bytes[4] = "";
	ssize_t n;

	sigaction(SIGRTMIN, &action, NULL);
	n = read(pipe_read, bytes, sizeof(bytes));
	if (n != 3 || memcmp(bytes, "abc", 3) != 0)
		return 1;
	return shared->signals == shared->sent ? 0 : 2;
}

static pid_t start_rain(pid_t pid)
{
	const union sigval nothing = { 0 };
	pid_t rain = fork();

	while (rain == 0) {
		/* Before it can be handled. */
		__atomic_add_fetch(&shared->sent, 1, __ATOMIC_SEQ_CST);
		if (sigqueue(pid, SIGRTMIN, nothing) < 0)
			__atomic_sub_fetch(&shared->sent, 1, __ATOMIC_SEQ_CST);
		(void)kill(pid, SIGCHLD);
		(void)kill(pid, SIGWINCH);
		sched_yield();
		if (__atomic_load_n(&shared->end, __ATOMIC_ACQUIRE))
			_exit(0);
	}
	return rain;
}

static void end_rain(pid_t rain)
{
	set(&shared->end);
	(void)end_of(rain);
}

static void test_rain(void)
{
	const struct call call = { "rain", read_amid_signals, END_WRITE, 'S' };
	unsigned good = 0;
	pid_t pid, rain;

	printf("# signals raining\n");
	if (open_pipe() < 0)
		exit(1);
	start_call(&call, &pid);
	rain = start_rain(pid);
	for (unsigned i = 0; i < 200; i++)
		good += inject_nothing(pid) == -ENOENT;
	end_rain(rain);
	ok_int(good, 200, "each injection is refused by execve alone");
	end_call(&call, pid);
	ok_int(end_of(pid), 0, "the call gave what it must");
	ok(shared->signals > 0, "signals came");
	close_pipe();
}

/* The one signal with a handler must interrupt the call, once, and be handled,
 * as if nobody had been there. */
static int be_interrupted(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	sigaction(SIGUSR2, &action, NULL);
	if (epoll_wait(fd, &event, 1, -1) >= 0 || errno != EINTR)
		return 1;
	return shared->signals != 1;
}

static void test_handler(void)
{
	const struct call call = { "EINTR", be_interrupted, END_ITSELF, 'S' };
	pid_t pid;

	printf("# a signal for the tracee itself\n");
	if (open_pipe() < 0)
		exit(1);
	start_call(&call, &pid);
	ok_int(inject_nothing(pid), -ENOENT, "execve is refused");
	ok(wait_for_state(pid, 'S'), "it is where it was");
	kill(pid, SIGUSR2);
	ok_int(end_of(pid), 0, "its own signal interrupts it, once");
	close_pipe();
}

/* On a small stack of its own, beside which other things lie. */
static unsigned char *arena;
#define ARENA	     65536
#define ALTERNATE_AT 8192

static void on_alternate_stack(int number)
{
	int r = in_read();

	(void)number;
	for (size_t i = 0; i < ALTERNATE_AT; i++)
		if (arena[i] != (unsigned char)i)
			r = 3;
	_exit(r);
}

static int use_alternate_stack(void)
{
	const struct sigaction action = { .sa_handler = on_alternate_stack,
					  .sa_flags = SA_ONSTACK };
	const stack_t stack = { .ss_sp = arena + ALTERNATE_AT,
				.ss_size = ARENA - ALTERNATE_AT };

	for (size_t i = 0; i < ALTERNATE_AT; i++)
		arena[i] = (unsigned char)i;
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR2, &action, NULL);
	return raise(SIGUSR2);
}

/* With the stack pointer where nothing can be below it. */
static int read_without_stack(void)
{
	static unsigned char bytes[4];
	long r;

	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[top], %%rsp\n\t"
			 "syscall\n\t"
			 "movq %%rbx, %%rsp\n\t"
			 : "=a"(r)
			 : "a"((long)SYS_read), "D"((long)pipe_read),
			   "S"(bytes), "d"(sizeof(bytes)), [top] "r"(arena)
			 : "rbx", "rcx", "r11", "memory");
	return r != 3 || memcmp(bytes, "abc", 3) != 0;
}

static void test_stacks(void)
{
	const struct call odd[] = {
		{ "a handler on an alternate stack", use_alternate_stack,
		  END_WRITE, 'S' },
		{ "a call without a stack", read_without_stack, END_WRITE,
		  'S' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		/* Nothing is mapped below it. */
		arena = mmap(NULL, ARENA + 65536, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (arena == MAP_FAILED)
			exit(1);
		arena += 65536;
		mprotect(arena, ARENA, PROT_READ | PROT_WRITE);
		test_unhurt(&odd[i]);
		test_taken(&odd[i]);
		munmap(arena - 65536, ARENA + 65536);
	}
}

/* Two threads; the first one is taken, and the other ends with it. */
static void *count_on(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&shared->end, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static int have_threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, count_on, NULL) != 0)
		return 9;
	return in_read();
}

static void test_threads(void)
{
	const struct call call = { "the first of two threads", have_threads,
				   END_WRITE, 'S' };

	test_unhurt(&call);
	test_taken(&call);
}

/* What must be refused without touching it. */

static void refused(pid_t pid, int want, const char *words, const char *what)
{
	struct failure failure = { 0 };
	int r = inject_probe(pid, &failure);

	ok_int(r, want, what);
	if (!ok(strstr(failure.text, words), "in words"))
		printf("# %s\n", failure.text);
}

static int kill_execve(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return 1;
	set(&shared->ready);
	return in_read();
}

static int be_traced(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		return 1;
	set(&shared->ready);
	return in_read();
}

static int be_stopped(void)
{
	set(&shared->ready);
	raise(SIGSTOP);
	return in_read();
}

static const struct refusal {
	const char *what;
	int (*run)(void);
	char state;
	int want;
	const char *words;
} refusals[] = {
	{ "a seccomp filter", kill_execve, 'S', -EPERM, "seccomp" },
	{ "traced already", be_traced, 'S', -EPERM, "is traced by process" },
	{ "stopped", be_stopped, 'T', -EBUSY, "kill -CONT" },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		pid_t pid;

		if (open_pipe() < 0)
			exit(1);
		pid = fork();
		if (pid == 0) {
			be_mortal();
			_exit(refusal->run());
		}
		ok(wait_for(&shared->ready) &&
			   wait_for_state(pid, refusal->state),
		   "it is there");
		refused(pid, refusal->want, refusal->words, refusal->what);
		ok(wait_for_state(pid, refusal->state), "it is where it was");
		(void)kill(pid, SIGCONT);
		(void)!write(pipe_write, "abc", 3);
		if (refusal->run == be_traced) {
			/* It stops for the SIGCONT. */
			(void)waitpid(pid, NULL, 0);
			(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
		}
		ok_int(end_of(pid), 0, "and unhurt");
		close_pipe();
	}
	refused(0x3fffff, -ESRCH, "there is no PID", "no such process");
}

/* Other refusals of execve, and what is too long. */
static void test_errors(void)
{
	static const char *const none[] = { NULL };
	const struct call call = { "read", in_read, END_WRITE, 'S' };
	char long_path[2 * INJECT_BYTES_MAX];
	struct failure failure;
	pid_t pid;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	if (open_pipe() < 0)
		exit(1);
	start_call(&call, &pid);
	ok_int(inject_exec(pid, "/proc/self/status", none, &failure), -EACCES,
	       "no program");
	ok_int(inject_exec(pid, "/", none, &failure), -EACCES, "a directory");
	ok_int(inject_exec(pid, long_path, none, &failure), -ENOBUFS,
	       "too long");
	end_call(&call, pid);
	ok_int(end_of(pid), 0, "the call gave what it must");
	close_pipe();
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	if (!map_shared())
		return 1;
	test_rain();
	test_handler();
	test_stacks();
	test_threads();
	test_refusals();
	test_errors();
	return tap_done();
}
