/* SPDX-License-Identifier: MIT */
/* The project's other programs, of the same build or installation as this. */
#pragma once

#include <limits.h>

#include "base/failure.h"

/* Where the program of this name is: beside us, or where an installation puts
 * it. -ENOENT. */
int sibling_find(const char *name, char ret_path[static PATH_MAX],
		 struct failure *failure) _must_check;
