/* SPDX-License-Identifier: MIT */
/* What a root file system is: whose, for which machine, started by what. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

struct examined {
	char distribution[128]; /* PRETTY_NAME of os-release; "" */
	char id[64];		/* ID of os-release; "" */
	char version[64];	/* VERSION_ID; "" */
	char architecture[32]; /* "x86-64", "arm64", …, of its init or shell */
	char init[256];	       /* its path; "": none is found */
	char init_kind[32];    /* "systemd", "busybox", "sysvinit", "openrc",
				   "runit", "s6", "unknown" */
};

/* Looks, changes nothing. Everything is opened inside of root_fd. Heads of
 * files are enough (UNPACK_HEADS). What is not there stays "". */
void examine_root(int root_fd, struct examined *ret_examined);

/* Of which kind the init at path is, as in struct examined; not copied. */
const char *examine_init_kind(int root_fd, const char *path);
