/* SPDX-License-Identifier: MIT */
/* Configurations of boot loaders in places that nobody told of. */
#pragma once

#include "iso/boot-menu.h"

#define BOOT_FOUND_MAX	    16
#define BOOT_FOUND_PATH_MAX 256

struct boot_found {
	char paths[BOOT_FOUND_MAX][BOOT_FOUND_PATH_MAX];
	size_t count;
};

/* Those of GRUB and SYSLINUX in the order of the directories; more than fit are
 * passed over. A negative errno of files->list(). */
int boot_search(const struct boot_files *files, struct boot_found *ret_found)
	_must_check;
