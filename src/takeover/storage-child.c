/* SPDX-License-Identifier: MIT */
/*
 * An unmount can wait for ever for a server that is gone, and nothing ends it.
 * So a child does it: if that hangs, the new system starts with a process that
 * hangs, and not never. The kernel has taken the mount out of our sight by
 * then.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "takeover/storage-internal.h"

#define CHILD_LIMIT_MS 5000
#define PAUSE_MS       5
/* Servers that are gone; further ones are not waited for. */
#define STUCK_MAX 4

int storage_in_child(int (*work)(const void *what), const void *what)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * NS_PER_MS };
	static unsigned stuck;
	int64_t deadline = clock_ms() + CHILD_LIMIT_MS;
	int status;
	pid_t pid;

	if (stuck >= STUCK_MAX)
		return -ETIMEDOUT;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close_range(0, ~0U, 0);
		_exit(-work(what) & 0xff);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_ms() >= deadline) {
			stuck++;
			(void)kill(pid, SIGKILL);
			return -ETIMEDOUT;
		}
		(void)nanosleep(&pause, NULL);
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
