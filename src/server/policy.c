/* SPDX-License-Identifier: MIT */
#include "server/policy.h"

#include <errno.h>

#include "base/cleanup.h"
#include "server/policy-api.h"
#include "server/policy-fixed.h"

struct policy {
	struct loop *loop;
	const struct serve_settings *settings;
	struct bootstrap bootstrap;
	struct plan *fixed;	/* NULL: machines differ */
	struct policy_api *api; /* NULL: none is asked */
};

static bool has_fixed(const struct serve_settings *settings)
{
	return settings->mode == SERVE_DIR || settings->mode == SERVE_STATIC;
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
	policy->bootstrap.dir_fd = FD_NONE;
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
	plan_drop(policy->fixed);
	bootstrap_close(&policy->bootstrap);
	free(policy);
	return NULL;
}

void policy_ask(struct policy *policy, struct question *question)
{
	question->pending = NULL;
	if (policy->api)
		policy_api_ask(policy->api, question);
	else
		question->answered(question, policy->fixed);
}

void policy_cancel(struct policy *policy, struct question *question)
{
	if (policy->api)
		policy_api_cancel(policy->api, question);
}

int policy_reload(struct policy *policy, struct failure *failure _unused)
{
	if (policy->api)
		policy_api_forget(policy->api);
	return 0;
}
