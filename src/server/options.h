/* SPDX-License-Identifier: MIT */
/* The command line of boomerang-serve(8). */
#pragma once

#include "base/failure.h"
#include "server/settings.h"
#include "wire/mac.h"

struct serve_options {
	struct serve_settings settings;
	bool dry_run;
	struct mac dry_run_mac;
	bool help; /* --help: nothing else counts */
	/* The pieces of Pixiecore's -initrd a,b,c, to which settings points. */
	char *initrd_lists[SERVE_INITRDS_MAX];
	size_t initrd_list_count;
};

/*
 * Reads the arguments (argv[0] is the command's name). Strings of the result
 * point into argv and into initrd_lists. -EINVAL: failure says which argument
 * is wrong and what it should be.
 */
int options_parse(int argc, char **argv, struct serve_options *ret_options,
		  struct failure *failure) _must_check;
void options_free(struct serve_options *options);
