/* SPDX-License-Identifier: MIT */
/*
 * A unit is stopped when it
 *   is a service, socket, timer or path, and active;
 *   has default dependencies: those without belong to the boot or the shutdown;
 *   could be started again: a transient one is gone once it has stopped;
 *   has something to stop: one that only remains after it ran (a oneshot) has
 *     not, and would run again when it is started again, unless it brings a
 *     command for its stop;
 *   carries nothing that we need, and takes nothing along that does.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "takeover/services-internal.h"

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

bool unit_is_trigger(const char *name)
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

	return (is_service(unit->id) || unit_is_trigger(unit->id)) &&
	       unit->active && unit->has_defaults && !unit->may_not_stop &&
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
