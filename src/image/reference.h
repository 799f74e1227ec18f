/* SPDX-License-Identifier: MIT */
/* What a person types to name an image (design section 5). */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

enum reference_kind {
	REFERENCE_HTTP,	 /* target: the URL, http or https, without fragment */
	REFERENCE_FILE,	 /* target: a path */
	REFERENCE_STDIN, /* target: "-" */
};

struct reference {
	enum reference_kind kind;
	char target[CONTROL_REF_MAX];
	/* For messages: without user name and password, shortened in the
	 * middle. */
	char name[128];
};

/*
 * Parses an http:// or https:// URL, file:///path, a path, or "-". Decides
 * from the text alone, nothing is opened. -EINVAL with *failure for what is
 * none of these, has control characters or white space in a URL, or is too
 * long.
 */
int reference_parse(const char *text, struct reference *ret_reference,
		    struct failure *failure) _must_check;
