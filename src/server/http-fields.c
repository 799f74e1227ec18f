/* SPDX-License-Identifier: MIT */
#include "server/http-fields.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* Digits at *at; false when there are none or too many. */
static bool take_number(const char **at, uint64_t *ret_value)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(**at - '0');
	}
	*ret_value = value;
	return *at > start;
}

bool http_range_open(const char *field, struct http_range *ret_range)
{
	struct http_range range = { .last = UINT64_MAX };
	const char *at = field ? str_after(field, "bytes=") : NULL;

	if (!at || !take_number(&at, &range.first) || *at++ != '-')
		return false;
	if (*at && (!take_number(&at, &range.last) || *at))
		return false;
	if (range.last < range.first)
		return false;
	*ret_range = range;
	return true;
}

/* "bytes=-N": the last N bytes. */
static bool parse_suffix(const char *field, uint64_t *ret_count)
{
	const char *at = field ? str_after(field, "bytes=-") : NULL;

	return at && take_number(&at, ret_count) && *at == '\0';
}

enum http_range_kind http_range_parse(const char *field, uint64_t size,
				      struct http_range *ret_range)
{
	struct http_range range;
	uint64_t count;

	if (parse_suffix(field, &count)) {
		if (count == 0 || size == 0)
			return HTTP_RANGE_OUTSIDE;
		range.first = size - MIN(count, size);
		range.last = size - 1;
	} else if (!http_range_open(field, &range)) {
		return HTTP_RANGE_WHOLE;
	} else if (range.first >= size) {
		return HTTP_RANGE_OUTSIDE;
	}
	range.last = MIN(range.last, size - 1);
	*ret_range = range;
	return HTTP_RANGE_PART;
}

static const char days[7][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Not by strftime(3), whose names are those of the locale. */
const char *http_date_text(int64_t seconds, char buf[static HTTP_DATE_MAX])
{
	struct text text = text_over(buf, HTTP_DATE_MAX);
	time_t when = seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm))
		memset(&tm, 0, sizeof(tm));
	text_add(&text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	return buf;
}

/* count digits as a number; negative when they are none. */
static int digits(const char *at, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		value = value * 10 + (at[i] - '0');
	}
	return value;
}

int http_date_parse(const char *text, int64_t *ret_seconds)
{
	static const char form[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	char again[HTTP_DATE_MAX];
	struct tm tm = { .tm_mon = -1 };
	int64_t seconds;

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	for (int i = 0; i < 12; i++)
		if (memcmp(text + 8, months[i], 3) == 0)
			tm.tm_mon = i;
	tm.tm_mday = digits(text + 5, 2);
	tm.tm_year = digits(text + 12, 4) - 1900;
	tm.tm_hour = digits(text + 17, 2);
	tm.tm_min = digits(text + 20, 2);
	tm.tm_sec = digits(text + 23, 2);
	if (tm.tm_mon < 0 || tm.tm_year < 0)
		return -EINVAL;
	seconds = timegm(&tm);
	/* The separators, the day's name, and that no number was too big. */
	if (!str_eq(http_date_text(seconds, again), text))
		return -EINVAL;
	*ret_seconds = seconds;
	return 0;
}

bool http_host_is_plain(const char *host)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-.:[]";

	return host[0] && host[strspn(host, plain)] == '\0';
}

const char *http_content_type(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		/* The firmware of UEFI looks at it first (UEFI 2.10 section
		 * 24.7.2), then at the name. */
		{ ".efi", "application/efi" },
		{ ".iso", "application/vnd.efi-iso" },
		{ ".ipxe", "text/plain; charset=utf-8" },
		{ ".cfg", "text/plain; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".json", "application/json" },
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t end = strlen(types[i].ending);

		if (len > end && str_eq(name + len - end, types[i].ending))
			return types[i].type;
	}
	return "application/octet-stream";
}
