/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/util.h"

/*
 * Why the sysctl at path (below /proc/sys, "vm/drop_caches") is not looked
 * at, for a person; NULL: it is. Reading some acts, and some change by
 * themselves. Pure.
 */
const char *sysctl_skip_reason(const char *path);
