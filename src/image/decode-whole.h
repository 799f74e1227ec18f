/* SPDX-License-Identifier: MIT */
/* Decoding what is small enough to be in memory as a whole. */
#pragma once

#include "base/util.h"

/*
 * Replaces the *len allocated bytes by what they are without their compression,
 * of whatever kind decoder_of() knows; others stay. -EBADMSG: damaged, -EFBIG:
 * that is max or more, -ENOMEM; then they stay, too.
 */
int decode_whole(char **bytes, size_t *len, size_t max) _must_check;
