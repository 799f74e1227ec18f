/* SPDX-License-Identifier: MIT */
/* The x86 kernel image: Documentation/arch/x86/boot.rst in the kernel. */
#pragma once

#include "wire/view.h"

#define BZIMAGE_RELEASE_MAX 65 /* as struct utsname, with the NUL */

/*
 * The release (as `uname -r`) that the kernel image says it is. -EBADMSG: no
 * such image; -ENODATA: it does not say, or not in BZIMAGE_RELEASE_MAX bytes.
 */
int bzimage_release(struct view v, char ret_release[static BZIMAGE_RELEASE_MAX])
	_must_check;
