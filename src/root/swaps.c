/* SPDX-License-Identifier: MIT */
#include "root/swaps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/swap.h>

#include "base/text.h"
#include "root/proc-text.h"

/* Columns are separated by blanks and tabs, as many as align them. */
static int take_column(struct view *line, char *dst, size_t size)
{
	size_t len = 0;
	struct view word;

	while (line->left > 0 && (*line->at == ' ' || *line->at == '\t'))
		view_skip(line, 1);
	while (len < line->left && line->at[len] != ' ' &&
	       line->at[len] != '\t')
		len++;
	word = view_sub(line, len);
	return proc_text_word(&word, dst, size);
}

static int priority_parse(const char *text, int *ret_priority)
{
	const char *digits = *text == '-' ? text + 1 : text;
	uint64_t n;

	if (str_to_u64(digits, INT_MAX, &n) < 0)
		return -EBADMSG;
	*ret_priority = *text == '-' ? -(int)n : (int)n;
	return 0;
}

/* FILENAME TYPE SIZE USED PRIORITY */
static int parse_line(struct view line, struct swap_area *area)
{
	char word[32] = "";
	int r = take_column(&line, area->path, sizeof(area->path));

	if (r == 0)
		r = take_column(&line, word, sizeof(word));
	area->is_file = r == 0 && str_eq(word, "file");
	for (int i = 0; i < 3 && r == 0; i++)
		r = take_column(&line, word, sizeof(word));
	return r < 0 ? r : priority_parse(word, &area->priority);
}

int swaps_next(struct view *text, struct swap_area *ret_area)
{
	if (text->left > 0 && *text->at != '/')
		(void)proc_text_until(text, '\n');
	if (text->left == 0)
		return 0;
	return parse_line(proc_text_until(text, '\n'), ret_area) < 0 ? -EBADMSG
								     : 1;
}

/*
 * The kernel names a device by its path in the mount it was opened through.
 * When that devtmpfs is gone, "/dev/sda2" is "/sda2" by now.
 */
int swaps_off(const char *path)
{
	char device[PATH_MAX];

	if (swapoff(path) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	if (snprintf(device, sizeof(device), "/dev%s", path) >=
	    (int)sizeof(device))
		return -ENAMETOOLONG;
	return swapoff(device) < 0 ? -errno : 0;
}
