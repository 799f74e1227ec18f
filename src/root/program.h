/* SPDX-License-Identifier: MIT */
/*
 * What becomes process 1 of a target: an init, or the program that an image
 * names itself.
 */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "root/user.h"
#include "wire/control.h"

/* Each string has a NUL, and the list a NULL; the defaults come on top. */
#define PROGRAM_ARGS_MAX (IMAGE_ARGS_MAX + 1)
#define PROGRAM_ENV_MAX	 (IMAGE_ENV_MAX + 8)

struct program {
	char path[PATH_MAX]; /* inside of the root */
	const char *argv[PROGRAM_ARGS_MAX];
	const char *env[PROGRAM_ENV_MAX];
	char directory[IMAGE_DIRECTORY_MAX + 1]; /* absolute */
	struct user user;
	/* It is the image's own: the console is its controlling terminal, as
	 * it starts no getty that would make it one. */
	bool own;
	char home[USER_HOME_MAX + sizeof("HOME=")]; /* storage of env */
};

/* The init at path, which the caller keeps. */
void program_of_init(const char *path, struct program *ret_program);

/*
 * The program that the image names, checked as an init is: found in the PATH
 * of its environment, in the root at root_fd, as its user; with PATH, HOME and
 * TERM (term, "TERM=linux") where its environment does not say them. Borrows
 * from start, whose args_len is not 0.
 */
int program_of_image(int root_fd, const struct image_start *start,
		     const char *term, struct program *ret_program,
		     struct failure *failure) _must_check;
