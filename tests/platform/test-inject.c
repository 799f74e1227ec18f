/* SPDX-License-Identifier: MIT */
/* Makes children execute a program, or fail to, wherever they are. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "inject-child.h"

#define NAP_MS 300

/*
 * What children do. Each returns 0 when its call gave what it must; the
 * injection comes between ready and the end of the call.
 */

static int in_nanosleep(void)
{
	struct timespec nap = { .tv_nsec = NAP_MS * NS_PER_MS };
	int64_t start = clock_ms();

	if (nanosleep(&nap, NULL) < 0)
		return 1;
	return clock_ms() - start < NAP_MS ? 2 : 0;
}

static int in_clock_nanosleep(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += NAP_MS * NS_PER_MS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int in_poll(void)
{
	struct pollfd wait = { .fd = pipe_read, .events = POLLIN };

	return poll(&wait, 1, PATIENCE_MS) != 1;
}

static int in_epoll_wait(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = pipe_read };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(fd, EPOLL_CTL_ADD, pipe_read, &event) < 0)
		return 1;
	return epoll_wait(fd, &event, 1, -1) != 1 || event.data.fd != pipe_read;
}

static int in_epoll_pwait(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = pipe_read };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	sigset_t all;

	sigfillset(&all);
	if (epoll_ctl(fd, EPOLL_CTL_ADD, pipe_read, &event) < 0)
		return 1;
	return epoll_pwait(fd, &event, 1, -1, &all) != 1;
}

static int in_pselect(void)
{
	sigset_t mask, now;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipe_read, &set);
	sigfillset(&mask);
	sigdelset(&mask, SIGCHLD);
	if (pselect(pipe_read + 1, &set, NULL, NULL, NULL, &mask) != 1)
		return 1;
	/* Its mask was for the call only. */
	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, SIGTERM) ? 2 : 0;
}

static int in_wait4(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(wait_for(&shared->end) ? 7 : 1);
	return waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7;
}

static int in_sigtimedwait(void)
{
	struct timespec limit = { .tv_sec = PATIENCE_MS / MS_PER_S };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &limit) != SIGUSR1;
}

static int in_sigsuspend(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGUSR1);
	sigsuspend(&set);
	return shared->signals != 1;
}

static int in_futex(void)
{
	long r =
		syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0);

	return r == 0 || errno == EAGAIN ? 0 : 1;
}

/* Sets, or compares, all registers that a system call could be missed in. */
#define EACH(operation, rest)                                                 \
	operation                                                             \
		" %%rax, %%rcx" rest operation " %%rax, %%rdx" rest operation \
		" %%rax, %%rsi" rest operation " %%rax, %%rdi" rest operation \
		" %%rax, %%rbp" rest operation " %%rax, %%r8" rest operation  \
		" %%rax, %%r9" rest operation " %%rax, %%r10" rest operation  \
		" %%rax, %%r11" rest operation " %%rax, %%r12" rest operation \
		" %%rax, %%r13" rest operation " %%rax, %%r14" rest operation \
		" %%rax, -8(%%rsp)" rest operation " %%rax, -128(%%rsp)" rest

/* No call at all: general and vector registers and the red zone must stay.
 * rbx leads to what is shared. */
static int in_a_loop(void)
{
	set(&shared->ready);
	__asm__ volatile(
		"pushq %%rbp\n\t"
		"subq $1024, %%rsp\n\t"
		"movq $0x1122334455667788, %%rax\n\t"
		"movq %%rax, %%xmm0\n\t"
		"movq %%rax, %%xmm15\n\t" EACH("movq", "\n\t") "1:\n\t" EACH(
			"cmpq",
			"\n\tjne 2f\n\t") "movq %%xmm0, %%r15\n\t"
					  "cmpq %%rax, %%r15\n\tjne 2f\n\t"
					  "movq %%xmm15, %%r15\n\t"
					  "cmpq %%rax, %%r15\n\tjne 2f\n\t"
					  "cmpl $0, %c[end](%%rbx)\n\tje 1b\n\t"
					  "jmp 3f\n"
					  "2:\n\t"
					  "movl $1, %c[bad](%%rbx)\n"
					  "3:\n\t"
					  "addq $1024, %%rsp\n\t"
					  "popq %%rbp\n\t"
		:
		: "b"(shared), [end] "i"(offsetof(struct shared, end)),
		  [bad] "i"(offsetof(struct shared, bad))
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
		  "r12", "r13", "r14", "r15", "xmm0", "xmm15", "memory", "cc");
	return shared->bad;
}

static const struct call calls[] = {
	{ "nanosleep", in_nanosleep, END_ITSELF, 'S', true },
	{ "clock_nanosleep", in_clock_nanosleep, END_ITSELF, 'S' },
	{ "poll", in_poll, END_WRITE, 'S', true },
	{ "read", in_read, END_WRITE, 'S' },
	{ "epoll_wait", in_epoll_wait, END_WRITE, 'S' },
	{ "epoll_pwait", in_epoll_pwait, END_WRITE, 'S' },
	{ "pselect", in_pselect, END_WRITE, 'S' },
	{ "wait4", in_wait4, END_FLAG, 'S' },
	{ "sigtimedwait", in_sigtimedwait, END_SIGNAL, 'S' },
	{ "sigsuspend", in_sigsuspend, END_SIGNAL, 'S' },
	{ "futex", in_futex, END_WAKE, 'S' },
	{ "a loop", in_a_loop, END_FLAG, 'R' },
};

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	if (!map_shared())
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		test_unhurt(&calls[i]);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		test_taken(&calls[i]);
	return tap_done();
}
