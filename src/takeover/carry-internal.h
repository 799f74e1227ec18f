/* SPDX-License-Identifier: MIT */
/* The parts of carry_over(). */
#pragma once

#include "takeover/carry.h"

/* Host keys and those who may log in. */
int carry_ssh(int root_fd, const struct carry *what, struct carried *carried,
	      struct failure *failure) _must_check;

/* Name servers. */
int carry_network(int root_fd, struct failure *failure) _must_check;
