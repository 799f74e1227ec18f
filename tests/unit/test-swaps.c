/* SPDX-License-Identifier: MIT */
#include "root/swaps.h"

#include <errno.h>

#include "tap.h"

static struct view text_view(const char *text)
{
	return view_over(text, strlen(text));
}

static void test_lines(void)
{
	struct view v = text_view(
		"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		"/dev/vda2                               partition\t40956"
		"\t\t0\t\t7\n"
		"/srv/swap\\040file\\134\\011x\\040(deleted)               "
		"file\t\t8180\t\t12\t\t-2\n"
		"/dev/dm-0 partition 1 0 -3");
	struct swap_area area;

	ok_int(swaps_next(&v, &area), 1, "the heading is skipped");
	ok_str(area.path, "/dev/vda2", "the path of a partition");
	ok_int(area.is_file, false, "it is no file");
	ok_int(area.priority, 7, "its priority");
	ok_int(swaps_next(&v, &area), 1, "the next line");
	ok_str(area.path, "/srv/swap file\\\tx (deleted)",
	       "escapes are resolved");
	ok_int(area.is_file, true, "it is a file");
	ok_int(area.priority, -2, "a priority by the kernel");
	ok_int(swaps_next(&v, &area), 1, "a line without its end");
	ok_str(area.path, "/dev/dm-0", "its path");
	ok_int(area.priority, -3, "its priority");
	ok_int(swaps_next(&v, &area), 0, "then it ends");
}

static void test_bad(void)
{
	static const struct {
		const char *line, *what;
	} bad[] = {
		{ "/dev/vda2\n", "no columns" },
		{ "/dev/vda2 partition 1 0\n", "no priority" },
		{ "/dev/vda2 partition 1 0 x\n", "a priority that is none" },
		{ "/dev/vda2 partition 1 0 --1\n", "two signs" },
		{ "/dev/vda2 partition 1 0 2147483648\n", "one too high" },
		{ "/a\\000b partition 1 0 1\n", "a NUL in the path" },
	};
	struct swap_area area;
	struct view v;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		v = text_view(bad[i].line);
		ok_int(swaps_next(&v, &area), -EBADMSG, bad[i].what);
		ok_int((int64_t)v.left, 0, "and the line is skipped");
	}
	v = text_view("");
	ok_int(swaps_next(&v, &area), 0, "nothing");
	v = text_view("Filename Type Size Used Priority\n");
	ok_int(swaps_next(&v, &area), 0, "a heading alone");
}

static void test_long(void)
{
	char line[PATH_MAX + 64];
	struct swap_area area;
	struct view v;

	memset(line, 'a', PATH_MAX);
	line[0] = '/';
	snprintf(line + PATH_MAX - 1, sizeof(line) - PATH_MAX + 1,
		 " file 1 0 -2\n");
	v = text_view(line);
	ok_int(swaps_next(&v, &area), 1, "the longest path");
	ok_int((int64_t)strlen(area.path), PATH_MAX - 1, "as a whole");
	snprintf(line + PATH_MAX, sizeof(line) - PATH_MAX, " file 1 0 -2\n");
	line[PATH_MAX - 1] = 'a';
	v = text_view(line);
	ok_int(swaps_next(&v, &area), -EBADMSG, "one longer is too long");
}

int main(void)
{
	test_lines();
	test_bad();
	test_long();
	return tap_done();
}
