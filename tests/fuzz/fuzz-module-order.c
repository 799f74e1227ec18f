/* SPDX-License-Identifier: MIT */
/* modules.dep, and behind a zero byte modules.builtin. */
#include <stdlib.h>

#include "base/text.h"
#include "kernel/module-order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "nd_e820", "nd_pmem", "isofs",
					     NULL };
	struct view dep = view_over(data, size), builtin = { 0 };
	const uint8_t *zero = size ? memchr(data, '\0', size) : NULL;
	struct module_order order;

	if (zero) {
		dep.left = (size_t)(zero - data);
		builtin = view_over(zero + 1, size - dep.left - 1);
	}
	if (module_order_find(dep, builtin, names, &order, NULL) < 0)
		return 0;
	if (order.count > MODULE_ORDER_MAX)
		abort();
	for (size_t i = 0; i < order.count; i++) {
		struct view path = order.list[i].path;

		if (!str_is_terminated(order.list[i].name, MODULE_NAME_MAX) ||
		    path.at < data || path.left > size)
			abort();
		for (size_t j = 0; j < i; j++)
			if (str_eq(order.list[i].name, order.list[j].name))
				abort();
	}
	return 0;
}
