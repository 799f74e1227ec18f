/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * A child of ours does the work: it has one thread, which ptrace(2) binds the
 * tracee to; it can block every signal, so that no Ctrl-C ends it halfway; and
 * should it fail in a way that leaves the tracee running, its exit detaches.
 * Were it killed in the few microseconds between steps 4 and 6 (SIGKILL, the
 * OOM killer, from which it hides), the tracee would be lost, and with PID 1
 * the machine; PTRACE_O_EXITKILL would only make that certain. Its steps:
 *
 *  1. SEIZE and INTERRUPT, which unlike ATTACH sends no signal. Should find it
 *     in a trap; a signal that was on its way is passed on, and the trap asked
 *     for again. Mustn't find it stopped by job control: nobody knows why.
 *  2. Save registers, signal mask, and the memory to be borrowed.
 *  3. Block all its signals: no handler can run on borrowed registers. They
 *     stay pending. SIGSTOP cannot be blocked; it is passed on, and the kernel
 *     stops the tracee when we detach.
 *  4. Write path and argv below the red zone of its stack, and let it execute a
 *     syscall instruction that it has anyway, with orig_rax = -1, so that the
 *     kernel does not take the borrowed registers for a system call that is to
 *     be restarted.
 *  5. The next stops should be the entry of execve and then either the event of
 *     its success or its exit. On success we detach: the point of no return.
 *  6. Otherwise everything of 2 is put back and we detach. That wakes the
 *     tracee as a signal would, and the kernel looks once more at rax and
 *     orig_rax: -ERESTART* makes it restart the call that was interrupted.
 *
 * Some calls return -EINTR rather than -ERESTART* when they are interrupted by
 * whatever it be, even where no signal is (signal(7)). For those that can just
 * be called again, rax is made -ERESTARTNOHAND: they are, unless a signal has
 * come whose handler runs first.
 */
#include "takeover/inject.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/inject-look.h"

#define STOP_LIMIT_MS 5000
#define EXEC_LIMIT_MS 15000 /* the program may have to be read */

#define SCRATCH_MAX \
	(INJECT_BYTES_MAX + (INJECT_ARGS_MAX + 1) * sizeof(uint64_t))

#define SYSCALL_STOP   (SIGTRAP | 0x80) /* with PTRACE_O_TRACESYSGOOD */
#define CODE_SEGMENT   0x33		/* __USER_CS: 64-bit code */
#define ERESTARTNOHAND 514		/* the kernel's own, <linux/errno.h> */

/* The kernel's sigset_t, which glibc's is longer than. */
typedef uint64_t kernel_sigset;

struct injection {
	pid_t pid;
	bool has_threads;
	int64_t deadline_ms;
	struct failure *failure;

	struct user_regs_struct registers;
	kernel_sigset blocked;
	unsigned char memory[SCRATCH_MAX];

	uint64_t code; /* address of a syscall instruction */
	uint64_t scratch;
	size_t scratch_len;
	struct {
		unsigned char bytes[SCRATCH_MAX]; /* argv[], path, strings */
		size_t path;			  /* offset */
		size_t end_of_argv;		  /* offset of its NULL */
	} call;
};

/* Calls that may be repeated when they returned -EINTR. */
static const uint64_t repeatable[] = {
	SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_rt_sigtimedwait,
	SYS_semop,	SYS_semtimedop,	 SYS_recvfrom,	   SYS_recvmsg,
	SYS_recvmmsg,	SYS_accept,	 SYS_accept4,	   SYS_io_getevents,
};

static bool is_repeatable(uint64_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(repeatable); i++)
		if (repeatable[i] == number)
			return true;
	return false;
}

/* Lays out argv[] (its NULL is envp's, too), path and strings. Addresses are
 * offsets yet. */
static int lay_out(struct injection *in, const char *path,
		   const char *const *argv)
{
	size_t count = 0, at, len;
	uint64_t offset;

	while (argv[count])
		count++;
	if (count > INJECT_ARGS_MAX)
		return -ENOBUFS;
	at = (count + 1) * sizeof(uint64_t);
	in->call.end_of_argv = at - sizeof(uint64_t);
	in->call.path = at;
	for (size_t i = 0; i <= count; i++) {
		const char *string = i == 0 ? path : argv[i - 1];

		len = strlen(string) + 1;
		if (len > sizeof(in->call.bytes) - at)
			return -ENOBUFS;
		memcpy(in->call.bytes + at, string, len);
		offset = at;
		if (i > 0)
			memcpy(in->call.bytes + (i - 1) * sizeof(offset),
			       &offset, sizeof(offset));
		at += len;
	}
	in->scratch_len = (at + 15) & ~(size_t)15;
	return 0;
}

/* Turns the offsets of argv[] into addresses. */
static void relocate(struct injection *in)
{
	uint64_t address;

	for (size_t at = 0; at < in->call.end_of_argv; at += sizeof(address)) {
		memcpy(&address, in->call.bytes + at, sizeof(address));
		address += in->scratch;
		memcpy(in->call.bytes + at, &address, sizeof(address));
	}
}

static long trace(const struct injection *in, int request, uintptr_t address,
		  uintptr_t data)
{
	return syscall(SYS_ptrace, request, in->pid, address, data) < 0 ? -errno
									: 0;
}

static int fail(const struct injection *in, long r, const char *what)
{
	return failure_errno(in->failure, (int)-r, "cannot %s of PID %d", what,
			     in->pid);
}

/* Waits for the next stop. -ETIMEDOUT without a failure. */
static int wait_for_stop(const struct injection *in, int *ret_status)
{
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		int64_t left_ms = in->deadline_ms - clock_ms();
		struct timespec left = {
			.tv_sec = left_ms / MS_PER_S,
			.tv_nsec = left_ms % MS_PER_S * NS_PER_MS,
		};

		if (waitpid(in->pid, &status, __WALL | WNOHANG) == in->pid)
			break;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		/* Our only child is the tracee, so that its stop is the only
		 * reason for a SIGCHLD. */
		(void)sigtimedwait(&child, NULL, &left);
	}
	if (!WIFSTOPPED(status))
		return failure_set(in->failure, ESRCH,
				   "PID %d ended while it was traced", in->pid);
	*ret_status = status;
	return 0;
}

static bool is_trap(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8);
}

/* Step 1. */
static int stop(struct injection *in)
{
	const uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	int status;
	long r;

	in->deadline_ms = clock_ms() + STOP_LIMIT_MS;
	r = trace(in, PTRACE_SEIZE, 0, options);
	if (r < 0)
		return look_why_refused(in->pid, (int)-r, in->failure);
	for (;;) {
		r = trace(in, PTRACE_INTERRUPT, 0, 0);
		if (r < 0)
			return fail(in, r, "interrupt the work");
		r = wait_for_stop(in, &status);
		if (r == -ETIMEDOUT)
			return failure_set(
				in->failure, ETIMEDOUT,
				"PID %d did not stop within %d s: it hangs in "
				"the kernel (/proc/%d/stack may say where)",
				in->pid, (int)(STOP_LIMIT_MS / MS_PER_S),
				in->pid);
		if (r < 0)
			return (int)r;
		if (is_trap(status))
			return 0;
		if (status >> 16 == PTRACE_EVENT_STOP)
			return failure_set(in->failure, EBUSY,
					   "PID %d is stopped by a signal: "
					   "continue it with kill -CONT %d",
					   in->pid, in->pid);
		/* A signal on its way to it, or the event of an exec that it
		 * did by itself. */
		r = trace(in, PTRACE_CONT, 0,
			  status >> 16 ? 0 : (uintptr_t)WSTOPSIG(status));
		if (r < 0)
			return fail(in, r, "continue the work");
	}
}

/* Step 2. */
static int save(struct injection *in)
{
	struct look_scratch want = {
		.has_threads = in->has_threads,
		.size = in->scratch_len,
	};
	long r;

	r = trace(in, PTRACE_GETREGS, 0, (uintptr_t)&in->registers);
	if (r < 0)
		return fail(in, r, "read the registers");
	if (in->registers.cs != CODE_SEGMENT)
		return failure_set(in->failure, EOPNOTSUPP,
				   "PID %d runs 32-bit code, which cannot be "
				   "taken over: use --method exitrd or reboot",
				   in->pid);
	r = trace(in, PTRACE_GETSIGMASK, sizeof(in->blocked),
		  (uintptr_t)&in->blocked);
	if (r < 0)
		return fail(in, r, "read the signal mask");
	r = look_for_syscall(in->pid, &in->code, in->failure);
	if (r < 0)
		return (int)r;
	want.stack_pointer = in->registers.rsp;
	r = look_for_scratch(in->pid, &want, &in->scratch, in->failure);
	if (r < 0)
		return (int)r;
	r = look_read(in->pid, in->scratch, in->memory, in->scratch_len);
	if (r < 0)
		return fail(in, r, "read the memory");
	if ((int64_t)in->registers.rax == -EINTR &&
	    is_repeatable(in->registers.orig_rax))
		in->registers.rax = (uint64_t)-ERESTARTNOHAND;
	return 0;
}

/* Steps 3 and 4. */
static int borrow(struct injection *in)
{
	const kernel_sigset all = ~(kernel_sigset)0;
	struct user_regs_struct registers = in->registers;
	long r;

	relocate(in);
	r = trace(in, PTRACE_SETSIGMASK, sizeof(all), (uintptr_t)&all);
	if (r < 0)
		return fail(in, r, "block the signals");
	r = look_write(in->pid, in->scratch, in->call.bytes, in->scratch_len);
	if (r < 0)
		return fail(in, r, "write to the memory");
	registers.rip = in->code;
	registers.rax = SYS_execve;
	registers.orig_rax = (uint64_t)-1;
	registers.rdi = in->scratch + in->call.path;
	registers.rsi = in->scratch;
	registers.rdx = in->scratch + in->call.end_of_argv;
	r = trace(in, PTRACE_SETREGS, 0, (uintptr_t)&registers);
	return r < 0 ? fail(in, r, "set the registers") : 0;
}

/* Goes on to the next stop that is not about a signal. */
static int run_to_stop(struct injection *in, int *ret_status)
{
	uintptr_t signal = 0;
	int status;
	long r;

	for (;;) {
		r = trace(in, PTRACE_SYSCALL, 0, signal);
		if (r < 0)
			return fail(in, r, "continue the work");
		r = wait_for_stop(in, &status);
		if (r == -ETIMEDOUT)
			return failure_set(in->failure, EINPROGRESS,
					   "PID %d hangs in execve(2): nothing "
					   "but a reboot will help",
					   in->pid);
		if (r < 0)
			return (int)r;
		if (status >> 8 == SYSCALL_STOP ||
		    status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			break;
		/* SIGSTOP: first the signal, which is passed on, and then the
		 * stop, out of which we go on. */
		signal = status >> 16 ? 0 : (uintptr_t)WSTOPSIG(status);
	}
	*ret_status = status;
	return 0;
}

/* Step 5. Returns 0 when it executes the program, the positive errno with which
 * execve refused it, or a negative errno with a failure. */
static int execute(struct injection *in)
{
	struct user_regs_struct registers;
	int status;
	long r;

	in->deadline_ms = clock_ms() + EXEC_LIMIT_MS;
	r = run_to_stop(in, &status);
	if (r < 0)
		return (int)r;
	if (status >> 8 == SYSCALL_STOP) {
		r = run_to_stop(in, &status);
		if (r < 0)
			return (int)r;
	}
	if (status >> 8 != SYSCALL_STOP)
		return 0;
	r = trace(in, PTRACE_GETREGS, 0, (uintptr_t)&registers);
	if (r < 0)
		return fail(in, r, "read the registers");
	return (int)-(int64_t)registers.rax;
}

/* Step 6. */
static int restore(struct injection *in)
{
	long r;

	r = look_write(in->pid, in->scratch, in->memory, in->scratch_len);
	if (r == 0)
		r = trace(in, PTRACE_SETREGS, 0, (uintptr_t)&in->registers);
	if (r == 0)
		r = trace(in, PTRACE_SETSIGMASK, sizeof(in->blocked),
			  (uintptr_t)&in->blocked);
	return r < 0 ? fail(in, r, "restore the state") : 0;
}

static int detach(const struct injection *in)
{
	long r = trace(in, PTRACE_DETACH, 0, 0);

	return r < 0 ? fail(in, r, "let go") : 0;
}

/* All steps. As execute(). */
static int run(struct injection *in)
{
	int refused = 0, r, end;

	r = stop(in);
	if (r < 0)
		return r;
	r = save(in);
	if (r == 0) {
		r = borrow(in);
		if (r == 0)
			r = refused = execute(in);
		if (r == 0)
			return detach(in);
		if (r == -EINPROGRESS || r == -ESRCH)
			return r;
		end = restore(in);
		if (end < 0)
			return end;
	}
	end = detach(in);
	if (end < 0)
		return end;
	return refused > 0 ? refused : r;
}

/* What can be known before anything is touched. */
static int check(struct injection *in)
{
	struct look look;
	int r = look_at(in->pid, &look, in->failure);

	if (r < 0)
		return r;
	if (look.tracer != 0)
		return look_why_refused(in->pid, EPERM, in->failure);
	if (look.state == 'Z')
		return failure_set(in->failure, ESRCH,
				   "the first thread of PID %d has ended",
				   in->pid);
	if (look.seccomp != 0)
		return failure_set(in->failure, EPERM,
				   "PID %d has a seccomp filter, which could "
				   "kill it for an execve and which its "
				   "successor would inherit: take its cause "
				   "away (systemd: SystemCallArchitectures= "
				   "in system.conf) and reboot",
				   in->pid);
	in->has_threads = look.threads > 1;
	return look_at_program(in->pid, in->failure);
}

/* What the child tells. */
struct result {
	int r; /* as execute() */
	struct failure failure;
};

static void be_undisturbed(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* Ignored, it would not tell of stops. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)!file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
}

static _Noreturn void inject_in_child(struct injection *in, int fd)
{
	struct result result = { .r = 0 };

	be_undisturbed();
	in->failure = &result.failure;
	result.r = run(in);
	(void)!fd_write_all(fd, &result, sizeof(result));
	_exit(0);
}

static int collect(struct injection *in, pid_t child, int fd,
		   struct failure *failure)
{
	struct result result;
	ssize_t n = fd_read_full(fd, &result, sizeof(result));

	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(result))
		return failure_set(failure, EINPROGRESS,
				   "the process that traced PID %d was killed",
				   in->pid);
	if (result.r < 0 && failure)
		*failure = result.failure;
	return result.r;
}

/* Returns as execute(). */
static int inject(pid_t pid, const char *path, const char *const *argv,
		  struct failure *failure)
{
	struct injection in = { .pid = pid, .failure = failure };
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2], r;
	pid_t child;

	r = lay_out(&in, path, argv);
	if (r < 0)
		return failure_set(failure, -r,
				   "the command line of %s is longer than %d "
				   "bytes or %d words",
				   path, INJECT_BYTES_MAX, INJECT_ARGS_MAX);
	r = check(&in);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "cannot make a pipe");
	ours = ends[0];
	theirs = ends[1];
	child = fork();
	if (child < 0)
		return failure_errno(failure, errno,
				     "cannot start a process to trace PID %d",
				     pid);
	if (child == 0) {
		ours = fd_close(ours);
		inject_in_child(&in, theirs);
	}
	theirs = fd_close(theirs);
	return collect(&in, child, ours, failure);
}

int inject_exec(pid_t pid, const char *path, const char *const *argv,
		struct failure *failure)
{
	int r = inject(pid, path, argv, failure);

	if (r == ENOENT)
		return failure_set(failure, r,
				   "PID %d has no %s in its root and mount "
				   "namespace",
				   pid, path);
	if (r > 0)
		return failure_errno(failure, r, "PID %d cannot execute %s",
				     pid, path);
	return r;
}

int inject_probe(pid_t pid, struct failure *failure)
{
	static const char *const none[] = { NULL };
	/* No file can have this name: path_resolution(7). */
	int r = inject(pid, "", none, failure);

	if (r == ENOENT)
		return 0;
	if (r >= 0)
		return failure_set(failure, EPERM,
				   "execve(2) of a name that cannot exist gave "
				   "%d in PID %d: something filters its system "
				   "calls",
				   r, pid);
	return r;
}
