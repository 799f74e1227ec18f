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

/*
 * Puts what is below /lib/modules/RELEASE into a squashfs beside it
 * (wire/module-files.h), compressed by zstd's level: in memory it takes a
 * fifth, and is unpacked as it is read. What is needed to mount that is left as
 * it is, once more.
 */
void modules_squash(struct manifest *m, const char *dir, int level);

extern const char modules_default[]; /* modules.list */
extern const char modules_minimal[];
extern const char modules_wifi[]; /* what Wi-Fi takes besides */
