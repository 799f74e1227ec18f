/* SPDX-License-Identifier: MIT */
#include "bootstrap/stack.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "bootstrap/link-make.h"

static void warn(const char *name, const char *what, int r)
{
	log_warning("%s cannot be %s: %s", name, what,
		    r == -EOPNOTSUPP ? "the kernel has no module for it"
				     : strerrordesc_np(-r));
}

/* One that a network worker before this one made: it is as it should be, or
 * as a target left it, and takes no other options while it has members. */
static bool has_members(const char *bond)
{
	char path[64 + IF_NAMESIZE], line[256];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "/sys/class/net/%s/bonding/slaves", bond);
	return file_read_line(AT_FDCWD, path, line, sizeof(line)) > 0;
}

void stack_start(struct stack *stack)
{
	for (size_t i = 0; i < stack->params.bond_count; i++) {
		const struct bondparam *bond = &stack->params.bonds[i];
		int r = has_members(bond->name)
				? 0
				: link_make_bond(stack->netlink_fd, bond);

		if (r < 0)
			warn(bond->name, "made", r);
	}
}

static void make_vlans(struct stack *stack, const struct link *link)
{
	for (size_t i = 0; i < stack->params.vlan_count; i++) {
		const struct vlanparam *vlan = &stack->params.vlans[i];
		int r;

		if (!str_eq(vlan->device, link->name) ||
		    stack->vlan_below[i] == link->index)
			continue;
		stack->vlan_below[i] = link->index;
		r = link->up ? 0 : link_set_up(stack->netlink_fd, link->index);
		if (r == 0)
			r = link_make_vlan(stack->netlink_fd, vlan,
					   link->index);
		if (r < 0)
			warn(vlan->name, "made", r);
	}
}

static void forget(struct stack *stack, int index)
{
	for (size_t i = 0; i < LINKPARAM_VLANS; i++)
		if (stack->vlan_below[i] == index)
			stack->vlan_below[i] = 0;
	for (size_t i = 0; i < LINKPARAM_BONDS; i++) {
		struct stack_bond *bond = &stack->bonds[i];

		if (bond->index == index)
			*bond = (struct stack_bond){ 0 };
		for (size_t n = 0; n < LINKPARAM_MEMBERS; n++)
			if (bond->member_index[n] == index)
				bond->member_index[n] = 0;
	}
}

/* Puts a member under its bond, once both are there. */
static void join(struct stack *stack, size_t i, size_t n, int index)
{
	const struct bondparam *param = &stack->params.bonds[i];
	struct stack_bond *bond = &stack->bonds[i];
	int r;

	r = link_enslave(stack->netlink_fd, index, bond->index);
	if (r < 0)
		warn(param->members[n], "put under its bond", r);
	else if (str_eq(param->primary, param->members[n]))
		r = link_set_primary(stack->netlink_fd, bond->index, index);
	if (r < 0)
		log_debug("%s: %s", param->name, strerrordesc_np(-r));
}

static void see_member(struct stack *stack, size_t i, const struct link *link)
{
	const struct bondparam *param = &stack->params.bonds[i];
	struct stack_bond *bond = &stack->bonds[i];

	for (size_t n = 0; n < param->member_count; n++) {
		if (!str_eq(param->members[n], link->name) ||
		    bond->member_index[n] == link->index)
			continue;
		bond->member_index[n] = link->index;
		if (bond->index && !link->enslaved)
			join(stack, i, n, link->index);
	}
}

/* The members that were there before it. */
static void see_bond(struct stack *stack, size_t i, const struct link *link)
{
	struct stack_bond *bond = &stack->bonds[i];

	if (bond->index == link->index)
		return;
	bond->index = link->index;
	for (size_t n = 0; n < LINKPARAM_MEMBERS; n++)
		if (bond->member_index[n])
			join(stack, i, n, bond->member_index[n]);
}

void stack_link(struct stack *stack, const struct link *link)
{
	if (link->removed) {
		forget(stack, link->index);
		return;
	}
	for (size_t i = 0; i < stack->params.bond_count; i++) {
		if (str_eq(stack->params.bonds[i].name, link->name))
			see_bond(stack, i, link);
		see_member(stack, i, link);
	}
	make_vlans(stack, link);
}

bool stack_made(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->params.bond_count; i++)
		if (str_eq(stack->params.bonds[i].name, name))
			return true;
	for (size_t i = 0; i < stack->params.vlan_count; i++)
		if (str_eq(stack->params.vlans[i].name, name))
			return true;
	return false;
}

bool stack_is_member(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->params.bond_count; i++) {
		const struct bondparam *bond = &stack->params.bonds[i];

		for (size_t n = 0; n < bond->member_count; n++)
			if (str_eq(bond->members[n], name))
				return true;
	}
	return false;
}
