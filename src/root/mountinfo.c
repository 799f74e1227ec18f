/* SPDX-License-Identifier: MIT */
#include "root/mountinfo.h"

#include <errno.h>

#include "root/proc-text.h"

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS ...] - TYPE SOURCE OPTIONS */
static int parse_line(struct view line, struct mountinfo *mount)
{
	char device[24];

	for (int i = 0; i < 2; i++)
		(void)proc_text_until(&line, ' ');
	if (proc_text_word(&line, device, sizeof(device)) < 0 ||
	    proc_text_device(device, &mount->device) < 0 ||
	    proc_text_word(&line, mount->root, sizeof(mount->root)) < 0 ||
	    proc_text_word(&line, mount->point, sizeof(mount->point)) < 0)
		return -EBADMSG;
	while (line.left > 0) {
		struct view word = proc_text_until(&line, ' ');

		if (word.left != 1 || word.at[0] != '-')
			continue;
		if (proc_text_word(&line, mount->type, sizeof(mount->type)) < 0)
			return -EBADMSG;
		/* mount(2) with an empty source leaves an empty word. */
		if (proc_text_word(&line, mount->source,
				   sizeof(mount->source)) < 0)
			mount->source[0] = '\0';
		return 1;
	}
	return -EBADMSG;
}

int mountinfo_next(struct view *text, struct mountinfo *ret_mount)
{
	return text->left > 0
		       ? parse_line(proc_text_until(text, '\n'), ret_mount)
		       : 0;
}

int mountinfo_last(struct view *text, struct mountinfo *ret_mount)
{
	size_t end = text->left, begin;
	const uint8_t *before;

	if (end == 0)
		return 0;
	if (text->at[end - 1] == '\n')
		end--;
	before = memrchr(text->at, '\n', end);
	begin = before ? (size_t)(before - text->at) + 1 : 0;
	text->left = begin;
	return parse_line(view_over(text->at + begin, end - begin), ret_mount);
}
