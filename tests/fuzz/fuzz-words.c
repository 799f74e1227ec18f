/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *line = strndup((const char *)data, size);
	struct failure failure;
	struct words words;
	size_t total = 0;

	if (!line || words_split(line, &words, &failure) < 0)
		return 0;
	for (int i = 0; i < words.count; i++)
		total += strlen(words.word[i]);
	/* Splitting only ever takes away. */
	if (total > strlen(line) || words.word[words.count])
		abort();
	return 0;
}
