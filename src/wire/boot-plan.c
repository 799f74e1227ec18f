/* SPDX-License-Identifier: MIT */
#include "wire/boot-plan.h"

#include <errno.h>

#include "base/text.h"

static const char *const method_names[] = {
	[BOOT_AUTO] = "auto",
	[BOOT_PMEM] = "pmem",
	[BOOT_INITRD] = "initrd",
};

bool boot_plan_is_sound(const struct boot_plan *plan)
{
	return plan->magic == BOOT_PLAN_MAGIC &&
	       boot_method_name(plan->method) && *plan->reference &&
	       str_is_terminated(plan->reference, sizeof(plan->reference)) &&
	       str_is_terminated(plan->sha256, sizeof(plan->sha256)) &&
	       (!*plan->sha256 || control_sha256_valid(plan->sha256)) &&
	       str_is_terminated(plan->entry, sizeof(plan->entry)) &&
	       str_is_terminated(plan->append, sizeof(plan->append)) &&
	       plan->key_count <= BOOT_KEYS_MAX;
}

bool live_plan_is_sound(const struct live_plan *plan)
{
	return plan->magic == LIVE_PLAN_MAGIC &&
	       str_is_terminated(plan->device, sizeof(plan->device)) &&
	       !strchr(plan->device, '/') && plan->device[0] != '.' &&
	       str_is_terminated(plan->cmdline, sizeof(plan->cmdline));
}

const char *boot_method_name(uint32_t method)
{
	return method < ARRAY_SIZE(method_names) ? method_names[method] : NULL;
}

int boot_method_parse(const char *name, enum boot_method *ret_method)
{
	for (size_t i = 0; i < ARRAY_SIZE(method_names); i++)
		if (str_eq(name, method_names[i])) {
			*ret_method = (enum boot_method)i;
			return 0;
		}
	return -EINVAL;
}
