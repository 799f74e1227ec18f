/* SPDX-License-Identifier: MIT */
/* SHA256SUMS and FILE.sha256, as sha256sum(1) writes them (also its --tag
 * form), and as others do: the digits alone. Pure; hostile. */
#pragma once

#include "wire/control.h"
#include "wire/view.h"

/*
 * The sha256 of the file called name (without directories): the line that
 * names it. alone: text is of this file only, so a line of digits alone counts
 * as well. Writes 64 lower case digits. -ENODATA: no line is for it, which is
 * also the answer to a web page; -EBADMSG: two lines differ.
 */
int checksum_list_find(struct view text, const char *name, bool alone,
		       char ret_sha256[static SHA256_HEX_MAX]) _must_check;
