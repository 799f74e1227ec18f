/* SPDX-License-Identifier: MIT */
/*
 * The cgroup (v2, Documentation/admin-guide/cgroup-v2.rst) that holds all of
 * one load and its target: CGROUP_TREE with a child per part. It bounds their
 * memory and number of processes, so that the bootstrap always has some of
 * both, and one write kills all of it.
 */
#pragma once

#include "base/failure.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_TREE CGROUP_ROOT "/boomerang"

enum cgroup_part {
	CGROUP_LOAD,   /* downloads and unpacks */
	CGROUP_TARGET, /* the root of the target's cgroup namespace */
};

/* Once, at boot: offers every controller to the cgroups below the root, so
 * that this is no difference between before and after a target. */
void cgroup_prepare(void);

/* Creates the tree; every controller there is, is offered to the target.
 * memory_max in bytes. */
int cgroup_create(uint64_t memory_max, uint64_t pids_max,
		  struct failure *failure) _must_check;

/* Another memory_max for the tree. */
void cgroup_bound_memory(uint64_t memory_max);

/* Bytes in tmpfs files that the tree is charged with: what its processes wrote
 * there, wherever they are now. 0 without the controller. */
uint64_t cgroup_shared_memory(void);

/* Moves a process into a part. */
int cgroup_join(enum cgroup_part part, pid_t pid, struct failure *failure)
	_must_check;

/* SIGKILL to all in the tree, also to what is just being forked. Does not
 * wait. No tree is fine. */
void cgroup_kill(void);

/*
 * Waits at most limit_ms until nothing lives in the tree, then removes it
 * and all that the target made below it. -EBUSY: something is still there.
 * May block: not for PID 1.
 */
int cgroup_remove(int limit_ms) _must_check;

/* Removes the cgroup at path below dir_fd and all that is below it, as far
 * as they are empty now. Missing is fine. */
int cgroup_remove_tree(int dir_fd, const char *path) _must_check;
