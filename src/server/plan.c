/* SPDX-License-Identifier: MIT */
#include "server/plan.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "server/loaders.h"

struct plan *plan_new(const char *origin)
{
	_cleanup_free struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	atomic_init(&plan->holders, 1);
	plan->kind = PLAN_IGNORE;
	plan->origin = strdup(origin);
	return plan->origin ? TAKE_PTR(plan) : NULL;
}

struct plan *plan_hold(struct plan *plan)
{
	atomic_fetch_add_explicit(&plan->holders, 1, memory_order_relaxed);
	return plan;
}

struct plan *plan_drop(struct plan *plan)
{
	if (!plan || atomic_fetch_sub_explicit(&plan->holders, 1,
					       memory_order_acq_rel) > 1)
		return NULL;
	free(plan->kernel);
	for (size_t i = 0; i < plan->initrd_count; i++)
		free(plan->initrds[i]);
	for (size_t i = 0; i < plan->cmdline_count; i++)
		free(plan->cmdline[i].text);
	free(plan->cmdline);
	free(plan->message);
	free(plan->script);
	free(plan->loader);
	free(plan->origin);
	free(plan);
	return NULL;
}

int plan_add_cmdline(struct plan *plan, bool is_file, const char *text)
{
	_cleanup_free char *copy = strdup(text);
	struct plan_piece *pieces;

	pieces = reallocarray(plan->cmdline, plan->cmdline_count + 1,
			      sizeof(*pieces));
	if (pieces)
		plan->cmdline = pieces;
	if (!pieces || !copy)
		return -ENOMEM;
	pieces[plan->cmdline_count++] = (struct plan_piece){
		.is_file = is_file,
		.text = TAKE_PTR(copy),
	};
	return 0;
}

bool plan_loader_fits(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-");

	return len > 0 && !name[len] && name[0] != '.' && len < LOADER_NAME_MAX;
}
