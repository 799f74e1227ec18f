/* SPDX-License-Identifier: MIT */
#include "takeover/services.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "takeover/command.h"
#include "takeover/services-internal.h"

static const struct services_way *way_of(enum init_kind init)
{
	switch (init) {
	case INIT_SYSTEMD:
		return &services_systemd;
	case INIT_SYSVINIT:
		return &services_sysv;
	case INIT_OPENRC:
		return &services_openrc;
	case INIT_UNKNOWN:
	case INIT_BUSYBOX:
	case INIT_RUNIT:
		break;
	}
	return NULL;
}

int services_list(enum init_kind init, struct services *ret_services,
		  struct failure *failure)
{
	const struct services_way *way = way_of(init);

	ret_services->count = 0;
	return way ? way->list(ret_services, failure) : 0;
}

int services_stop(enum init_kind init, const struct services *services,
		  unsigned limit_s, struct services *ret_stopped,
		  struct failure *failure)
{
	const struct services_way *way = way_of(init);

	ret_stopped->count = 0;
	return way && services->count
		       ? way->stop(services, limit_s, ret_stopped, failure)
		       : 0;
}

int services_start(enum init_kind init, const struct services *stopped,
		   struct failure *failure)
{
	const struct services_way *way = way_of(init);

	return way && stopped->count ? way->start(stopped, failure) : 0;
}

void services_add(struct services *services, const char *name)
{
	if (services->count >= SERVICES_MAX)
		log_warning("%s is not stopped in its own way, only %d "
			    "services are",
			    name, SERVICES_MAX);
	else if (!str_copy(services->names[services->count], SERVICES_NAME_MAX,
			   name))
		log_warning("%s is not stopped in its own way: its name is "
			    "too long",
			    name);
	else
		services->count++;
}

int services_call(const struct services_tool *tool, const char *name,
		  const char *verb, unsigned limit_s, struct failure *failure)
{
	const char *argv[8];
	char word[SERVICES_NAME_MAX + 64];
	size_t count = 0;
	int r;

	while (count < ARRAY_SIZE(argv) - 3 && tool->before[count]) {
		argv[count] = tool->before[count];
		count++;
	}
	snprintf(word, sizeof(word), "%s%s", tool->directory, name);
	argv[count++] = word;
	argv[count++] = verb;
	argv[count] = NULL;
	r = command_run(argv, limit_s * MS_PER_S, NULL, 0, failure);
	if (r == -ETIMEDOUT)
		return failure_set(failure, ETIMEDOUT,
				   "%s did not %s within %u s", word, verb,
				   limit_s);
	if (r > 0)
		return failure_set(failure, EIO,
				   "%s %s failed with exit status %d", word,
				   verb, r);
	return r;
}
