/* SPDX-License-Identifier: MIT */
/*
 * The links that vlan= and bond= make of others (wire/linkparam.h): a VLAN
 * when its device appears, a bond at once, and each of its members when that
 * appears, which may be late. What a target undoes is left so.
 */
#pragma once

#include "bootstrap/link.h"
#include "wire/linkparam.h"

struct stack_bond {
	int index; /* 0: not known yet */
	/* The member as it was put under the bond; 0: not there yet. */
	int member_index[LINKPARAM_MEMBERS];
};

struct stack {
	int netlink_fd;
	struct linkparams params;
	struct stack_bond bonds[LINKPARAM_BONDS];
	int vlan_below[LINKPARAM_VLANS]; /* index of the device, 0: none yet */
};

/* Makes the bonds. The owner has set netlink_fd and params. */
void stack_start(struct stack *stack);

/* The kernel told about a link. */
void stack_link(struct stack *stack, const struct link *link);

/* Whether it is one that was asked for, although software made it. */
bool stack_made(const struct stack *stack, const char *name);

/* Whether it is part of a bond, which has the addresses. */
bool stack_is_member(const struct stack *stack, const char *name);
