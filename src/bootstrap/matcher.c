/* SPDX-License-Identifier: MIT */
#include "bootstrap/matcher.h"

#include <string.h>

void matcher_init(struct matcher *matcher, const char *pattern)
{
	uint8_t border = 0;

	*matcher = (struct matcher){
		.pattern = pattern,
		.len = (uint8_t)strnlen(pattern, MATCHER_MAX),
	};
	for (uint8_t i = 1; i < matcher->len; i++) {
		while (border > 0 && pattern[i] != pattern[border])
			border = matcher->border[border - 1];
		if (pattern[i] == pattern[border])
			border++;
		matcher->border[i] = border;
	}
}

bool matcher_feed(struct matcher *matcher, const void *bytes, size_t len)
{
	const char *in = bytes;
	bool found = false;

	for (size_t i = 0; i < len; i++) {
		while (matcher->at > 0 &&
		       in[i] != matcher->pattern[matcher->at])
			matcher->at = matcher->border[matcher->at - 1];
		if (in[i] == matcher->pattern[matcher->at])
			matcher->at++;
		if (matcher->at == matcher->len) {
			matcher->at = matcher->border[matcher->at - 1];
			found = true;
		}
	}
	return found;
}
