/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "image/authenticate.h"

#include <ctype.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_clean(const char *value, size_t size)
{
	size_t len = strnlen(value, size);

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)value[i]))
			return false;
	return len < size;
}

/* What is understood can be put into a request. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *fields = malloc(size + 1);
	struct challenge challenge;

	if (!fields)
		return 0;
	memcpy(fields, data, size);
	fields[size] = '\0';
	if (challenge_parse(fields, &challenge) == 0 &&
	    !(is_clean(challenge.realm, sizeof(challenge.realm)) &&
	      is_clean(challenge.service, sizeof(challenge.service)) &&
	      is_clean(challenge.scope, sizeof(challenge.scope))))
		abort();
	return 0;
}
