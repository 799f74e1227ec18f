/* SPDX-License-Identifier: MIT */
/* From the API's bytes to the scripts that machines are given. */
#include "base/cleanup.h"
#include "base/text.h"
#include "server/api-answer.h"
#include "server/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plan(const struct plan *plan)
{
	static char buf[SCRIPT_MAX];
	static const struct signer signer;
	static const struct script_base base = { "http://192.0.2.1:80" };
	static const struct client client = { .arch = ARCH_BIOS };
	size_t len;

	if (plan->kind == PLAN_LINUX && !plan->kernel)
		abort();
	for (size_t i = 0; i < plan->cmdline_count; i++)
		if (strpbrk(plan->cmdline[i].text, "\r\n"))
			abort();
	if (script_ipxe(plan, &client, &signer, &base, buf, sizeof(buf),
			&len) == 0 &&
	    strlen(buf) != len)
		abort();
	if (script_grub(plan, &client, &signer, &base, buf, sizeof(buf),
			&len) == 0 &&
	    strlen(buf) != len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bootstrap bootstrap = {
		.dir = "out",
		.cmdline = "quiet",
		.complete = true,
	};
	static const struct api_context context = {
		.base_url = "http://api:4242/x/v1",
		.bootstrap = &bootstrap,
	};
	struct failure failure;
	struct plan *plan = NULL;

	if (api_answer_parse(&context, (const char *)data, size, &plan,
			     &failure) == 0)
		check_plan(plan);
	plan_drop(plan);
	return 0;
}
