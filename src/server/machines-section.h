/* SPDX-License-Identifier: MIT */
/* One section of the machines file, from its keys to its plan. */
#pragma once

#include "server/machines-file.h"

enum section_key {
	KEY_KERNEL,
	KEY_INITRD,
	KEY_CMDLINE,
	KEY_MESSAGE,
	KEY_IMAGE,
	KEY_SCRIPT,
	KEY_LOADER,
	KEY_LOCAL,
	KEY_IGNORE,
	SECTION_KEYS,
};

struct section_draft {
	char *values[SECTION_KEYS]; /* NULL: not there; not for initrd */
	unsigned int lines[SECTION_KEYS];
	char *initrds[PLAN_INITRDS_MAX];
	size_t initrd_count;
};

/* Takes a key with its value, a copy. -EBADMSG with *failure, which has no
 * line: the key is unknown, there twice, … */
int section_set(struct section_draft *draft, const char *key, const char *value,
		unsigned int line, struct failure *failure) _must_check;

/*
 * The plan of all keys; script in it is the script's path. -EBADMSG with
 * *failure, and the line it is about (0: the section's).
 */
int section_plan(const struct section_draft *draft,
		 const struct machines_context *context, const char *origin,
		 struct plan **ret_plan, unsigned int *ret_line,
		 struct failure *failure) _must_check;

/* Forgets all keys. */
void section_clear(struct section_draft *draft);
