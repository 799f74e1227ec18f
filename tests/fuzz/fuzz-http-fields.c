/* SPDX-License-Identifier: MIT */
/* Header fields: the first byte chooses a size, the rest is the field. */
#include <inttypes.h>

#include "base/cleanup.h"
#include "server/http-fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(const char *field, uint64_t size)
{
	struct http_range range;

	if (http_range_parse(field, size, &range) == HTTP_RANGE_PART &&
	    (range.first > range.last || range.last >= size))
		abort();
	if (http_range_open(field, &range) && range.first > range.last)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *field = NULL;
	int64_t seconds;

	if (size == 0)
		return 0;
	field = strndup((const char *)data + 1, size - 1);
	if (!field)
		return 0;
	check_range(field, data[0] == 255 ? UINT64_MAX : data[0]);
	if (http_date_parse(field, &seconds) == 0 && strlen(field) != 29)
		abort();
	if (http_host_is_plain(field) && strpbrk(field, "/ ${}@\"'\\"))
		abort();
	(void)http_content_type(field);
	return 0;
}
