/* SPDX-License-Identifier: MIT */
#include "root/proc-text.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "base/text.h"

struct view proc_text_until(struct view *v, char separator)
{
	const void *end = v->left ? memchr(v->at, separator, v->left) : NULL;
	size_t len = end ? (size_t)((const uint8_t *)end - v->at) : v->left;
	struct view word = view_sub(v, len);

	if (end)
		view_skip(v, 1);
	return word;
}

static bool is_octal(uint8_t c)
{
	return c >= '0' && c <= '7';
}

static char unescape(struct view *v)
{
	char c = (char)view_u8(v);

	/* \377 is the highest; a backslash itself comes as \134. */
	if (c != '\\' || v->left < 3 || v->at[0] > '3' || !is_octal(v->at[0]) ||
	    !is_octal(v->at[1]) || !is_octal(v->at[2]))
		return c;
	c = (char)((v->at[0] - '0') << 6 | (v->at[1] - '0') << 3 |
		   (v->at[2] - '0'));
	view_skip(v, 3);
	return c;
}

int proc_text_word(struct view *line, char *dst, size_t size)
{
	struct view word = proc_text_until(line, ' ');
	size_t len = 0;

	while (word.left > 0 && len < size - 1) {
		dst[len] = unescape(&word);
		if (dst[len++] == '\0')
			return -EBADMSG;
	}
	dst[len] = '\0';
	return word.left > 0 || len == 0 ? -EBADMSG : 0;
}

int proc_text_device(const char *text, dev_t *ret_device)
{
	const char *colon = strchr(text, ':');
	uint64_t major_number, minor_number;
	char digits[16];

	if (!colon || (size_t)(colon - text) >= sizeof(digits))
		return -EBADMSG;
	(void)str_copy(digits, (size_t)(colon - text) + 1, text);
	if (str_to_u64(digits, UINT32_MAX, &major_number) < 0 ||
	    str_to_u64(colon + 1, UINT32_MAX, &minor_number) < 0)
		return -EBADMSG;
	*ret_device = makedev((unsigned)major_number, (unsigned)minor_number);
	return 0;
}
