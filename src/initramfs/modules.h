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

extern const char modules_default[];
extern const char modules_wifi[]; /* what Wi-Fi takes besides */
