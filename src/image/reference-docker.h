/* SPDX-License-Identifier: MIT */
/* Names of images as docker(1) takes them. */
#pragma once

#include "image/reference.h"

struct docker_name {
	char host[REFERENCE_REPO_MAX]; /* "registry-1.docker.io", lower case,
					  with its port */
	char repository[REFERENCE_REPO_MAX];
	char tag[REFERENCE_TAG_MAX]; /* "": none */
	char sha256[SHA256_HEX_MAX]; /* "": none */
};

/*
 * [HOST[:PORT]/]REPOSITORY[:TAG][@sha256:HEX]. The first component is a host
 * only if it has "." or ":" or is "localhost"; without one it is Docker Hub,
 * where a repository of one component is in "library/". -EINVAL with *failure,
 * which names no user and no password; label begins it.
 */
int docker_name_parse(const char *text, const char *label,
		      struct docker_name *ret_name, struct failure *failure)
	_must_check;
