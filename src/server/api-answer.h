/* SPDX-License-Identifier: MIT */
/*
 * The JSON with which the boot API answers (doc/api.md). Pure: nothing is
 * opened or fetched.
 */
#pragma once

#include "server/policy-bootstrap.h"

#define API_ANSWER_MAX ((size_t)256 * 1024)

struct api_context {
	const char *base_url; /* that URLs are relative to: PREFIX/v1 */
	const struct bootstrap *bootstrap; /* for "image" */
};

/* *ret_plan has the origin "API". -EBADMSG with *failure, which names the
 * field: "initrd is not a list". */
int api_answer_parse(const struct api_context *context, const char *body,
		     size_t len, struct plan **ret_plan,
		     struct failure *failure) _must_check;
