/* SPDX-License-Identifier: MIT */
/* Where nobody has written down which registers a system call takes. */
#include "takeover/inject.h"

#include <errno.h>

static int refuse(pid_t pid, struct failure *failure)
{
	return failure_set(failure, EOPNOTSUPP,
			   "PID %d cannot be taken over on this architecture",
			   pid);
}

int inject_exec(pid_t pid, const char *path, const char *const *argv,
		struct failure *failure)
{
	(void)path;
	(void)argv;
	return refuse(pid, failure);
}

int inject_probe(pid_t pid, struct failure *failure)
{
	return refuse(pid, failure);
}
