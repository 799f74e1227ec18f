/* SPDX-License-Identifier: MIT */
/*
 * fork and exec. The child tells a failed exec through a close-on-exec pipe:
 * the end of the pipe without a byte is the success. All of the child's work
 * is async-signal-safe.
 */
#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/signals.h"

#define EXTRA_FD 3

/* Moves fd above the standard ones, so that dup2() of another cannot
 * overwrite it. */
static int move_up(int fd)
{
	return fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, EXTRA_FD + 2) : fd;
}

static int place_fds(const struct spawn *what, int *errors)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd[EXTRA_FD + 1];

	*errors = move_up(*errors);
	for (int i = 0; i <= EXTRA_FD; i++)
		fd[i] = move_up(i < EXTRA_FD ? what->fd[i] : what->extra_fd);
	null_fd = move_up(null_fd);
	for (int i = 0; i < EXTRA_FD; i++)
		if (dup2(fd[i] >= 0 ? fd[i] : null_fd, i) < 0)
			return -errno;
	if (fd[EXTRA_FD] < 0) {
		close(EXTRA_FD);
		return 0;
	}
	return dup2(fd[EXTRA_FD], EXTRA_FD) < 0 ? -errno : 0;
}

static void set_oom_score(int adj)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", adj);
	/* A kernel without it protects nobody; the program runs all the
	 * same. */
	(void)!file_write(AT_FDCWD, "/proc/self/oom_score_adj", text);
}

static void take_foreground(void)
{
	/* Asked for from the background it would stop us. */
	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGTTOU, SIG_DFL);
}

static void exec_child(const struct spawn *what, int errors)
{
	int r;

	signals_reset();
	if (what->session)
		setsid();
	if (what->dies_with_us)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (what->small_pages)
		(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	r = place_fds(what, &errors);
	if (r == 0) {
		close_range(EXTRA_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
		if (what->tty)
			(void)ioctl(STDIN_FILENO, TIOCSCTTY, 1);
		if (what->foreground)
			take_foreground();
		if (what->oom_score_adj)
			set_oom_score(what->oom_score_adj);
		if (what->env)
			execvpe(what->argv[0], (char *const *)what->argv,
				(char *const *)what->env);
		else
			execvp(what->argv[0], (char *const *)what->argv);
		r = -errno;
	}
	(void)!write(errors, &r, sizeof(r));
}

pid_t spawn(const struct spawn *what, struct failure *failure)
{
	_cleanup_fd int theirs = FD_NONE, ours = FD_NONE;
	int ends[2], r = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "cannot start %s",
				     what->argv[0]);
	ours = ends[0];
	theirs = ends[1];
	pid = fork();
	if (pid < 0)
		return failure_errno(failure, errno, "cannot start %s",
				     what->argv[0]);
	if (pid == 0) {
		exec_child(what, theirs);
		_exit(127);
	}
	theirs = fd_close(theirs);
	if (fd_read_full(ours, &r, sizeof(r)) != sizeof(r))
		return pid;
	waitpid(pid, NULL, 0);
	return failure_errno(failure, -r, "cannot start %s", what->argv[0]);
}

int spawn_wait(const struct spawn *what, struct failure *failure)
{
	pid_t pid = spawn(what, failure);
	int status;

	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failure_errno(failure, errno,
					     "cannot wait for %s",
					     what->argv[0]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
