/* SPDX-License-Identifier: MIT */
#include "server/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/machines-file.h"
#include "server/policy-api.h"
#include "server/policy-fixed.h"
#include "server/policy-place.h"

/*
 * The machines file comes first, whatever else decides; where that is nothing
 * (SERVE_MACHINES), a machine without a section is left alone.
 */
struct policy {
	struct loop *loop;
	const struct serve_settings *settings;
	struct bootstrap bootstrap;
	struct plan *fixed;	/* NULL: machines differ */
	struct policy_api *api; /* NULL: none is asked */
	struct machines_file *machines;
	struct machines_context machines_context;
	int machines_fd; /* its directory, for privileges are dropped */
	char machines_dir[PATH_MAX];
	struct plan *unlisted;
};

static bool has_fixed(const struct serve_settings *settings)
{
	return settings->mode == SERVE_DIR || settings->mode == SERVE_STATIC;
}

static int open_machines(struct policy *policy, struct failure *failure)
{
	const char *path = policy->settings->machines;
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX], origin[NAME_MAX + 32];
	struct text text = text_over(dir, sizeof(dir));

	text_add(&text, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	if (text.cut)
		return failure_errno(failure, ENAMETOOLONG, "--machines");
	if (slash && !slash[1])
		return failure_errno(failure, EISDIR, "--machines %s", path);
	policy->machines_context = (struct machines_context){
		.name = slash ? slash + 1 : path,
		.dir = policy->machines_dir,
		.bootstrap = &policy->bootstrap,
	};
	policy->machines_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (policy->machines_fd < 0 || !realpath(dir, policy->machines_dir))
		return failure_errno(failure, errno, "--machines %s", path);
	snprintf(origin, sizeof(origin), "%s: no section for it",
		 policy->machines_context.name);
	policy->unlisted = plan_new(origin);
	if (!policy->unlisted)
		return failure_errno(failure, ENOMEM, "--machines %s", path);
	return machines_file_load(&policy->machines_context,
				  policy->machines_fd, &policy->machines,
				  failure);
}

static int open_sources(struct policy *policy, struct failure *failure)
{
	const struct serve_settings *settings = policy->settings;
	int r;

	r = bootstrap_open(&policy->bootstrap, settings->dir,
			   settings->mode == SERVE_DIR, failure);
	if (r == 0 && has_fixed(settings))
		r = fixed_plan_new(settings, &policy->bootstrap, &policy->fixed,
				   failure);
	if (r == 0 && settings->mode == SERVE_API)
		r = policy_api_new(policy->loop, settings, &policy->bootstrap,
				   &policy->api, failure);
	if (r == 0 && settings->machines)
		r = open_machines(policy, failure);
	return r;
}

int policy_new(struct loop *loop, const struct serve_settings *settings,
	       struct policy **ret_policy, struct failure *failure)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	int r;

	if (!policy)
		return failure_errno(failure, ENOMEM, "the policy");
	policy->loop = loop;
	policy->settings = settings;
	policy->bootstrap.dir_fd = policy->machines_fd = FD_NONE;
	r = open_sources(policy, failure);
	if (r < 0)
		policy_free(policy);
	else
		*ret_policy = policy;
	return r;
}

struct policy *policy_free(struct policy *policy)
{
	if (!policy)
		return NULL;
	policy_api_free(policy->api);
	machines_file_free(policy->machines);
	fd_close(policy->machines_fd);
	plan_drop(policy->unlisted);
	plan_drop(policy->fixed);
	bootstrap_close(&policy->bootstrap);
	free(policy);
	return NULL;
}

int policy_check(const struct policy *policy, struct failure *failure)
{
	int r = 0;

	if (policy->bootstrap.complete)
		r = bootstrap_check(&policy->bootstrap, failure);
	if (r == 0 && policy->fixed)
		r = place_check_all(policy->fixed, failure);
	if (r == 0 && policy->machines)
		r = machines_file_check(&policy->machines_context,
					policy->machines, failure);
	return r;
}

void policy_ask(struct policy *policy, struct question *question)
{
	struct plan *plan = NULL;

	question->pending = NULL;
	if (policy->machines)
		plan = machines_file_find(policy->machines,
					  &question->client.mac);
	if (!plan && policy->api) {
		policy_api_ask(policy->api, question);
		return;
	}
	if (!plan)
		plan = policy->fixed ? policy->fixed : policy->unlisted;
	/* The answer may be to read all anew. */
	plan_hold(plan);
	question->answered(question, plan);
	plan_drop(plan);
}

void policy_cancel(struct policy *policy, struct question *question)
{
	if (policy->api)
		policy_api_cancel(policy->api, question);
}

/* All is made anew before anything is replaced. */
int policy_reload(struct policy *policy, struct failure *failure)
{
	struct bootstrap bootstrap = policy->bootstrap;
	struct machines_file *machines = NULL;
	struct machines_context context = policy->machines_context;
	struct plan *fixed = NULL;
	int r = 0;

	context.bootstrap = &bootstrap;
	if (bootstrap.dir)
		r = bootstrap_reload(&bootstrap, failure);
	if (r < 0 && policy->settings->mode != SERVE_DIR)
		r = 0;
	if (r == 0 && policy->machines)
		r = machines_file_load(&context, policy->machines_fd, &machines,
				       failure);
	if (r == 0 && policy->fixed && policy->settings->mode == SERVE_DIR)
		r = fixed_plan_new(policy->settings, &bootstrap, &fixed,
				   failure);
	if (r < 0) {
		machines_file_free(machines);
		return r;
	}
	policy->bootstrap = bootstrap;
	if (machines) {
		machines_file_free(policy->machines);
		policy->machines = machines;
	}
	if (fixed) {
		plan_drop(policy->fixed);
		policy->fixed = fixed;
	}
	if (policy->api)
		policy_api_forget(policy->api);
	return 0;
}
