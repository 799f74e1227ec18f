/* SPDX-License-Identifier: MIT */
/*
 * Which modules a kernel needs for what is wanted of it, in the order of
 * loading: out of the texts that depmod(8) leaves, modules.dep and
 * modules.builtin, which are an image's and hostile.
 */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

#define MODULE_NAME_MAX	 64
#define MODULE_ORDER_MAX 16

struct module_order {
	size_t count;
	struct {
		char name[MODULE_NAME_MAX]; /* "nd_e820" */
		struct view path; /* in dep: "kernel/…/nd_e820.ko.xz" */
	} list[MODULE_ORDER_MAX];
};

/*
 * names ends with NULL. -ENOENT: one of them is neither a module nor built in,
 * and is returned in *ret_missing (may be NULL); -ENOBUFS: they are too many.
 */
int module_order_find(struct view dep, struct view builtin,
		      const char *const *names, struct module_order *ret_order,
		      const char **ret_missing) _must_check;
