/* SPDX-License-Identifier: MIT */
#include "server/machines-section.h"

#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/text.h"
#include "server/policy-cmdline.h"

static const char *const key_names[SECTION_KEYS] = {
	[KEY_KERNEL] = "kernel",   [KEY_INITRD] = "initrd",
	[KEY_CMDLINE] = "cmdline", [KEY_MESSAGE] = "message",
	[KEY_IMAGE] = "image",	   [KEY_SCRIPT] = "script",
	[KEY_LOADER] = "loader",   [KEY_LOCAL] = "local",
	[KEY_IGNORE] = "ignore",
};

/* What a section does; it does one of these. */
static const enum section_key actions[] = {
	KEY_KERNEL, KEY_IMAGE, KEY_SCRIPT, KEY_LOCAL, KEY_IGNORE,
};

/* --- keys --- */

static int no_memory(struct failure *failure)
{
	return failure_errno(failure, ENOMEM, "the machines file");
}

/* An enum section_key. */
static int find_key(const char *name, struct failure *failure)
{
	const char *near;

	for (int key = 0; key < SECTION_KEYS; key++)
		if (str_eq(key_names[key], name))
			return key;
	near = nearest_name(name, key_names, SECTION_KEYS);
	return failure_set(failure, EBADMSG,
			   "%.60s: there is no such key%s%s%s", name,
			   near ? "; did you mean " : "", near ? near : "",
			   near ? "?" : "");
}

static int add_initrd(struct section_draft *draft, const char *value,
		      struct failure *failure)
{
	if (draft->initrd_count == PLAN_INITRDS_MAX)
		return failure_set(failure, EBADMSG, "more than %d initrds",
				   PLAN_INITRDS_MAX);
	draft->initrds[draft->initrd_count] = strdup(value);
	if (!draft->initrds[draft->initrd_count])
		return no_memory(failure);
	draft->initrd_count++;
	return 0;
}

/* A word for yes is kept, one for no is as if the key were not there. */
static int check_word(const char *name, const char **value,
		      struct failure *failure)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcasecmp(*value, yes[i]) == 0)
			return 0;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(*value, no[i]) == 0) {
			*value = NULL;
			return 0;
		}
	}
	return failure_set(failure, EBADMSG,
			   "%s: \"%.60s\" is neither yes "
			   "nor no",
			   name, *value);
}

int section_set(struct section_draft *draft, const char *name,
		const char *value, unsigned int line, struct failure *failure)
{
	int key = find_key(name, failure), r = 0;

	if (key < 0)
		return key;
	if (draft->lines[key] && key != KEY_INITRD)
		return failure_set(failure, EBADMSG,
				   "%s: is in line %u already", name,
				   draft->lines[key]);
	draft->lines[key] = line;
	if (key == KEY_LOCAL || key == KEY_IGNORE)
		r = check_word(name, &value, failure);
	else if (!value[0] && key != KEY_CMDLINE && key != KEY_MESSAGE)
		r = failure_set(failure, EBADMSG, "%s: has no value", name);
	if (r < 0 || !value)
		return r;
	if (key == KEY_INITRD)
		return add_initrd(draft, value, failure);
	draft->values[key] = strdup(value);
	return draft->values[key] ? 0 : no_memory(failure);
}

void section_clear(struct section_draft *draft)
{
	for (size_t i = 0; i < SECTION_KEYS; i++)
		free(draft->values[i]);
	for (size_t i = 0; i < draft->initrd_count; i++)
		free(draft->initrds[i]);
	*draft = (struct section_draft){ 0 };
}

/* --- the plan --- */

struct building {
	const struct section_draft *draft;
	const struct machines_context *context;
	struct place_base base;
	struct plan *plan;
	unsigned int line;
};

static int wrong(struct building *building, enum section_key key,
		 const char *why, struct failure *failure)
{
	building->line = building->draft->lines[key];
	return failure_set(failure, EBADMSG, "%s: %s", key_names[key], why);
}

static int resolve(struct building *building, enum section_key key,
		   const char *text, char **ret_place, struct failure *failure)
{
	struct failure why;

	if (place_resolve(&building->base, text, ret_place, &why) < 0)
		return wrong(building, key, why.text, failure);
	return 0;
}

/* The one thing the section does. */
static int choose(struct building *building, enum section_key *ret_action,
		  struct failure *failure)
{
	const struct section_draft *draft = building->draft;
	const enum section_key *found = NULL;
	char why[64];

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!draft->values[actions[i]])
			continue;
		if (found) {
			snprintf(why, sizeof(why), "excludes %s of line %u",
				 key_names[*found], draft->lines[*found]);
			return wrong(building, actions[i], why, failure);
		}
		found = &actions[i];
	}
	if (!found)
		return failure_set(failure, EBADMSG,
				   "has none of kernel, image, script, local "
				   "and ignore");
	*ret_action = *found;
	return 0;
}

/* What only a kernel can use. */
static int check_rest(struct building *building, enum section_key action,
		      struct failure *failure)
{
	static const enum section_key rest[] = { KEY_INITRD, KEY_CMDLINE,
						 KEY_MESSAGE };

	if (action == KEY_KERNEL || action == KEY_IMAGE)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		if (building->draft->lines[rest[i]])
			return wrong(building, rest[i], "needs kernel or image",
				     failure);
	return 0;
}

static int add_image(struct building *building, struct failure *failure)
{
	_cleanup_free char *place = NULL;
	struct failure why;
	int r = place_resolve_image(&building->base,
				    building->draft->values[KEY_IMAGE], &place,
				    &why);

	if (r == 0)
		r = bootstrap_plan_image(building->context->bootstrap,
					 building->plan, place, &why);
	if (r < 0)
		return wrong(building, KEY_IMAGE, why.text, failure);
	return plan_add_cmdline(building->plan, false, " ");
}

static int fill_linux(struct building *building, enum section_key action,
		      struct failure *failure)
{
	const struct section_draft *draft = building->draft;
	struct plan *plan = building->plan;
	struct failure why;
	int r;

	plan->kind = PLAN_LINUX;
	if (action == KEY_IMAGE)
		r = add_image(building, failure);
	else
		r = resolve(building, action, draft->values[action],
			    &plan->kernel, failure);
	for (size_t i = 0; i < draft->initrd_count && r == 0; i++) {
		if (plan->initrd_count == PLAN_INITRDS_MAX)
			return wrong(building, KEY_INITRD, "too many", failure);
		r = resolve(building, KEY_INITRD, draft->initrds[i],
			    &plan->initrds[plan->initrd_count], failure);
		plan->initrd_count += r == 0;
	}
	if (r < 0)
		return r;
	if (draft->values[KEY_CMDLINE] &&
	    plan_add_template(plan, draft->values[KEY_CMDLINE], &building->base,
			      &why) < 0)
		return wrong(building, KEY_CMDLINE, why.text, failure);
	if (!draft->values[KEY_MESSAGE])
		return 0;
	plan->message = strdup(draft->values[KEY_MESSAGE]);
	return plan->message ? 0 : no_memory(failure);
}

static int fill(struct building *building, struct failure *failure)
{
	const char *loader = building->draft->values[KEY_LOADER];
	struct plan *plan = building->plan;
	enum section_key action = KEY_IGNORE;
	int r = choose(building, &action, failure);

	if (r == 0)
		r = check_rest(building, action, failure);
	if (r < 0)
		return r;
	if (loader && !plan_loader_fits(loader))
		return wrong(building, KEY_LOADER, "is no name of a file",
			     failure);
	if (loader) {
		plan->loader = strdup(loader);
		if (!plan->loader)
			return no_memory(failure);
	}
	if (action == KEY_IGNORE)
		return 0;
	if (action == KEY_LOCAL) {
		plan->kind = PLAN_LOCAL;
		return 0;
	}
	if (action != KEY_SCRIPT)
		return fill_linux(building, action, failure);
	plan->kind = PLAN_SCRIPT;
	r = resolve(building, action, building->draft->values[action],
		    &plan->script, failure);
	if (r == 0 && place_is_url(plan->script))
		r = wrong(building, action, "is a file of this host", failure);
	return r;
}

int section_plan(const struct section_draft *draft,
		 const struct machines_context *context, const char *origin,
		 struct plan **ret_plan, unsigned int *ret_line,
		 struct failure *failure)
{
	_cleanup_plan struct plan *plan = plan_new(origin);
	struct building building = {
		.draft = draft,
		.context = context,
		.base.dir = context->dir,
		.plan = plan,
	};
	int r;

	*ret_line = 0;
	if (!plan)
		return no_memory(failure);
	r = fill(&building, failure);
	*ret_line = building.line;
	if (r == 0)
		*ret_plan = TAKE_PTR(plan);
	return r;
}
