/* SPDX-License-Identifier: MIT */
/*
 * The distribution whose programs and files go into the bootstrap: this
 * machine's, or one of another architecture that lies in a directory, the
 * manifest's sysroot. Nothing in there is run.
 */
#pragma once

#include <limits.h>

#include "initramfs/manifest.h"

/* Where the system's file at path is found here. In a sysroot, symlinks are
 * resolved as in the running system. False: it has none. */
bool system_find(const struct manifest *m, const char *path,
		 char ret_source[static PATH_MAX]) _must_check;

/* Where the system's program of this name is found here; see
 * host_find_program(). */
bool system_find_program(const struct manifest *m, const char *name,
			 char ret_source[static PATH_MAX]) _must_check;

/* Adds the system's file at path, if it has one. */
bool system_add_file(struct manifest *m, const char *path, mode_t mode);
