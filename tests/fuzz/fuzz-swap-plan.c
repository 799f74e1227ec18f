/* SPDX-License-Identifier: MIT */
/*
 * A plan is 14 kB that is hardly ever more than a few words, so the input is
 * those: the numbers, and for each text how it is filled and how it begins.
 */
#include <stdlib.h>
#include <string.h>

#include "root/program.h"
#include "wire/swap.h"
#include "wire/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_text(struct view *input, char *text, size_t size)
{
	uint16_t fill_len = view_be16(input);
	uint8_t fill = view_u8(input);
	struct view head = view_sub(input, view_u8(input));

	memset(text, fill, MIN(fill_len, size));
	if (!input->bad && head.left > 0)
		memcpy(text, head.at, MIN(head.left, size));
}

static void make_plan(struct view *input, struct swap_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->magic = view_be32(input);
	plan->flags = view_be32(input);
	plan->method = view_be32(input);
	plan->start.args_len = view_be32(input);
	plan->start.env_len = view_be32(input);
	make_text(input, plan->image, sizeof(plan->image));
	make_text(input, plan->start.args, sizeof(plan->start.args));
	make_text(input, plan->start.env, sizeof(plan->start.env));
	make_text(input, plan->start.directory, sizeof(plan->start.directory));
	make_text(input, plan->start.user, sizeof(plan->start.user));
}

/* As program_of_image() goes through them, into a list of so many. */
static void walk(const char *strings, uint32_t len, size_t list_max)
{
	size_t count = 0;

	for (uint32_t at = 0; at < len; count++)
		at += (uint32_t)strnlen(&strings[at], len - at) + 1;
	if (count >= list_max)
		abort();
}

static void must_end(const char *text, size_t size)
{
	if (strnlen(text, size) == size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct swap_plan plan;
	struct view input = view_over(data, size);

	make_plan(&input, &plan);
	if (!swap_plan_is_sound(&plan))
		return 0;
	if (plan.start.args[0] != '/' || !swap_method_name(plan.method))
		abort();
	walk(plan.start.args, plan.start.args_len, PROGRAM_ARGS_MAX);
	walk(plan.start.env, plan.start.env_len, PROGRAM_ENV_MAX);
	must_end(plan.start.args, plan.start.args_len);
	must_end(plan.image, sizeof(plan.image));
	must_end(plan.start.directory, sizeof(plan.start.directory));
	must_end(plan.start.user, sizeof(plan.start.user));
	return 0;
}
