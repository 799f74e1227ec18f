/* SPDX-License-Identifier: MIT */
/* What is in the bootstrap besides kernel modules and sshd. */
#pragma once

#include "initramfs/manifest.h"

/* Directories, merged as on every present system (/bin -> usr/bin), and the
 * device nodes that exist before devtmpfs. First of all, as the others add
 * through those links. */
void contents_add_skeleton(struct manifest *m);

/* Users, names, shell profile, os-release with this version, terminals. */
void contents_add_etc(struct manifest *m, const char *version);

/* Our own two programs, and those of the distribution that every bootstrap
 * needs. program, init: host paths. */
void contents_add_programs(struct manifest *m, const char *program,
			   const char *init);

/* busybox for everything that no program is which was added before. */
void contents_add_busybox(struct manifest *m);

/* The distribution's certificate authorities and those of the count PEM files
 * at files. */
void contents_add_certificates(struct manifest *m, const char *const *files,
			       size_t count);
