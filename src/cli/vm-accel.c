/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/spawn.h"
#include "cli/vm.h"

#define PROBE_MS     (6 * MS_PER_S)
#define PROBE_OUTPUT 65536

/* Whether word comes out of fd within PROBE_MS. */
static bool prints(int fd, const char *word)
{
	static char output[PROBE_OUTPUT];
	int64_t deadline_ms = clock_ms() + PROBE_MS;
	size_t len = 0;

	while (len < sizeof(output)) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - clock_ms();
		ssize_t n;

		if (left_ms <= 0)
			return false;
		if (poll(&wait, 1, (int)left_ms) <= 0)
			continue;
		n = read(fd, output + len, sizeof(output) - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		if (memmem(output, len, word, strlen(word)))
			return true;
	}
	return false;
}

static bool runs(const struct vm_command *command, const char *word)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2];
	struct spawn what = {
		.argv = command->argv,
		.fd = { FD_NONE, FD_NONE, FD_NONE },
		.extra_fd = FD_NONE,
		.dies_with_us = true,
	};
	bool good;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	ours = ends[0];
	theirs = ends[1];
	what.fd[1] = theirs;
	pid = spawn(&what, NULL);
	theirs = fd_close(theirs);
	if (pid < 0)
		return false;
	good = prints(ours, word);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return good;
}

bool vm_kvm_works(const struct vm *vm)
{
	struct vm_command *command;
	const char *word;
	bool good;

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	command = malloc(sizeof(*command));
	good = command && vm_command_probe(vm, command, &word, NULL) == 0 &&
	       runs(command, word);
	free(command);
	return good;
}
