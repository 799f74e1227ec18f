/* SPDX-License-Identifier: MIT */
/* os-release(5). Pure; hostile. */
#pragma once

#include "base/util.h"

/*
 * The value of a variable of the file, unquoted as a shell would, control
 * characters replaced, cut to size; the last assignment counts. False: there is
 * none.
 */
bool os_release_find(const char *file, const char *variable, char *ret_value,
		     size_t size);
