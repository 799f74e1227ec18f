/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 *                 release             confirm, or nothing to wait for
 *   GUARD_RELEASING --> GUARD_WAITING --> GUARD_FEEDING --> end
 *          |                  |           (while a watchdog cannot be stopped)
 *          +-- time is up, ---+-- time is up --> reboot
 *              PID 1 is gone
 *
 * Whoever was PID 1 may hang in the kernel for ever, so the guard is a process,
 * and asks nobody: poll(2) over a few descriptors, files written without
 * blocking, and a reboot that is bounded (machine.h). It feeds watchdogs even
 * while that reboot is under way, for a while.
 *
 * To the new init it is an orphan that was there before: its child, in its
 * cgroup. None of them minds: systemd moves it into init.scope, sysvinit and
 * busybox init reap what they do not know. None kills what it finds when it
 * starts. When they shut down they send SIGTERM to every process (systemd's
 * last step of all, killall5(8), busybox init's kill(-1)): the guard goes then,
 * with its timer, as a shutdown is somebody's word, too, and the machine is
 * going where its disk is. Watchdogs are stopped as far as they can be.
 *
 * Its clock stands still while the machine sleeps: who wakes it must find the
 * time to confirm that was left before.
 *
 * Confirming is connecting to an abstract socket as root: that needs no path
 * in the new root, and vanishes with the guard.
 */
#include "takeover/guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/announce.h"
#include "takeover/machine.h"
#include "wire/swap.h"

#define GUARD_NAME     "boomerang-guard"
#define GUARD_ABSTRACT "boomerang-swap"
#define OWN_FD	       3 /* its first descriptor behind the standard ones */

#define START_LIMIT_MS	 10000
#define CONFIRM_LIMIT_MS 10000
#define END_LIMIT_MS	 2000
#define REBOOT_LIMIT_S	 150 /* what machine_reboot() may need, and more */

/* A time-out that a busy machine keeps. */
#define WATCHDOG_TIMEOUT_S 60u

enum guard_state {
	GUARD_RELEASING,
	GUARD_WAITING,
	GUARD_FEEDING,
};

struct guardian {
	enum guard_state state;
	int parent_fd; /* to who was PID 1; closed once it released */
	int listen_fd; /* for who confirms */
	int signal_fd; /* SIGTERM */
	uint32_t total_s;
	uint32_t mark_s; /* when so much is left, it says so */
	int64_t deadline_ms;
	int64_t feed_ms; /* of the next feeding, while there are watchdogs */
	struct watchdogs watchdogs;
};

/* The word of PID 1. */
struct release {
	uint32_t watchdog_s;
};

/* The word to who confirms: seconds left or a negative errno. */
struct answer {
	int32_t r;
};

/* The address of the socket; returns its length. */
static socklen_t guard_address(struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(&ret_address->sun_path[1], GUARD_ABSTRACT,
	       strlen(GUARD_ABSTRACT));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(GUARD_ABSTRACT));
}

static bool peer_is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid == 0;
}

/* The process. */

/* The next time, in seconds left, at which a word is due. */
static uint32_t next_mark(uint32_t total_s, uint32_t below_s)
{
	const uint32_t marks_s[] = { total_s / 2, 60, 10 };
	uint32_t next_s = 0;

	for (size_t i = 0; i < ARRAY_SIZE(marks_s); i++)
		if (marks_s[i] < below_s)
			next_s = MAX(next_s, marks_s[i]);
	return next_s;
}

static uint32_t left_s(const struct guardian *self)
{
	int64_t left_ms = self->deadline_ms - clock_awake_ms();

	return left_ms > 0 ? (uint32_t)DIV_ROUND_UP(left_ms, MS_PER_S) : 0;
}

static void set_deadline(struct guardian *self, uint32_t seconds)
{
	self->total_s = seconds;
	self->mark_s = next_mark(seconds, seconds);
	self->deadline_ms = clock_awake_ms() + (int64_t)seconds * MS_PER_S;
}

static void feed(struct guardian *self)
{
	uint32_t interval_s = watchdogs_interval(&self->watchdogs);

	watchdogs_feed(&self->watchdogs);
	self->feed_ms = interval_s ? clock_awake_ms() + interval_s * MS_PER_S
				   : INT64_MAX;
}

static void wait_ms(int64_t ms)
{
	(void)poll(NULL, 0, (int)MIN(MAX(ms, 0), INT32_MAX));
}

/* The reboot takes its time, in which a watchdog should not cut it short; but
 * should it hang, a watchdog is the last to help. */
static _Noreturn void give_up(struct guardian *self)
{
	int64_t limit_ms = clock_awake_ms() + REBOOT_LIMIT_S * MS_PER_S;

	feed(self);
	if (self->watchdogs.count > 0 && fork() > 0) {
		while (clock_awake_ms() < limit_ms) {
			wait_ms(self->feed_ms - clock_awake_ms());
			feed(self);
		}
	}
	machine_reboot();
}

static void say_what_is_left(const struct guardian *self)
{
	announce(
		"this machine reboots into its disk in %u s, unless \"" SWAP_INIT
		" --confirm\" or \"boomerang swap --confirm\" is run",
		left_s(self));
}

/* Waits no longer; ends, unless there is something to feed. */
static void stop_waiting(struct guardian *self)
{
	self->state = GUARD_FEEDING;
	self->listen_fd = fd_close(self->listen_fd);
	watchdogs_stop(&self->watchdogs);
	if (self->watchdogs.count == 0)
		_exit(0);
	feed(self);
}

static void hear_parent(struct guardian *self)
{
	struct release release;
	ssize_t n =
		recv(self->parent_fd, &release, sizeof(release), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(release)) {
		announce("whoever released the disks has ended amidst it: "
			 "rebooting into the disk");
		give_up(self);
	}
	self->parent_fd = fd_close(self->parent_fd);
	if (release.watchdog_s == 0) {
		stop_waiting(self);
		return;
	}
	self->state = GUARD_WAITING;
	set_deadline(self, release.watchdog_s);
	watchdogs_arm(&self->watchdogs,
		      MIN(release.watchdog_s, WATCHDOG_TIMEOUT_S));
	feed(self);
	say_what_is_left(self);
}

static void hear_client(struct guardian *self)
{
	_cleanup_fd int fd = accept4(self->listen_fd, NULL, NULL,
				     SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct answer answer = { .r = -EPERM };

	if (fd < 0)
		return;
	if (peer_is_root(fd))
		answer.r = self->state == GUARD_WAITING ? (int32_t)left_s(self)
							: -EAGAIN;
	/* A dead client confirmed nothing. */
	if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(answer) ||
	    answer.r < 0)
		return;
	announce("confirmed: this machine stays as it is");
	stop_waiting(self);
}

static void hear_signal(struct guardian *self)
{
	struct signalfd_siginfo signal;

	if (read(self->signal_fd, &signal, sizeof(signal)) < 0)
		return;
	if (self->state == GUARD_WAITING)
		announce("the dead-man timer ends with this system");
	watchdogs_stop(&self->watchdogs);
	_exit(0);
}

/* What the clock says. */
static void look_at_clock(struct guardian *self)
{
	if (clock_awake_ms() >= self->feed_ms)
		feed(self);
	if (self->state == GUARD_FEEDING)
		return;
	if (left_s(self) == 0) {
		announce(self->state == GUARD_WAITING
				 ? "nobody confirmed in time: rebooting into "
				   "the disk"
				 : "the way to the new system hangs: rebooting "
				   "into the disk");
		give_up(self);
	}
	if (self->mark_s == 0 || left_s(self) > self->mark_s)
		return;
	self->mark_s = next_mark(self->total_s, left_s(self));
	if (self->state == GUARD_WAITING)
		say_what_is_left(self);
}

static int poll_ms(const struct guardian *self)
{
	int64_t now_ms = clock_awake_ms(), next_ms = self->feed_ms;

	if (self->state != GUARD_FEEDING) {
		next_ms = MIN(next_ms, self->deadline_ms);
		if (self->mark_s > 0)
			next_ms = MIN(next_ms, self->deadline_ms -
						       self->mark_s * MS_PER_S);
	}
	return (int)MIN(MAX(next_ms - now_ms, 0), INT32_MAX);
}

static _Noreturn void guard_run(struct guardian *self)
{
	for (;;) {
		/* poll(2) passes over the ones that are closed. */
		struct pollfd fds[] = {
			{ .fd = self->parent_fd, .events = POLLIN },
			{ .fd = self->listen_fd, .events = POLLIN },
			{ .fd = self->signal_fd, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), poll_ms(self)) > 0) {
			if (fds[0].revents)
				hear_parent(self);
			if (fds[1].revents && self->listen_fd >= 0)
				hear_client(self);
			if (fds[2].revents)
				hear_signal(self);
		}
		look_at_clock(self);
	}
}

/* Nothing of who forked it, except parent_fd. */
static int leave_behind(int parent_fd)
{
	int fd, i;

	(void)setsid();
	(void)prctl(PR_SET_NAME, GUARD_NAME);
	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	(void)!file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	if (parent_fd != OWN_FD && dup3(parent_fd, OWN_FD, O_CLOEXEC) < 0)
		return -errno;
	if (close_range(OWN_FD + 1, ~0U, 0) < 0)
		return -errno;
	/* Numbers that somebody might print to. */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; fd >= 0 && i < OWN_FD; i++)
		(void)dup2(fd, i);
	if (fd > OWN_FD)
		fd_close(fd);
	return OWN_FD;
}

static int make_signal_fd(void)
{
	sigset_t signals;

	sigfillset(&signals);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int make_listen_fd(void)
{
	_cleanup_fd int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	socklen_t len = guard_address(&address);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(fd, 8) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static _Noreturn void guard_main(int parent_fd, uint32_t release_s)
{
	struct guardian self = { .state = GUARD_RELEASING,
				 .listen_fd = FD_NONE,
				 .signal_fd = FD_NONE };
	int32_t r = 0;

	self.parent_fd = leave_behind(parent_fd);
	if (self.parent_fd < 0)
		_exit(1);
	self.signal_fd = make_signal_fd();
	self.listen_fd = make_listen_fd();
	if (self.signal_fd < 0 || self.listen_fd < 0)
		r = self.signal_fd < 0 ? -ENOMEM : self.listen_fd;
	if (send(self.parent_fd, &r, sizeof(r), MSG_NOSIGNAL) < 0 || r < 0)
		_exit(1);
	set_deadline(&self, release_s);
	watchdogs_disarm(&self.watchdogs);
	feed(&self);
	guard_run(&self);
}

/* Those that talk to it. */

/* Waits for an int32_t on fd. */
static int receive(int fd, int limit_ms, int32_t *ret_value)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t deadline_ms = clock_awake_ms() + limit_ms;
	int32_t value;
	ssize_t n;
	int r;

	do
		r = poll(&wait, 1, (int)MAX(deadline_ms - clock_awake_ms(), 0));
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(fd, &value, sizeof(value), MSG_DONTWAIT);
	if (n != (ssize_t)sizeof(value))
		return n < 0 ? -errno : -ECONNRESET;
	*ret_value = value;
	return 0;
}

int guard_start(uint32_t release_s, struct guard *ret_guard,
		struct failure *failure)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	struct guard guard;
	int ends[2], r;
	int32_t told = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno,
				     "cannot make the guard's socket");
	ours = ends[0];
	theirs = ends[1];
	guard.pid = fork();
	if (guard.pid < 0)
		return failure_errno(failure, errno, "cannot start the guard");
	if (guard.pid == 0) {
		ours = fd_close(ours);
		guard_main(theirs, release_s);
	}
	theirs = fd_close(theirs);
	guard.fd = ours;
	r = receive(ours, START_LIMIT_MS, &told);
	if (r < 0 || told < 0) {
		ours = FD_NONE;
		guard_stop(&guard);
		return failure_errno(failure, r < 0 ? -r : -told,
				     "cannot start the guard");
	}
	guard.fd = TAKE_FD(ours);
	*ret_guard = guard;
	return 0;
}

int guard_release(struct guard *guard, uint32_t watchdog_s)
{
	const struct release release = { .watchdog_s = watchdog_s };
	ssize_t n = send(guard->fd, &release, sizeof(release), MSG_NOSIGNAL);

	if (n != (ssize_t)sizeof(release))
		return n < 0 ? -errno : -EIO;
	guard->fd = fd_close(guard->fd);
	return 0;
}

void guard_stop(struct guard *guard)
{
	int64_t kill_ms = clock_awake_ms() + END_LIMIT_MS;

	if (guard->pid <= 0)
		return;
	(void)kill(guard->pid, SIGTERM);
	while (waitpid(guard->pid, NULL, WNOHANG) == 0) {
		if (clock_awake_ms() >= kill_ms)
			(void)kill(guard->pid, SIGKILL);
		/* It is stuck in a driver; it must not hold us, too. */
		if (clock_awake_ms() >= kill_ms + END_LIMIT_MS)
			break;
		wait_ms(10);
	}
	fd_close(guard->fd);
	*guard = GUARD_NONE;
}

static int guard_connect(struct failure *failure)
{
	_cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t len = guard_address(&address);

	if (fd < 0)
		return failure_errno(failure, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&address, len) < 0 ||
	    !peer_is_root(fd))
		return failure_set(failure, ENOENT,
				   "nothing waits for a confirmation: no "
				   "dead-man timer runs on this machine");
	return TAKE_FD(fd);
}

int guard_confirm(struct failure *failure)
{
	_cleanup_fd int fd = guard_connect(failure);
	int32_t left = 0;
	int r;

	if (fd < 0)
		return fd;
	r = receive(fd, CONFIRM_LIMIT_MS, &left);
	if (r < 0)
		return failure_errno(failure, -r,
				     "the dead-man timer does not answer");
	if (left == -EPERM)
		return failure_set(failure, EPERM,
				   "only root can confirm a swap");
	if (left == -EAGAIN)
		return failure_set(failure, EAGAIN,
				   "the swap is not finished yet: confirm when "
				   "the new system runs");
	return left;
}

int guard_confirm_command(void)
{
	struct failure failure;
	int left = guard_confirm(&failure);

	if (left < 0) {
		dprintf(STDERR_FILENO, "boomerang: %s\n", failure.text);
		return 1;
	}
	dprintf(STDOUT_FILENO,
		"confirmed with %d s left: this machine stays as it is\n",
		left);
	return 0;
}
