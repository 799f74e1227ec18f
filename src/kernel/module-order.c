/* SPDX-License-Identifier: MIT */
/*
 * A line of modules.dep is a module's path, ":", and the paths of all that it
 * needs, directly or not, the deepest last (depmod.d(5), modules.dep(5)). A
 * line of modules.builtin is the path that it would have.
 */
#include "kernel/module-order.h"

#include <errno.h>

#include "base/text.h"

/* The text up to mark, which is skipped, or all that is left. */
static struct view take_until(struct view *text, char mark)
{
	const uint8_t *end =
		text->left ? memchr(text->at, mark, text->left) : NULL;
	size_t len = end ? (size_t)(end - text->at) : text->left;
	struct view part = view_sub(text, len);

	if (end)
		view_skip(text, 1);
	return part;
}

/* "kernel/drivers/nvdimm/nd-e820.ko.xz" as "nd_e820"; false: it is too long. */
static bool name_of(struct view path, char ret_name[static MODULE_NAME_MAX])
{
	const uint8_t *slash =
		path.left ? memrchr(path.at, '/', path.left) : NULL;
	const uint8_t *dot;
	size_t len;

	if (slash)
		view_skip(&path, (size_t)(slash - path.at) + 1);
	dot = path.left ? memchr(path.at, '.', path.left) : NULL;
	len = dot ? (size_t)(dot - path.at) : path.left;
	if (len == 0 || len >= MODULE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		ret_name[i] = path.at[i] == '-' ? '_' : (char)path.at[i];
	ret_name[len] = '\0';
	return true;
}

static bool is_of(struct view path, const char *name)
{
	char its[MODULE_NAME_MAX];

	return name_of(path, its) && str_eq(its, name);
}

static int add(struct module_order *order, struct view path)
{
	char name[MODULE_NAME_MAX];

	if (!name_of(path, name))
		return -ENOBUFS;
	for (size_t i = 0; i < order->count; i++)
		if (str_eq(order->list[i].name, name))
			return 0;
	if (order->count == MODULE_ORDER_MAX)
		return -ENOBUFS;
	(void)str_copy(order->list[order->count].name, MODULE_NAME_MAX, name);
	order->list[order->count++].path = path;
	return 0;
}

/* The deepest first, and what needs them last. */
static int add_line(struct module_order *order, struct view path,
		    struct view needs)
{
	struct view deep_first[MODULE_ORDER_MAX];
	size_t count = 0;
	int r = 0;

	while (needs.left > 0) {
		struct view need = take_until(&needs, ' ');

		if (need.left == 0)
			continue;
		if (count == ARRAY_SIZE(deep_first))
			return -ENOBUFS;
		deep_first[count++] = need;
	}
	while (r == 0 && count > 0)
		r = add(order, deep_first[--count]);
	return r == 0 ? add(order, path) : r;
}

/* 1: done, 0: it has no such module. */
static int add_module(struct module_order *order, struct view dep,
		      const char *name)
{
	while (dep.left > 0) {
		struct view line = take_until(&dep, '\n');
		struct view path = take_until(&line, ':');
		int r;

		if (!is_of(path, name))
			continue;
		r = add_line(order, path, line);
		return r < 0 ? r : 1;
	}
	return 0;
}

static bool is_built_in(struct view builtin, const char *name)
{
	while (builtin.left > 0)
		if (is_of(take_until(&builtin, '\n'), name))
			return true;
	return false;
}

int module_order_find(struct view dep, struct view builtin,
		      const char *const *names, struct module_order *ret_order,
		      const char **ret_missing)
{
	struct module_order order = { 0 };

	for (; *names; names++) {
		int r = add_module(&order, dep, *names);

		if (r < 0)
			return r;
		if (r > 0 || is_built_in(builtin, *names))
			continue;
		if (ret_missing)
			*ret_missing = *names;
		return -ENOENT;
	}
	*ret_order = order;
	return 0;
}
