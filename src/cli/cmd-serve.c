/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/sibling.h"

/* The server is a program of its own, which reads the arguments. */
int cmd_serve(int argc _unused, char **argv)
{
	static char name[] = "boomerang-server";
	char path[PATH_MAX];
	struct failure failure = { 0 };

	if (sibling_find(name, path, &failure) == 0) {
		argv[0] = name; /* for ps(1) */
		execv(path, argv);
		(void)failure_errno(&failure, errno, "cannot run %s", path);
	}
	log_error("boomerang serve: %s", failure.text);
	return STATUS_FAILED;
}
