/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/newfile.h"
#include "base/path.h"
#include "tap.h"

static char dir[] = "/tmp/test-newfile-XXXXXX";
static char path[64], temporary[80];

static const char *content(const char *of)
{
	static char text[64];

	return file_read(AT_FDCWD, of, text, sizeof(text)) < 0 ? NULL : text;
}

static void test_killed_writer(void)
{
	ok_int(file_create(AT_FDCWD, temporary, "longer than the new one"), 0,
	       "a writer was killed");
	ok_int(newfile_write(path, 0644, "three", 5, NULL), 0,
	       "the next is not disturbed");
	ok_str(content(path), "three", "by what was left");
	ok(access(temporary, F_OK) < 0, "which is gone");
}

static void test_two_writers(void)
{
	_cleanup_newfile struct newfile first = NEWFILE_NONE;
	struct newfile second = NEWFILE_NONE;

	ok_int(newfile_begin(path, 0600, &first, NULL), 0, "a first writer");
	ok_int(newfile_begin(path, 0600, &second, NULL), -EBUSY,
	       "a second is refused");
	ok_int(fd_write_all(first.fd, "four", 4), 0, "the first writes");
	ok_str(content(path), "three", "nothing is to be seen of it");
	ok_int(newfile_finish(&first, NULL), 0, "until it has finished");
	ok_str(content(path), "four", "then all");
	ok_int(newfile_begin(path, 0600, &second, NULL), 0, "the next begins");
	newfile_clear(&second);
	ok_str(content(path), "four", "and gives up");
	ok(access(temporary, F_OK) < 0, "without a trace");
}

int main(void)
{
	struct stat st;
	uint64_t size = 0;
	char copy[64];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	snprintf(copy, sizeof(copy), "%s/copy", dir);

	ok_int(newfile_write(path, 0640, "one", 3, NULL), 0, "a new file");
	ok_str(content(path), "one", "its content");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640, "its mode");
	ok_int(newfile_write(path, 0600, "two", 3, NULL), 0, "a replacement");
	ok_str(content(path), "two", "its content");
	test_killed_writer();
	test_two_writers();
	ok_int(newfile_copy(copy, 0644, path, &size, NULL), 0, "a copy");
	ok_str(content(copy), "four", "of the content");
	ok_int((int64_t)size, 4, "and its size");
	ok_int(newfile_copy(copy, 0644, "/nonexistent", &size, NULL), -ENOENT,
	       "no file to copy");
	ok_int(newfile_write("/nonexistent/x", 0644, "", 0, NULL), -ENOENT,
	       "no directory");
	return path_remove_tree(AT_FDCWD, dir) < 0 || tap_done();
}
