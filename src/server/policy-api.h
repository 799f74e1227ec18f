/* SPDX-License-Identifier: MIT */
/* The machines that the boot API is asked for. policy.h says how. */
#pragma once

#include "server/policy-bootstrap.h"
#include "server/policy.h"

struct policy_api;

/* bootstrap must outlive it. -EINVAL: settings->api is no http(s) URL. */
int policy_api_new(struct loop *loop, const struct serve_settings *settings,
		   const struct bootstrap *bootstrap,
		   struct policy_api **ret_api, struct failure *failure)
	_must_check;
/* Nobody is answered any more. */
struct policy_api *policy_api_free(struct policy_api *api);

void policy_api_ask(struct policy_api *api, struct question *question);
void policy_api_cancel(struct policy_api *api, struct question *question);
/* Kept answers are too old from now on. */
void policy_api_forget(struct policy_api *api);
