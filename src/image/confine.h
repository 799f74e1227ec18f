/* SPDX-License-Identifier: MIT */
/*
 * Takes from this process all that a hostile archive could misuse, so that a
 * compromised unpacker can do no more than write nonsense into the new root.
 */
#pragma once

#include "base/failure.h"

#define CONFINE_KEEP_MAX 8

struct confine {
	int root_fd; /* the new root: becomes "/" */
	/* Descriptors that stay open besides the standard ones, at most
	 * CONFINE_KEEP_MAX of them, in any order. */
	const int *keep;
	size_t keep_count;
	uint64_t data_max; /* bytes of memory of its own, RLIMIT_DATA */
};

/*
 * Steps, in this order, none of which can be taken back:
 *
 *  - all descriptors but 0, 1, 2 and those kept are closed, and 0, 1, 2 lead
 *    to /dev/null (with a sanitizer not 2);
 *  - without root, a user namespace of its own, in which it is root;
 *  - chroot into the new root;
 *  - capabilities: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD and SETFCAP
 *    stay, none can be gained again;
 *  - a seccomp filter lets through what reading a pipe, threads and memory
 *    without PROT_EXEC need, and the creation of files. openat(2) only makes
 *    new files (O_CREAT | O_EXCL) or opens directories, so that a device node
 *    out of the archive can be created but never opened.
 *
 * Everything else is answered with EPERM. Threads may be made before only if
 * they have ended: the filter is put on the calling thread.
 */
int confine(const struct confine *what, struct failure *failure) _must_check;

/*
 * Makes this process, which has no other thread, root of a user namespace whose
 * only user and group are its own: enough for chroot(2), and for its files of
 * any mode. 0 or a negative errno.
 */
int confine_become_root(void) _must_check;
