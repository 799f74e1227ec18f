/* SPDX-License-Identifier: MIT */
#include "base/failure.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

static int fill(struct failure *failure, int err, bool with_errno,
		const char *format, va_list args)
{
	struct text text;

	if (!failure)
		return -err;
	failure->err = err;
	text = text_over(failure->text, sizeof(failure->text));
	text_vadd(&text, format, args);
	if (with_errno)
		text_add(&text, ": %s", strerrordesc_np(err));
	str_make_printable(failure->text);
	return -err;
}

int failure_set(struct failure *failure, int err, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = fill(failure, err, false, format, args);
	va_end(args);
	return r;
}

int failure_errno(struct failure *failure, int err, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = fill(failure, err, true, format, args);
	va_end(args);
	return r;
}
