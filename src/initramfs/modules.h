/* SPDX-License-Identifier: MIT */
/* The kernel modules of the bootstrap. */
#pragma once

#include "initramfs/manifest.h"

/*
 * Adds those modules of the kernel's directory dir (…/lib/modules/RELEASE,
 * with the indexes of depmod(8)) that list names, with what they depend on,
 * below /lib/modules/RELEASE, and indexes of just these, made by depmod. list
 * is in the form that modules.list describes; the one built in is
 * modules_default.
 */
void modules_add(struct manifest *m, const char *dir, const char *list);

/* Adds what the kernel whose directory dir is needs to mount the bootstrap's
 * /usr, outside of that (MODULES_EARLY). What is built in is not there. */
void modules_add_early(struct manifest *m, const char *dir);

extern const char modules_default[]; /* modules.list */
extern const char modules_minimal[];
extern const char modules_wifi[]; /* what Wi-Fi takes besides */
