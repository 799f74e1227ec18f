/* SPDX-License-Identifier: MIT */
/* A file of sections with keys, as it stands there and with its lines, so that
 * what is wrong in it can be said where it is. */
#pragma once

#include "base/failure.h"

#define SECTION_LINE_MAX 4096 /* bytes, with the line end */
#define SECTION_NAME_MAX 48
#define SECTIONS_MAX	 1024

struct section_pair {
	char *key, *value;
	unsigned int line;
};

struct section {
	char *name;
	unsigned int line;
	struct section_pair *pairs;
	size_t count, room;
};

struct sections {
	struct section *list;
	size_t count, room;
	const char *file; /* begins every message; borrowed */
};

/* text has len bytes and a NUL. -EBADMSG, -ENOMEM. */
int sections_parse(const char *text, size_t len, const char *file,
		   struct sections *ret_sections, struct failure *failure)
	_must_check;

/* -EBADMSG: "FILE:LINE: ...". */
int section_wrong(const struct sections *sections, unsigned int line,
		  struct failure *failure, const char *format, ...)
	_printf(4, 5);

/* NULL: it is not there. */
const struct section *sections_find(const struct sections *sections,
				    const char *name);
/* The first pair with this key; NULL. */
const struct section_pair *section_get(const struct section *section,
				       const char *key);

void sections_clear(struct sections *sections);
#define _cleanup_sections _cleanup(sections_clear)
