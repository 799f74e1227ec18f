/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else: functions that write without a bound or
 * parse without an error cannot be named. The system's headers come first, as
 * they declare them.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol
