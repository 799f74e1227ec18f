/* SPDX-License-Identifier: MIT */
#include "kernel/live-follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/pseudo.h"
#include "base/text.h"
#include "kernel/kexec.h"
#include "wire/boot-plan.h"

/* Some wait long for their medium, and somebody may be typing a passphrase. */
#define FOLLOW_LIMIT_MS (60 * 60 * MS_PER_S)
#define FOLLOW_POLL_MS	500

/* --- the start --- */

static void exec_follower(int program)
{
	static char *const argv[] = { (char *)LIVE_FOLLOW_NAME, NULL };
	static char *const env[] = { NULL };

	if (program != LIVE_FOLLOW_FD && dup2(program, LIVE_FOLLOW_FD) < 0)
		_exit(1);
	(void)fcntl(LIVE_FOLLOW_FD, F_SETFD, 0);
	(void)setsid();
	(void)execve(LIVE_INIT, argv, env);
	_exit(1);
}

void live_follow_start(void)
{
	_cleanup_fd int program = open(LIVE_INIT, O_RDONLY | O_CLOEXEC);
	int ends[2];
	char byte;
	pid_t pid;

	if (program < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		log_error("no " LIVE_FOLLOW_PATH " in the live system: %m");
		return;
	}
	pid = fork();
	if (pid == 0)
		exec_follower(program);
	if (pid < 0)
		log_error("no " LIVE_FOLLOW_PATH " in the live system: %m");
	fd_close(ends[1]);
	/* Its end closes with the exec. */
	(void)!read(ends[0], &byte, 1);
	fd_close(ends[0]);
}

/* --- the follower --- */

/* Process 1 is in another root than we. */
static bool has_left(int proc)
{
	struct stat here, there;

	return stat("/", &here) == 0 &&
	       fstatat(proc, "1/root/", &there, 0) == 0 &&
	       (here.st_dev != there.st_dev || here.st_ino != there.st_ino);
}

/* Whole, or not at all: somebody may look for it already. */
static int put(int proc)
{
	static const char made[] = "1/root" LIVE_FOLLOW_PATH ".new";
	_cleanup_fd int fd =
		openat(proc, made,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		       0700);
	static char buf[64 * KIB];
	off_t at = 0;
	ssize_t n;
	int r = fd < 0 ? -errno : 0;

	while (r == 0 &&
	       (n = pread(LIVE_FOLLOW_FD, buf, sizeof(buf), at)) != 0) {
		r = n < 0 ? -errno : fd_write_all(fd, buf, (size_t)n);
		at += n;
	}
	if (r == 0 && renameat(proc, made, proc, "1/root" LIVE_FOLLOW_PATH) < 0)
		r = -errno;
	return r;
}

int live_follow_run(void)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_POLL_MS * NS_PER_MS };
	int64_t deadline_ms = clock_ms() + FOLLOW_LIMIT_MS;
	_cleanup_fd int proc = pseudo_open(PSEUDO_PROC);
	int r = -EAGAIN;

	/* A root that is read-only now may be writable in a moment. */
	while (proc >= 0 && r < 0 && clock_ms() < deadline_ms) {
		(void)nanosleep(&pause, NULL);
		if (has_left(proc))
			r = put(proc);
	}
	return r < 0;
}

bool live_is_here(void)
{
	return access(CONTROL_PATH, F_OK) < 0 && kexec_is_loaded();
}
