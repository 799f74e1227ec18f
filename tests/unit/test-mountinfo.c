/* SPDX-License-Identifier: MIT */
#include "root/mountinfo.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "tap.h"

static struct view text_view(const char *text)
{
	return view_over(text, strlen(text));
}

static void test_lines(void)
{
	struct view v = text_view(
		"22 27 0:21 / /proc rw,relatime shared:5 master:1 - proc proc rw\n"
		"27 1 254:0 /sub /a\\040b\\134c rw - ext4 /dev/vda rw,discard");
	struct mountinfo m;

	ok_int(mountinfo_next(&v, &m), 1, "a line with two tags is taken");
	ok_str(m.point, "/proc", "its mount point");
	ok_str(m.type, "proc", "its type");
	ok_int(mountinfo_next(&v, &m), 1, "a line without tags is taken");
	ok_str(m.root, "/sub", "its root");
	ok_str(m.point, "/a b\\c", "escapes are resolved");
	ok_str(m.source, "/dev/vda", "its source");
	ok_int(m.device == makedev(254, 0), 1, "its device");
	ok_int(mountinfo_next(&v, &m), 0, "then it ends");
}

static void test_backwards(void)
{
	struct view v = text_view("1 0 8:1 / / rw - ext4 a rw\n"
				  "no line\n"
				  "2 1 0:3 / /b rw - tmpfs b rw\n"
				  "3 2 0:4 / /b/c rw - tmpfs c rw\n");
	struct mountinfo m;

	ok_int(mountinfo_last(&v, &m), 1, "the last line is taken");
	ok_str(m.point, "/b/c", "which is the innermost mount");
	ok_int(mountinfo_last(&v, &m), 1, "the one before");
	ok_str(m.point, "/b", "which it is mounted on");
	ok_int(mountinfo_last(&v, &m), -EBADMSG, "what is none");
	ok_int(mountinfo_last(&v, &m), 1, "is skipped");
	ok_str(m.point, "/", "up to the first");
	ok_int(mountinfo_last(&v, &m), 0, "then it ends");
	v = text_view("1 0 8:1 / /x rw - ext4 a rw");
	ok_int(mountinfo_last(&v, &m), 1, "a line without its end");
	ok_str(m.point, "/x", "is one");
	v = text_view("\n");
	ok_int(mountinfo_last(&v, &m), -EBADMSG, "an empty one is none");
	ok_int(mountinfo_last(&v, &m), 0, "and the end");
}

static void test_bad(void)
{
	static const struct {
		const char *line, *what;
	} bad[] = {
		{ "\n", "an empty line" },
		{ "22 27 0:21 / /proc rw\n", "no separator" },
		{ "22 27 0:21 / /proc rw -\n", "nothing behind it" },
		{ "22 27 0:21 / /a\\000b rw - proc proc rw\n", "a NUL" },
		{ "22 27 021 / /proc rw - proc proc rw\n", "no device" },
		{ "22 27 :1 / /proc rw - proc proc rw\n", "no number" },
		{ "22 27 0:21  /proc rw - proc proc rw\n", "an empty root" },
	};
	struct mountinfo m;
	struct view v;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		v = text_view(bad[i].line);
		ok_int(mountinfo_next(&v, &m), -EBADMSG, bad[i].what);
		ok_int((int64_t)v.left, 0, "and the line is skipped");
	}
	v = text_view("1 2 0:3 / /x rw - tmpfs  rw\n");
	ok_int(mountinfo_next(&v, &m), 1, "an empty source is one");
	ok_str(m.source, "", "and empty");
	v = text_view("1 2 0:3 / /x\\04 rw - tmpfs a\\777 rw\n");
	ok_int(mountinfo_next(&v, &m), 1, "what is no escape");
	ok_str(m.point, "/x\\04", "stays as it is");
	ok_str(m.source, "a\\777", "also beyond a byte");
}

static void test_long(void)
{
	char line[PATH_MAX + 128];
	struct mountinfo m;
	struct view v;
	int n = snprintf(line, sizeof(line), "1 2 0:3 / ");

	memset(line + n, 'x', PATH_MAX);
	snprintf(line + n + PATH_MAX, sizeof(line) - (size_t)n - PATH_MAX,
		 " rw - tmpfs t rw\n");
	v = text_view(line);
	ok_int(mountinfo_next(&v, &m), -EBADMSG, "a path too long is refused");
	memmove(line + n, line + n + 1, strlen(line + n));
	v = text_view(line);
	ok_int(mountinfo_next(&v, &m), 1, "one byte less is taken");
}

int main(void)
{
	test_lines();
	test_backwards();
	test_bad();
	test_long();
	return tap_done();
}
