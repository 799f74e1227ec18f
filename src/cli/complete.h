/* SPDX-License-Identifier: MIT */
/* What the Tab key may mean at the prompt. */
#pragma once

#include "base/util.h"

#define COMPLETE_MAX 256

/* What there is to choose from; borrowed. */
struct complete_source {
	const char *const *commands;
	size_t command_count;
	const char *const *images; /* references loaded before */
	size_t image_count;
};

struct completion {
	size_t typed; /* length of the word at the end of the line */
	size_t count; /* words it may become, sorted, each whole */
	char *word[COMPLETE_MAX];
	size_t common; /* length of the beginning that all have in common */
};

/*
 * Finds what the last word of line may become: the first a command, after
 * "load" an image loaded before, its options or a file, after "images drop" an
 * image, after others their options. A directory ends in "/". File names that would need quotes are left
 * out. The caller ends *ret_completion with completion_done().
 */
void complete_line(const char *line, const struct complete_source *source,
		   struct completion *ret_completion);

void completion_done(struct completion *completion);
