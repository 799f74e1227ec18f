/* SPDX-License-Identifier: MIT */
/*
 * Of OpenRC's, what the runlevel "default" has and what was started: the
 * levels before it are the system's own. rc-service(8) stops first what needs a
 * service, and starts first what it needs, so that their order here does not
 * matter.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "takeover/services-internal.h"

#define RUNLEVEL "/etc/runlevels/default"
#define STARTED	 "/run/openrc/started/"
#define START_S	 180

static const char *const rc_service_words[] = { "rc-service", "--", NULL };
static const struct services_tool rc_service = { rc_service_words, "" };

static bool is_started(const char *name)
{
	char path[SERVICES_NAME_MAX + 32];

	snprintf(path, sizeof(path), STARTED "%s", name);
	return access(path, F_OK) == 0;
}

static int openrc_list(struct services *services, struct failure *failure)
{
	struct dirent **names = NULL;
	int count = scandir(RUNLEVEL, &names, NULL, alphasort);

	if (count < 0)
		return failure_errno(failure, errno,
				     "%s: cannot list OpenRC's services "
				     "(--now leaves them alone)",
				     RUNLEVEL);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (name[0] != '.' && !service_is_kept(name) &&
		    is_started(name))
			services_add(services, name);
		free(names[i]);
	}
	free(names);
	return 0;
}

static int openrc_stop(const struct services *services, unsigned limit_s,
		       struct services *stopped,
		       struct failure *failure _unused)
{
	for (size_t i = 0; i < services->count; i++) {
		const char *name = services->names[i];
		struct failure why = { 0 };
		int r = 0;

		/* One that it needs may have taken it along. */
		if (is_started(name))
			r = services_call(&rc_service, name, "stop", limit_s,
					  &why);
		if (r < 0)
			log_warning("%s; it will be ended with everything else",
				    why.text);
		if (!is_started(name))
			services_add(stopped, name);
	}
	return 0;
}

static int openrc_start(const struct services *stopped, struct failure *failure)
{
	int r = 0;

	for (size_t i = stopped->count; i-- > 0;) {
		int started =
			services_call(&rc_service, stopped->names[i], "start",
				      START_S, r < 0 ? NULL : failure);

		r = r < 0 ? r : started;
	}
	return r;
}

const struct services_way services_openrc = {
	.list = openrc_list,
	.stop = openrc_stop,
	.start = openrc_start,
};
