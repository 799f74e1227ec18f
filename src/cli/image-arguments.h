/* SPDX-License-Identifier: MIT */
/* What the verbs of `boomerang image` that read an image have in common. */
#pragma once

#include <getopt.h>

#include "image/image.h"

struct image_arguments {
	struct image_request request;
	struct trust trust;
	char sha256[SHA256_HEX_MAX];
	bool require_signature;
	const char *keys[TRUST_KEYS_MAX];
	size_t key_count;
	bool in_order; /* options behind the first operand are not ours */
};

/* Rows for a verb's struct option table. */
#define IMAGE_OPTIONS                                       \
	{ "require-signature", no_argument, NULL, 'R' },    \
		{ "sha256", required_argument, NULL, 'H' }, \
	{                                                   \
		"trust", required_argument, NULL, 'T'       \
	}

#define IMAGE_ARGUMENT_END   (-1)
#define IMAGE_ARGUMENT_WRONG (-2) /* has said so: STATUS_USAGE */

/*
 * getopt_long(), which takes those and returns the verb's own. options NULL:
 * it has none. argv[0] is the verb's name, for messages.
 */
int image_argument_next(struct image_arguments *a, int argc, char **argv,
			const struct option *options) _must_check;

/* After all options: reads the keys, those of this machine too, and fills in
 * request.sha256 and request.trust. */
int image_arguments_ready(struct image_arguments *a, struct failure *failure)
	_must_check;

/*
 * From now on SIGINT, SIGTERM and SIGHUP only set a mark, which cancels at the
 * next progress, so that what was made is removed. SIGPIPE is ignored.
 */
void image_interrupts_catch(void);
bool image_interrupted(void);

/* Progress for a person on standard error, when that is a terminal; cancels
 * when interrupted. meter is the request's context. */
struct progress_meter;
int image_show_progress(void *meter, const struct progress *progress);
/* Removes its line. */
void image_hide_progress(void);
