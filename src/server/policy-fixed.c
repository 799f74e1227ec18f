/* SPDX-License-Identifier: MIT */
#include "server/policy-fixed.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/policy-cmdline.h"

static int resolve(const struct place_base *base, const char *option,
		   const char *text, char **ret_place, struct failure *failure)
{
	struct failure why;
	int r = place_resolve(base, text, ret_place, &why);

	if (r == 0)
		r = place_check(*ret_place, &why);
	if (r < 0)
		return failure_set(failure, -r, "%s: %s", option, why.text);
	return 0;
}

static int fill_static(struct plan *plan, const struct serve_settings *settings,
		       const struct place_base *base, struct failure *failure)
{
	struct failure why;
	int r;

	plan->kind = PLAN_LINUX;
	r = resolve(base, "--kernel", settings->kernel, &plan->kernel, failure);
	for (size_t i = 0; i < settings->initrd_count && r == 0; i++) {
		r = resolve(base, "--initrd", settings->initrds[i],
			    &plan->initrds[i], failure);
		plan->initrd_count += plan->initrds[i] != NULL;
	}
	if (r < 0 || !settings->cmdline)
		return r;
	r = plan_add_template(plan, settings->cmdline, base, &why);
	if (r < 0)
		return failure_set(failure, -r, "--cmdline: %s", why.text);
	r = place_check_all(plan, &why);
	return r < 0 ? failure_set(failure, -r, "--cmdline: %s", why.text) : 0;
}

int fixed_plan_new(const struct serve_settings *settings,
		   const struct bootstrap *bootstrap, struct plan **ret_plan,
		   struct failure *failure)
{
	bool is_static = settings->mode == SERVE_STATIC;
	_cleanup_plan struct plan *plan =
		plan_new(is_static ? "--kernel" : settings->dir);
	char cwd[PATH_MAX];
	struct place_base base = { .dir = getcwd(cwd, sizeof(cwd)) };
	int r;

	if (!plan)
		return failure_errno(failure, ENOMEM, "the plan");
	r = is_static ? fill_static(plan, settings, &base, failure)
		      : bootstrap_plan(bootstrap, plan, failure);
	if (r < 0)
		return r;
	if (settings->message) {
		plan->message = strdup(settings->message);
		if (!plan->message)
			return failure_errno(failure, ENOMEM, "--message");
	}
	*ret_plan = TAKE_PTR(plan);
	return 0;
}
