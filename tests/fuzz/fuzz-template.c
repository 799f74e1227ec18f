/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/cleanup.h"
#include "wire/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Values fit a buffer of the text's length, and it always ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	_cleanup_free char *buf = malloc(size + 1);
	struct template_reader reader;
	struct template_piece piece;
	struct failure failure;
	size_t pieces = 0;
	int r;

	if (!text || !buf)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	reader = template_over(text);
	while ((r = template_next(&reader, buf, strlen(text) + 1, &piece,
				  &failure)) > 0) {
		if (strlen(piece.value) > size || pieces++ > size ||
		    !memchr(piece.function, '\0', sizeof(piece.function)))
			abort();
	}
	if (r == -ENOBUFS)
		abort();
	return 0;
}
