/* SPDX-License-Identifier: MIT */
/* What the store holds, for a person and for a program. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "image/store.h"

struct images_view {
	struct store_image *images; /* most recently used first */
	size_t image_count;
	struct store_kept *kept; /* by name */
	size_t kept_count;
	struct store_size size;
	int64_t now_s; /* seconds since 1970 */
};

/* "just now", "2 min ago", "3 h ago", "5 days ago". */
#define AGO_TEXT_MAX 32
const char *ago_text(int64_t seconds, char buf[static AGO_TEXT_MAX]);

/* Writes a reference without the user name and the password in its URL, and
 * printable. Returns buf. */
const char *images_reference(const char *reference,
			     char buf[static CONTROL_REF_MAX]);

/* A table of the images, one of the changes, and how full it is. */
void images_print(FILE *out, const struct images_view *view);

/* The object of `boomerang images --json` (boomerang(1) describes it), which
 * the caller releases; NULL when memory is out. */
json_t *images_json(const struct images_view *view) _must_check;
