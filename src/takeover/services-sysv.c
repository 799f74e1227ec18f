/* SPDX-License-Identifier: MIT */
/*
 * sysvinit stops what has a K link in rc0.d, in their order; of those, what the
 * current runlevel has started. The scripts are the ones that shutdown(8) would
 * run, one after the other.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "takeover/command.h"
#include "takeover/services-internal.h"

#define SCRIPTS	  "/etc/init.d/"
#define ANSWER_MS (5 * MS_PER_S)
#define START_S	  180

/* Debian's, and what came of Red Hat's. */
static const char *const rc_bases[] = { "/etc", "/etc/rc.d" };

const char *rc_link_service(const char *name, char kind)
{
	if (name[0] != kind || !isdigit((unsigned char)name[1]) ||
	    !isdigit((unsigned char)name[2]) || name[3] == '\0')
		return NULL;
	return name + 3;
}

char runlevel_parse(const char *text)
{
	const char *space = strchr(text, ' ');
	char level = space ? space[1] : '\0';

	return level >= '0' && level <= '9' &&
			       (space[2] == '\0' || space[2] == '\n')
		       ? level
		       : '\0';
}

static char current_runlevel(void)
{
	static const char *const ask[] = { "runlevel", NULL };
	char text[32], level = '\0';

	if (command_run(ask, ANSWER_MS, text, sizeof(text), NULL) == 0)
		level = runlevel_parse(text);
	/* Debian's default. */
	return level ? level : '2';
}

static int open_level(const char *base, char level, struct dirent ***ret_names)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/rc%c.d", base, level);
	return scandir(path, ret_names, NULL, alphasort);
}

static void free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static bool has_service(struct dirent *const *names, int count, char kind,
			const char *service)
{
	for (int i = 0; i < count; i++) {
		const char *name = rc_link_service(names[i]->d_name, kind);

		if (name && str_eq(name, service))
			return true;
	}
	return false;
}

static void choose(struct dirent *const *down, int down_count,
		   struct dirent *const *up, int up_count,
		   struct services *services)
{
	for (int i = 0; i < down_count; i++) {
		const char *name = rc_link_service(down[i]->d_name, 'K');

		if (name && !service_is_kept(name) &&
		    has_service(up, up_count, 'S', name))
			services_add(services, name);
	}
}

static int sysv_list(struct services *services, struct failure *failure _unused)
{
	char level = current_runlevel();

	for (size_t i = 0; i < ARRAY_SIZE(rc_bases); i++) {
		struct dirent **down = NULL, **up = NULL;
		int down_count = open_level(rc_bases[i], '0', &down);
		int up_count = open_level(rc_bases[i], level, &up);

		choose(down, down_count, up, up_count, services);
		free_names(down, down_count);
		free_names(up, up_count);
		if (down_count > 0)
			return 0;
	}
	return 0;
}

static const char *const no_words[] = { NULL };
static const struct services_tool script = { no_words, SCRIPTS };

static int sysv_stop(const struct services *services, unsigned limit_s,
		     struct services *stopped, struct failure *failure _unused)
{
	for (size_t i = 0; i < services->count; i++) {
		const char *name = services->names[i];
		struct failure why = { 0 };

		/* It may have stopped half: it is started again, too. */
		services_add(stopped, name);
		if (services_call(&script, name, "stop", limit_s, &why) < 0)
			log_warning("%s; it will be ended with everything else",
				    why.text);
	}
	return 0;
}

static int sysv_start(const struct services *stopped, struct failure *failure)
{
	int r = 0;

	for (size_t i = stopped->count; i-- > 0;) {
		int started = services_call(&script, stopped->names[i], "start",
					    START_S, r < 0 ? NULL : failure);

		r = r < 0 ? r : started;
	}
	return r;
}

const struct services_way services_sysv = {
	.list = sysv_list,
	.stop = sysv_stop,
	.start = sysv_start,
};
