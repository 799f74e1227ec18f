/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "wire/uevent.h"

static const struct {
	const char *key;
	size_t offset;
} keys[] = {
	{ "SUBSYSTEM=", offsetof(struct uevent, subsystem) },
	{ "MODALIAS=", offsetof(struct uevent, modalias) },
	{ "DEVNAME=", offsetof(struct uevent, devname) },
};

/* The next string of the message; NULL and bad when it has no NUL. */
static const char *take_string(struct view *v)
{
	const uint8_t *nul = v->left > 0 ? memchr(v->at, 0, v->left) : NULL;

	if (!nul) {
		v->bad = true;
		return NULL;
	}
	return (const char *)view_take(v, (size_t)(nul - v->at) + 1);
}

/* ACTION and DEVPATH come a second time; what differs is forged or broken. */
static bool agrees(const char *pair, const char *key, const char *value,
		   size_t len)
{
	const char *other = str_after(pair, key);

	return !other || (strlen(other) == len && !memcmp(other, value, len));
}

int uevent_parse(struct view message, struct uevent *ret_uevent)
{
	struct uevent uevent = { "", "", "", "", "" };
	const char *head = take_string(&message);
	const char *at = head ? strchr(head, '@') : NULL;

	if (!at || at == head || at[1] != '/')
		return -EBADMSG;
	uevent.devpath = at + 1;
	while (message.left > 0) {
		const char *pair = take_string(&message);
		const char *value;

		if (!pair || !agrees(pair, "ACTION=", head, at - head) ||
		    !agrees(pair, "DEVPATH=", at + 1, strlen(at + 1)))
			return -EBADMSG;
		value = str_after(pair, "ACTION=");
		if (value)
			uevent.action = value;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			value = str_after(pair, keys[i].key);
			if (value)
				*(const char **)((char *)&uevent +
						 keys[i].offset) = value;
		}
	}
	/* The one in the head has no NUL behind it. */
	if (!*uevent.action)
		return -EBADMSG;
	*ret_uevent = uevent;
	return 0;
}
