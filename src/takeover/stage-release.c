/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "root/become.h"
#include "takeover/announce.h"
#include "takeover/machine.h"
#include "takeover/stage-internal.h"
#include "takeover/stage.h"
#include "takeover/storage.h"

/* Returns only with a failure. */
static int start(const struct stage *stage, struct failure *failure)
{
	const struct program *program = &stage->program;
	int r;

	announce("starting %s of %s", program->path, stage->plan.image);
	become_reset();
	r = become_open_console(failure);
	if (r == 0 && program->own)
		r = become_user(program, machine_is_ours(), failure);
	return r < 0 ? r : become_exec(program, failure);
}

/* Returns only with a failure. */
static int release(struct failure *failure)
{
	static struct stage stage;
	_cleanup_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root_fd < 0)
		return failure_errno(failure, errno, "cannot open the root");
	r = stage_read(root_fd, &stage, failure);
	if (r < 0)
		return r;
	return start(&stage, failure);
}

void stage_release(void)
{
	struct failure failure = { 0 };

	stage_begin();
	announce_report(SWAP_REPORT);
	(void)!release(&failure);
	stage_fail(&failure, false);
}
