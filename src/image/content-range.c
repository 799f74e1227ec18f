/* SPDX-License-Identifier: MIT */
#include "image/content-range.h"

#include <errno.h>

#include "base/text.h"

#define DIGITS_MAX 20 /* of 2^64 - 1 */

/* Digits, and the mark behind them. */
static bool take_number(const char **at, char mark, uint64_t *ret_number)
{
	char digits[DIGITS_MAX + 1];
	size_t len = strspn(*at, "0123456789");

	if (len >= sizeof(digits) || (*at)[len] != mark)
		return false;
	memcpy(digits, *at, len);
	digits[len] = '\0';
	*at += len + 1;
	return str_to_u64(digits, UINT64_MAX, ret_number) == 0;
}

int content_range_parse(const char *value, struct content_range *ret_range)
{
	const char *at = str_after(value, "bytes ");
	struct content_range range;

	if (!at || !take_number(&at, '-', &range.first) ||
	    !take_number(&at, '/', &range.last) ||
	    !take_number(&at, '\0', &range.size) || range.first > range.last ||
	    range.last >= range.size)
		return -EBADMSG;
	*ret_range = range;
	return 0;
}
