/* SPDX-License-Identifier: MIT */
#include "server/texts.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/policy-bootstrap.h"

static int make(const struct text_request *request, const struct plan *plan,
		char *buf, size_t *ret_len)
{
	const struct client *client = &request->question.client;

	if (request->kind == NAME_GRUB_SCRIPT)
		return script_grub(plan, client, request->signer,
				   &request->base, buf, SCRIPT_MAX, ret_len);
	return script_ipxe(plan, client, request->signer, &request->base, buf,
			   SCRIPT_MAX, ret_len);
}

static enum expectation expected(const struct plan *plan)
{
	switch (plan->kind) {
	case PLAN_IGNORE:
	case PLAN_LOCAL:
	case PLAN_SCRIPT: /* nobody knows what it does */
		return EXPECT_NOTHING;
	case PLAN_LINUX:
		break;
	}
	return bootstrap_is(plan) ? EXPECT_OUR_KERNEL : EXPECT_KERNEL;
}

static void answered(struct question *question, struct plan *plan)
{
	struct text_request *request =
		container_of(question, struct text_request, question);
	_cleanup_free char *buf = malloc(SCRIPT_MAX);
	struct failure failure = { 0 };
	char *body;
	size_t len = 0;
	int r;

	request->expectation = EXPECT_NOTHING;
	r = buf ? make(request, plan, buf, &len) : -ENOMEM;
	if (r < 0) {
		(void)failure_errno(&failure, -r, "the script of %s",
				    plan->origin);
		request->made(request, r, NULL, 0, &failure);
		return;
	}
	request->expectation = expected(plan);
	request->given = plan->kind;
	(void)str_copy(request->origin, sizeof(request->origin), plan->origin);
	body = realloc(buf, len + 1);
	buf = body ? NULL : buf;
	request->made(request, 0, body ? body : TAKE_PTR(buf), len, NULL);
}

void texts_ask(struct policy *policy, struct text_request *request)
{
	request->question.answered = answered;
	policy_ask(policy, &request->question);
}
