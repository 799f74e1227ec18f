/* SPDX-License-Identifier: MIT */
#include "cli/status-text.h"

#include <inttypes.h>

#include "base/text.h"

const char *status_phase_name(uint32_t phase)
{
	static const char *const names[] = {
		[PHASE_BOOTSTRAP] = "bootstrap",
		[PHASE_LOADING] = "loading",
		[PHASE_TARGET] = "target",
		[PHASE_RETURNING] = "returning",
	};

	return phase < ARRAY_SIZE(names) ? names[phase] : "unknown";
}

static void print_uptime(FILE *out, uint64_t seconds)
{
	uint64_t minutes = seconds / 60, hours = minutes / 60;

	fprintf(out, "up           ");
	if (hours > 0)
		fprintf(out, "%" PRIu64 " h %" PRIu64 " min\n", hours,
			minutes % 60);
	else if (minutes > 0)
		fprintf(out, "%" PRIu64 " min %" PRIu64 " s\n", minutes,
			seconds % 60);
	else
		fprintf(out, "%" PRIu64 " s\n", seconds);
}

static const char *or_none(const char *text)
{
	return *text ? text : "none";
}

void status_print_return(FILE *out, const struct status *status)
{
	const struct leaks *leaks = &status->leaks;

	if (status->returns == 0)
		return;
	fprintf(out, "last return  %" PRIu64 ".%02" PRIu64 " s, by %s; ",
		status->return_ms / 1000, status->return_ms % 1000 / 10,
		status->return_reason);
	if (leaks->count == 0)
		fprintf(out, "nothing leaked\n");
	else
		fprintf(out, "%" PRIu32 " leaks found, %" PRIu32 " undone\n",
			leaks->count, leaks->undone);
}

static void print_leaks(FILE *out, const struct leaks *leaks)
{
	for (uint32_t i = 0; i < leaks->listed; i++)
		fprintf(out, "  %-9s  %s\n",
			leaks->list[i].undone ? "undone" : "remains",
			leaks->list[i].what);
	if (leaks->count > leaks->listed)
		fprintf(out, "  and %" PRIu32 " more\n",
			leaks->count - leaks->listed);
}

void status_print(FILE *out, const struct status *status)
{
	char available[SIZE_TEXT_MAX], total[SIZE_TEXT_MAX];

	fprintf(out, "phase        %s\n", status_phase_name(status->phase));
	fprintf(out, "image        %s\n", or_none(status->image));
	fprintf(out, "network      %s\n", or_none(status->network));
	fprintf(out, "memory       %s of %s available\n",
		size_text(status->memory_available, available),
		size_text(status->memory_total, total));
	print_uptime(out, status->uptime_ms / 1000);
	fprintf(out, "loads        %" PRIu32 ", returns %" PRIu32 "\n",
		status->loads, status->returns);
	if (status->failure.err)
		fprintf(out, "load failed  %s\n", status->failure.text);
	status_print_return(out, status);
	if (status->returns > 0)
		print_leaks(out, &status->leaks);
}

static json_t *json_text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *leaks_json(const struct leaks *leaks)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < leaks->listed; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:b}", "what",
						leaks->list[i].what, "undone",
						leaks->list[i].undone != 0));
	return list;
}

static json_t *return_json(const struct status *status)
{
	const struct leaks *leaks = &status->leaks;

	if (status->returns == 0)
		return json_null();
	return json_pack("{s:I, s:s, s:I, s:I, s:o}", "ms",
			 (json_int_t)status->return_ms, "reason",
			 status->return_reason, "leaks_found",
			 (json_int_t)leaks->count, "leaks_undone",
			 (json_int_t)leaks->undone, "leaks", leaks_json(leaks));
}

json_t *status_json(const struct status *status)
{
	const struct failure *failure = &status->failure;
	const struct {
		const char *key;
		json_t *value;
	} rows[] = {
		{ "phase", json_string(status_phase_name(status->phase)) },
		{ "image", json_text_or_null(status->image) },
		{ "boot_time", json_integer(status->boot_time) },
		{ "uptime_ms", json_integer((json_int_t)status->uptime_ms) },
		{ "memory_total",
		  json_integer((json_int_t)status->memory_total) },
		{ "memory_available",
		  json_integer((json_int_t)status->memory_available) },
		{ "network", json_text_or_null(status->network) },
		{ "loads", json_integer(status->loads) },
		{ "returns", json_integer(status->returns) },
		{ "last_return", return_json(status) },
		{ "last_failure",
		  json_text_or_null(failure->err ? failure->text : "") },
	};
	json_t *object = json_object();
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		r |= json_object_set_new(object, rows[i].key, rows[i].value);
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}
