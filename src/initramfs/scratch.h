/* SPDX-License-Identifier: MIT */
/* A directory for files on the way. */
#pragma once

#include <limits.h>

#include "base/failure.h"

/* Makes one below $TMPDIR or /tmp. */
int scratch_make(char ret_path[static PATH_MAX], struct failure *failure)
	_must_check;

/* Removes it with all in it; what is left is no reason to fail. */
void scratch_remove(const char *path);
