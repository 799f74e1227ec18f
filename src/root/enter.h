/* SPDX-License-Identifier: MIT */
/*
 * Starting a target: its init becomes PID 1 of new PID, mount, UTS, IPC and
 * cgroup namespaces on the root at hand. The network namespace and the
 * devices are the machine's.
 */
#pragma once

#include "base/failure.h"
#include "root/program.h"

struct enter {
	const char *root; /* a mount point: the assembled root */
	const struct program *program;
	const char *serial;	   /* the target's serial console ("ttyS0"),
				      "": it has the machine's /dev/console */
	const char *serial_pty;	   /* our path of the pty that stands for it */
	const char *const *hidden; /* serial consoles that the bootstrap
				      keeps; NULL-terminated */
};

/*
 * Starts the target as a child of the caller's parent (CLONE_PARENT), so that
 * a worker can do it for PID 1. Joins it to CGROUP_TARGET. Returns its pid
 * once its init was executed, and *ret_control: a listening SOCK_SEQPACKET
 * socket at CONTROL_PATH inside of the target. The caller must be alone in
 * its mount namespace.
 */
pid_t enter_target(const struct enter *what, int *ret_control,
		   struct failure *failure) _must_check;
