/* SPDX-License-Identifier: MIT */
/*
 * What an ordinary user cannot give to a file, as a text of one line each:
 *
 *	TYPE MODE UID GID [MAJOR MINOR] PATH
 *
 * TYPE is dir, file, link, char, block, fifo or socket. White space,
 * backslashes and control characters in PATH are written as \ooo, octal.
 */
#pragma once

#include <stdio.h>

#include "base/failure.h"
#include "wire/newc.h"
#include "wire/view.h"

struct cpio_special {
	uint32_t mode; /* with the type */
	uint32_t uid, gid;
	uint32_t node_major, node_minor;
	char *path;
	size_t line; /* of the text */
};

struct cpio_specials {
	struct cpio_special *rows; /* sorted by path */
	size_t count;
};

/* One line for an entry at path. */
void cpio_special_write(FILE *out, const struct newc_entry *entry,
			const char *path);

/* name begins the messages. Of two lines for one path the later counts. */
int cpio_specials_parse(struct cpio_specials *ret_specials, struct view text,
			const char *name, struct failure *failure) _must_check;
void cpio_specials_clear(struct cpio_specials *specials);
#define _cleanup_specials _cleanup(cpio_specials_clear)

/* NULL: there is no line for it. */
const struct cpio_special *
cpio_specials_find(const struct cpio_specials *specials, const char *path);

/* Whether it exists in no tree: a device, fifo or socket. */
bool cpio_mode_is_node(uint32_t mode);
