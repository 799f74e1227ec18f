/* SPDX-License-Identifier: MIT */
/* Kernel modules without modprobe(8): files DIR/00, DIR/01 and so on, in an
 * order in which they can be loaded. */
#pragma once

#include "base/util.h"

#define MODULE_NUMBERS 100

/* The path of one; number is below MODULE_NUMBERS. */
void module_path(const char *dir, unsigned int number, char *buf, size_t size);

/* Gives the kernel the module in the file, plain, without parameters. 0 as
 * well when it has it: built in, or loaded before. */
int module_load(const char *path) _must_check;
