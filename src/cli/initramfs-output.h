/* SPDX-License-Identifier: MIT */
/* What `boomerang initramfs pack` and `edit` share. */
#pragma once

#include "initramfs/cpio-plan.h"

struct initramfs_compression {
	const char *word;  /* of --compress, or NULL */
	const char *level; /* of --level, or NULL */
};

/* Puts both into the plan; STATUS_USAGE, having said so, when one is wrong. */
int initramfs_set_compression(const char *command,
			      const struct initramfs_compression *compression,
			      struct cpio_plan *plan) _must_check;

/* Writes the plan to path, which appears complete or not at all and keeps its
 * permissions; prints how large it is. */
int initramfs_write(const struct cpio_plan *plan, const struct reader *file,
		    const char *path, struct failure *failure) _must_check;
