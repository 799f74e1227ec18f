/* SPDX-License-Identifier: MIT */
/* Makes links out of others over rtnetlink(7), as link.h configures them. One
 * that is there already under that name gets the same options. */
#pragma once

#include "wire/linkparam.h"

/* -EOPNOTSUPP: the kernel has no such links. */
int link_make_vlan(int fd, const struct vlanparam *vlan, int device_index)
	_must_check;
int link_make_bond(int fd, const struct bondparam *bond) _must_check;

/* The member that is to be used when there is a choice. */
int link_set_primary(int fd, int bond_index, int member_index) _must_check;

/* Puts a link under a bond; it is down for a moment. */
int link_enslave(int fd, int index, int bond_index) _must_check;
