/* SPDX-License-Identifier: MIT */
#include "wire/swap.h"

#include <errno.h>

#include "base/text.h"

static const char *const method_names[] = {
	[SWAP_AUTO] = "auto",
	[SWAP_PTRACE] = "ptrace",
	[SWAP_EXITRD] = "exitrd",
	[SWAP_SOFT_REBOOT] = "soft-reboot",
};

/* Strings one behind the other, each with its NUL. */
static bool are_strings(const char *strings, uint32_t len, size_t size)
{
	return len <= size && (len == 0 || strings[len - 1] == '\0');
}

bool swap_plan_is_sound(const struct swap_plan *plan)
{
	const struct image_start *start = &plan->start;

	return plan->magic == SWAP_MAGIC && plan->method != SWAP_AUTO &&
	       swap_method_name(plan->method) &&
	       str_is_terminated(plan->image, sizeof(plan->image)) &&
	       start->args_len > 0 && start->args[0] == '/' &&
	       are_strings(start->args, start->args_len, sizeof(start->args)) &&
	       are_strings(start->env, start->env_len, sizeof(start->env)) &&
	       str_is_terminated(start->directory, sizeof(start->directory)) &&
	       str_is_terminated(start->user, sizeof(start->user));
}

const char *swap_method_name(uint32_t method)
{
	return method < ARRAY_SIZE(method_names) ? method_names[method] : NULL;
}

int swap_method_parse(const char *name, enum swap_method *ret_method)
{
	for (size_t i = 0; i < ARRAY_SIZE(method_names); i++)
		if (str_eq(name, method_names[i])) {
			*ret_method = (enum swap_method)i;
			return 0;
		}
	return -EINVAL;
}
