/* SPDX-License-Identifier: MIT */
/*
 * Where the bootstrap's kernel modules are: in one squashfs, which becomes
 * MODULES_DIR/RELEASE, and those that are needed to mount it, complete in
 * themselves, as `modprobe -d MODULES_EARLY` has them.
 */
#pragma once

#define MODULES_DIR	 "/lib/modules"
#define MODULES_SQUASHFS ".squashfs" /* MODULES_DIR/RELEASE.squashfs */
#define MODULES_EARLY	 "/lib/boomerang"
