/* SPDX-License-Identifier: MIT */
/* The last question before what cannot be undone. */
#pragma once

#include "base/util.h"

/*
 * Prints the question with " Type yes: " behind it, and whether that was typed
 * on standard input; Ctrl+D is a no, as is an interrupt that
 * image_interrupts_catch() noted.
 */
bool ask_yes(const char *format, ...) _printf(1, 2);
