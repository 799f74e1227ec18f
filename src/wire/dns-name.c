/* SPDX-License-Identifier: MIT */
#include "wire/dns-name.h"

#include <errno.h>

#include "base/text.h"

#define LABEL_MAX 63

static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-_.";

bool dns_name_is_safe(const char *name)
{
	return *name != '-' && *name != '.' &&
	       name[strspn(name, allowed)] == '\0';
}

static bool is_label(const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!label[i] || label[i] == '.' || !strchr(allowed, label[i]))
			return false;
	return true;
}

/* One name. Returns its length, 0 when there is none to speak of; -EBADMSG:
 * it has no end. */
static int read_name(struct view *list, char *name)
{
	struct text text = text_over(name, DNS_NAME_MAX);
	bool good = true;

	for (;;) {
		size_t len = view_u8(list);
		const uint8_t *label = view_take(list, len);

		if (!label || len > LABEL_MAX)
			return -EBADMSG;
		if (len == 0)
			break;
		good = good && is_label(label, len);
		text_add(&text, "%s%.*s", text.len ? "." : "", (int)len,
			 (const char *)label);
	}
	return good && !text.cut && dns_name_is_safe(name) ? (int)text.len : 0;
}

bool dns_name_next(struct view *list, char ret_name[static DNS_NAME_MAX])
{
	char name[DNS_NAME_MAX];

	while (!list->bad && list->left > 0) {
		int n = read_name(list, name);

		if (n < 0)
			return false;
		if (n == 0)
			continue;
		(void)str_copy(ret_name, DNS_NAME_MAX, name);
		return true;
	}
	return false;
}
