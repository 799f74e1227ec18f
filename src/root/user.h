/* SPDX-License-Identifier: MIT */
/* Whom an image wants its program run as (OCI image-spec config.md, User). */
#pragma once

#include <sys/types.h>

#include "base/failure.h"

#define USER_GROUPS_MAX 64
#define USER_HOME_MAX	256

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS_MAX]; /* supplementary */
	size_t group_count;
	char home[USER_HOME_MAX]; /* "": not known */
};

/*
 * Finds the user of spec: "", "name" or "uid", either with ":group" or ":gid",
 * in the texts of the image's passwd(5) and group(5), "" when it has none. ""
 * is uid 0. A number needs no entry; without one its group is 0. Without a
 * group in spec come the groups that name the user, with one only that. Pure;
 * lines that make no sense are passed over. -ENOENT with *failure for a name
 * that is not there, -EINVAL for what is no spec.
 */
int user_find(const char *spec, const char *passwd, const char *group,
	      struct user *ret_user, struct failure *failure) _must_check;
