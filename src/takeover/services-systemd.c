/* SPDX-License-Identifier: MIT */
/*
 * systemd orders a stop itself when it gets all units in one transaction, so
 * there are two: first what would start services again (sockets, timers,
 * paths), then services. Its own time-outs count; when ours is over first, its
 * jobs go on without us, and a later start replaces them.
 *
 * A unit is stopped when it
 *   is a service, socket, timer or path, and active;
 *   has default dependencies: those without belong to the boot or the shutdown;
 *   could be started again: a transient one is gone once it has stopped;
 *   has something to stop: one that only remains after it ran (a oneshot) has
 *     not, and would run again when it is started again, unless it brings a
 *     command for its stop;
 *   carries nothing that we need, and takes nothing along that does.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
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

/* --- what systemctl tells --- */

void units_list_parse(const char *text, struct services *names)
{
	while (*text) {
		size_t line_len = strcspn(text, "\n"), len;
		char name[SERVICES_NAME_MAX];

		/* Some versions mark failed units, even with --plain. */
		while (line_len &&
		       (*text == ' ' || (*text & 0x80) || *text == '*')) {
			text++;
			line_len--;
		}
		len = strcspn(text, " \n");
		if (len > 0 && len < sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)len, text);
			services_add(names, name);
		}
		text += line_len + (text[line_len] == '\n');
	}
}

static void set_state(struct unit *unit, const char *state)
{
	unit->is_stopping = str_eq(state, "deactivating");
	unit->active = unit->is_stopping || str_eq(state, "active") ||
		       str_eq(state, "reloading") ||
		       str_eq(state, "activating");
}

static void set_property(struct unit *unit, const char *name, const char *value)
{
	bool yes = str_eq(value, "yes");

	if (str_eq(name, "Id"))
		unit->id = value;
	else if (str_eq(name, "Names"))
		unit->names = value;
	else if (str_eq(name, "SubState"))
		unit->sub_state = value;
	else if (str_eq(name, "RequiredBy"))
		unit->dependents = value;
	else if (str_eq(name, "BoundBy"))
		unit->more_dependents[0] = value;
	else if (str_eq(name, "ConsistsOf"))
		unit->more_dependents[1] = value;
	else if (str_eq(name, "PropagatesStopTo"))
		unit->more_dependents[2] = value;
	else if (str_eq(name, "DefaultDependencies"))
		unit->has_defaults = yes;
	else if (str_eq(name, "RefuseManualStop"))
		unit->may_not_stop = yes;
	else if (str_eq(name, "Transient"))
		unit->is_transient = yes;
	else if (str_eq(name, "ExecStop"))
		unit->has_stop = unit->has_stop || *value;
	else if (str_eq(name, "ActiveState"))
		set_state(unit, value);
}

size_t units_parse(char *text, struct unit *units, size_t max)
{
	struct unit unit = { 0 };
	size_t count = 0;
	char *line;

	/* An empty line lies between two units. */
	while ((line = strsep(&text, "\n")) && count < max) {
		char *equals = strchr(line, '=');

		if (equals) {
			*equals = '\0';
			set_property(&unit, line, equals + 1);
		}
		if ((*line == '\0' || !text) && unit.id) {
			units[count++] = unit;
			unit = (struct unit){ 0 };
		}
	}
	return count;
}

/* --- what is stopped --- */

/* Takes the next word, unquoted: with a backslash in it, it comes as
 * "odd\\x2dname.service", in quotes and escaped. One too long is cut, and so
 * is nobody's name. Returns what is behind it, or NULL at the end. */
static const char *next_word(const char *words, char word[SERVICES_NAME_MAX])
{
	size_t len = 0;
	bool quoted;

	while (*words == ' ')
		words++;
	quoted = *words == '"';
	if (*words == '\0')
		return NULL;
	words += quoted;
	while (*words && *words != (quoted ? '"' : ' ')) {
		if (quoted && words[0] == '\\' && words[1])
			words++;
		if (len < SERVICES_NAME_MAX - 1)
			word[len++] = *words;
		words++;
	}
	word[len] = '\0';
	return *words ? words + 1 : words;
}

/* Asks about each word; ends with the first that is so. */
static bool any_word(const char *words,
		     bool (*is)(const char *word, const void *context),
		     const void *context)
{
	char word[SERVICES_NAME_MAX];

	while (words && (words = next_word(words, word)))
		if (is(word, context))
			return true;
	return false;
}

static bool has_suffix(const char *name, const char *const *suffixes,
		       size_t count)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < count; i++)
		if (str_eq(dot + 1, suffixes[i]))
			return true;
	return false;
}

static bool is_trigger(const char *name)
{
	static const char *const kinds[] = { "socket", "timer", "path" };

	return has_suffix(name, kinds, ARRAY_SIZE(kinds));
}

static bool is_service(const char *name)
{
	static const char *const kinds[] = { "service" };

	return has_suffix(name, kinds, ARRAY_SIZE(kinds));
}

/* Kinds that nobody stops here, but that would go down with what they
 * require. */
static bool is_untouchable(const char *name)
{
	static const char *const kinds[] = { "mount", "automount", "swap",
					     "scope", "slice" };

	return has_suffix(name, kinds, ARRAY_SIZE(kinds));
}

static bool is_kept_unit(const char *name, const void *context _unused)
{
	char base[SERVICES_NAME_MAX];
	char *dot;

	str_copy(base, sizeof(base), name);
	dot = strrchr(base, '.');
	if (dot)
		*dot = '\0';
	return service_is_kept(base);
}

/* Whether name is a directory of a cgroup path: what runs there has us in
 * it. */
static bool is_in_cgroup(const char *name, const void *context)
{
	const char *cgroup = context;
	size_t len = strlen(name);

	while ((cgroup = strchr(cgroup, '/'))) {
		cgroup++;
		if (strncmp(cgroup, name, len) == 0 &&
		    strchr("/\n", cgroup[len]))
			return true;
	}
	return false;
}

static bool could_stop(const struct unit *unit, const char *cgroup)
{
	const char *names = unit->names ? unit->names : unit->id;
	bool only_remains = unit->sub_state &&
			    str_eq(unit->sub_state, "exited") &&
			    !unit->has_stop;

	return (is_service(unit->id) || is_trigger(unit->id)) && unit->active &&
	       unit->has_defaults && !unit->may_not_stop &&
	       !unit->is_transient && !only_remains &&
	       !any_word(names, is_kept_unit, NULL) &&
	       !any_word(names, is_in_cgroup, cgroup);
}

struct unit_list {
	const struct unit *units;
	size_t count;
};

static bool is_word(const char *word, const void *context)
{
	return str_eq(word, context);
}

/* Whether what is called name runs and shall go on to. */
static bool shall_stay(const char *name, const void *context)
{
	const struct unit_list *list = context;

	if (is_untouchable(name))
		return true;
	for (size_t i = 0; i < list->count; i++) {
		const struct unit *unit = &list->units[i];

		if (unit->active && !unit->chosen &&
		    (str_eq(unit->id, name) ||
		     any_word(unit->names, is_word, name)))
			return true;
	}
	return false;
}

static bool takes_along(const struct unit *unit, const struct unit_list *list)
{
	if (any_word(unit->dependents, shall_stay, list))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(unit->more_dependents); i++)
		if (any_word(unit->more_dependents[i], shall_stay, list))
			return true;
	return false;
}

void units_choose(struct unit *units, size_t count, const char *cgroup)
{
	struct unit_list list = { units, count };
	bool changed = true;

	for (size_t i = 0; i < count; i++)
		units[i].chosen = could_stop(&units[i], cgroup);
	/* What stays keeps what it requires, and so on. */
	while (changed) {
		changed = false;
		for (size_t i = 0; i < count; i++)
			if (units[i].chosen && takes_along(&units[i], &list)) {
				units[i].chosen = false;
				changed = true;
			}
	}
}

/* --- calling systemctl --- */

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
			    is_trigger(survey.units[i].id) == (pass == 0))
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
		if (is_trigger(services->names[i]) == triggers)
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
