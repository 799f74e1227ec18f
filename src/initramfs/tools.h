/* SPDX-License-Identifier: MIT */
/* The distribution's programs: sets that programs.list names. */
#pragma once

#include "initramfs/manifest.h"

/* Adds the programs of one set. One that is not installed is a failure. */
void tools_add(struct manifest *m, const char *set);
