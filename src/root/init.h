/* SPDX-License-Identifier: MIT */
/* The program that an image is started with. */
#pragma once

#include <limits.h>

#include "base/failure.h"

/* The first of the usual places that holds a file, or NULL; not copied. */
const char *init_usual(int root_fd) _must_check;

/*
 * Finds the init of the root at root_fd and checks, before anything is torn
 * down for it, that this kernel can start it: an executable file, an ELF of
 * this machine's architecture whose interpreter is there, or a script whose
 * interpreter passes the same checks. wanted: its path, or "" to try the
 * usual places. On success ret_path holds its path inside the root. -ENODATA:
 * there is none.
 */
int init_find(int root_fd, const char *wanted, char ret_path[static PATH_MAX],
	      struct failure *failure) _must_check;

/* The same checks on the program at path inside of the root. */
int init_check(int root_fd, const char *path, struct failure *failure)
	_must_check;

/*
 * The checks on the first bytes of a program, pure: fills *ret_interpreter
 * (a copy, "" when it needs none) for an ELF of machine (EM_*) or a script.
 * -ENOEXEC: neither; -EBADMSG: an ELF that contradicts itself;
 * -EPROTONOSUPPORT: an ELF for *ret_machine instead.
 */
int init_examine(const void *head, size_t len, uint16_t machine,
		 char ret_interpreter[static PATH_MAX], uint16_t *ret_machine)
	_must_check;
