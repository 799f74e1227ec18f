/* SPDX-License-Identifier: MIT */
/* Where kernel modules are. */
#pragma once

#define MODULES_DIR "/lib/modules" /* MODULES_DIR/RELEASE */

/* In the bootstrap: MODULES_EARLY/RELEASE/00, 01 and so on are, in the order
 * of loading, those that the kernel needs to mount /usr, in which all others
 * are. */
#define MODULES_EARLY "/boot/modules"
