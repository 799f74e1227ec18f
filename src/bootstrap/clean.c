/* SPDX-License-Identifier: MIT */
#include "bootstrap/clean.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "bootstrap/assemble.h"
#include "bootstrap/worker.h"
#include "root/cgroup.h"
#include "root/vt.h"

/* Long enough for a namespace with tens of thousands of processes. */
#define EMPTY_LIMIT_MS 15000

int clean_run(void *argument, int link)
{
	const struct clean *clean = argument;
	struct failure failure = { 0 };
	struct leaks leaks = { 0 };
	int r = cgroup_remove(EMPTY_LIMIT_MS);

	/* What still lives in it is named by the audit. */
	if (r < 0)
		log_warning("cannot remove the target's cgroup: %s",
			    strerrordesc_np(-r));
	assemble_ended();
	r = 0;
	if (clean->before)
		r = audit_settle(clean->arena, clean->before, &leaks, &failure);
	if (r < 0)
		log_error("the audit failed: %s", failure.text);
	(void)screen_run(NULL, link);
	if (worker_send(link, &leaks, sizeof(leaks), FD_NONE) < 0)
		return 1;
	return r < 0;
}

int trim_run(_unused void *unused, _unused int link)
{
	const char *argv[] = { "/usr/bin/boomerang", "images", "trim", NULL };

	execv(argv[0], (char *const *)argv);
	return 127;
}

int screen_run(_unused void *unused, _unused int link)
{
	int r = vt_reset();

	if (r < 0 && r != -ENODEV)
		log_warning("cannot reset the screen: %s", strerrordesc_np(-r));
	return r < 0;
}
