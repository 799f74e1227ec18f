/* SPDX-License-Identifier: MIT */
/*
 * systemd orders a stop itself when it gets all units in one transaction, so
 * there are two: first what would start services again (sockets, timers,
 * paths), then services. Its own time-outs count; when ours is over first, its
 * jobs go on without us, and a later start replaces them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "takeover/command.h"
#include "takeover/services-internal.h"

#define OUTPUT_MAX (4 * MIB)
#define CGROUP_MAX 8192
#define ANSWER_MS  (20 * MS_PER_S)

/* Starting is not what anybody waits for. */
#define START_MS (180 * MS_PER_S)

static int ask(const char *const *argv, char **ret_text,
	       struct failure *failure)
{
	_cleanup_free char *text = malloc(OUTPUT_MAX);
	int r;

	if (!text)
		return failure_errno(failure, ENOMEM, "systemctl");
	r = command_run(argv, ANSWER_MS, text, OUTPUT_MAX, failure);
	if (r < 0)
		return r;
	/* What it could not find it tells by its status, and the rest. */
	if (r > 0 && text[0] == '\0')
		return failure_set(failure, EIO,
				   "systemctl %s failed with exit status %d: "
				   "is systemd well? (--now leaves services "
				   "alone)",
				   argv[1], r);
	*ret_text = TAKE_PTR(text);
	return 0;
}

/* WORDS… and all names, NULL-terminated, for the caller to free. */
static const char **words_and_names(const char *const *words,
				    const struct services *services)
{
	const char **argv = calloc(services->count + 12, sizeof(const char *));
	size_t count = 0;

	for (; argv && words[count]; count++)
		argv[count] = words[count];
	for (size_t i = 0; argv && i < services->count; i++)
		argv[count++] = services->names[i];
	return argv;
}

/* Those that run, and what is known of them. */
struct survey {
	char *text;
	struct unit *units;
	size_t count;
};

static void survey_free(struct survey *survey)
{
	free(survey->text);
	free(survey->units);
}

static int survey_units(const struct services *services, struct survey *survey,
			struct failure *failure)
{
	static const char *const show[] = {
		"systemctl",
		"show",
		"--no-pager",
		"--property=Id,Names,ActiveState,SubState,DefaultDependencies,"
		"RefuseManualStop,Transient,ExecStop,RequiredBy,BoundBy,"
		"ConsistsOf,PropagatesStopTo",
		"--",
		NULL,
	};
	_cleanup_free const char **argv = words_and_names(show, services);
	int r;

	survey->units = calloc(SERVICES_MAX, sizeof(struct unit));
	if (!argv || !survey->units)
		return failure_errno(failure, ENOMEM, "systemctl");
	if (services->count == 0)
		return 0;
	r = ask(argv, &survey->text, failure);
	if (r == 0)
		survey->count =
			units_parse(survey->text, survey->units, SERVICES_MAX);
	return r;
}

static int list_active(struct services *names, struct failure *failure)
{
	static const char *const list[] = {
		"systemctl",
		"list-units",
		"--plain",
		"--no-legend",
		"--no-pager",
		"--full",
		"--type=service,socket,timer,path",
		"--state=active,activating,reloading",
		NULL,
	};
	_cleanup_free char *text = NULL;
	int r = ask(list, &text, failure);

	if (r == 0)
		units_list_parse(text, names);
	return r;
}

static int systemd_list(struct services *services, struct failure *failure)
{
	_cleanup(survey_free) struct survey survey = { 0 };
	_cleanup_free struct services *active = calloc(1, sizeof(*active));
	char cgroup[CGROUP_MAX];
	int r;

	if (!active)
		return failure_errno(failure, ENOMEM, "the list of services");
	if (file_read(AT_FDCWD, "/proc/self/cgroup", cgroup, sizeof(cgroup)) <
	    0)
		cgroup[0] = '\0';
	r = list_active(active, failure);
	if (r == 0)
		r = survey_units(active, &survey, failure);
	if (r < 0)
		return r;
	units_choose(survey.units, survey.count, cgroup);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < survey.count; i++)
			if (survey.units[i].chosen &&
			    unit_is_trigger(survey.units[i].id) == (pass == 0))
				services_add(services, survey.units[i].id);
	return 0;
}

static int call(const char *verb, const struct services *services,
		int64_t limit_ms, struct failure *failure)
{
	const char *const words[] = { "systemctl", verb, "--no-ask-password",
				      "--", NULL };
	_cleanup_free const char **argv = words_and_names(words, services);

	if (!argv)
		return failure_errno(failure, ENOMEM, "systemctl %s", verb);
	return command_run(argv, limit_ms, NULL, 0, failure);
}

/* Stops those that are triggers, or those that are not, all at once. */
static int stop_some(const struct services *services, bool triggers,
		     unsigned limit_s, struct failure *failure)
{
	_cleanup_free struct services *some = calloc(1, sizeof(*some));
	struct failure why = { 0 };
	int r;

	if (!some)
		return failure_errno(failure, ENOMEM, "systemctl stop");
	for (size_t i = 0; i < services->count; i++)
		if (unit_is_trigger(services->names[i]) == triggers)
			services_add(some, services->names[i]);
	if (some->count == 0)
		return 0;
	r = call("stop", some, limit_s * MS_PER_S, &why);
	/* Who did not stop is found out by asking for their states. */
	if (r == -ETIMEDOUT || r >= 0)
		return 0;
	return failure_set(failure, -r, "%s", why.text);
}

/* What is stopping still counts as stopped: it has to be started again. */
static int find_stopped(const struct services *services, unsigned limit_s,
			struct services *stopped, struct failure *failure)
{
	_cleanup(survey_free) struct survey survey = { 0 };
	int r = survey_units(services, &survey, failure);

	if (r < 0) {
		/* Starting what still runs does no harm. */
		*stopped = *services;
		return r;
	}
	for (size_t i = 0; i < survey.count; i++) {
		const struct unit *unit = &survey.units[i];

		if (unit->active)
			log_warning("%s did not stop within %u s, it will be "
				    "ended with everything else",
				    unit->id, limit_s);
		if (!unit->active || unit->is_stopping)
			services_add(stopped, unit->id);
	}
	return 0;
}

static int systemd_stop(const struct services *services, unsigned limit_s,
			struct services *stopped, struct failure *failure)
{
	struct failure second = { 0 };
	int r = stop_some(services, true, limit_s, failure);
	int found;

	if (r == 0)
		r = stop_some(services, false, limit_s, failure);
	found = find_stopped(services, limit_s, stopped, &second);
	if (r == 0 && found < 0) {
		r = found;
		if (failure)
			*failure = second;
	}
	return r;
}

static int systemd_start(const struct services *stopped,
			 struct failure *failure)
{
	int r = call("start", stopped, START_MS, failure);

	if (r > 0)
		return failure_set(failure, EIO,
				   "not all services could be started again: "
				   "see systemctl --failed");
	return r;
}

const struct services_way services_systemd = {
	.list = systemd_list,
	.stop = systemd_stop,
	.start = systemd_start,
};
