/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "initramfs/manifest.h"
#include "tap.h"

static void test_order_and_parents(void)
{
	_cleanup_manifest struct manifest m = { 0 };
	static const char *const want[] = { "a", "a-b", "a/b", "a/b/c" };

	manifest_text(&m, "/a/b/c", 0600, "text");
	manifest_text(&m, "/a-b", 0600, "");
	manifest_directory(&m, "/a", 01777);
	ok_int(manifest_check(&m, NULL), 0, "files with their parents");
	ok_int((int64_t)m.count, ARRAY_SIZE(want), "all are there");
	for (size_t i = 0; i < m.count && i < ARRAY_SIZE(want); i++)
		ok_str(m.entries[i].path, want[i], "parents before children");
	ok_int(manifest_find(&m, "/a/b")->mode, S_IFDIR | 0755,
	       "a parent nobody asked for");
	ok_int(manifest_find(&m, "/a")->mode, S_IFDIR | 01777,
	       "a parent asked for later keeps its mode");
	manifest_text(&m, "/a/d", 0600, "");
	ok_int(manifest_find(&m, "/a")->mode, S_IFDIR | 01777,
	       "and after another child");
}

static void test_symlinks(void)
{
	_cleanup_manifest struct manifest m = { 0 };

	manifest_symlink(&m, "/lib", "usr/lib");
	manifest_symlink(&m, "/usr/lib/absolute", "/var/../opt/x");
	manifest_symlink(&m, "/opt/up", "../usr/./lib");
	manifest_text(&m, "/lib/one", 0644, "1");
	manifest_text(&m, "/lib/absolute/two", 0644, "2");
	manifest_text(&m, "//opt/up//three", 0644, "3");
	manifest_text(&m, "/../four", 0644, "4");
	ok_int(manifest_check(&m, NULL), 0, "files through symlinks");
	ok(manifest_find(&m, "/usr/lib/one"), "a relative one");
	ok(manifest_find(&m, "/opt/x/two"), "an absolute one");
	ok(manifest_find(&m, "/usr/lib/three"), "one with dots");
	ok(manifest_find(&m, "/four"), "nothing is above the root");
	ok(S_ISLNK(manifest_find(&m, "/lib")->mode),
	   "the last is not followed");
	ok(manifest_find(&m, "/lib/one") == manifest_find(&m, "/usr/lib/one"),
	   "found by either name");

	manifest_symlink(&m, "/loop", "loop");
	manifest_text(&m, "/loop/x", 0644, "");
	ok_int(manifest_check(&m, NULL), -ELOOP, "a loop of symlinks");
}

static void test_twice(void)
{
	static const char *const hosts[] = { "/proc/self/exe", "/etc/passwd" };
	struct failure failure = { 0 };

	for (int different = 0; different < 2; different++) {
		_cleanup_manifest struct manifest m = { 0 };

		manifest_text(&m, "/text", 0644, "same");
		manifest_text(&m, "/text", 0644, different ? "more" : "same");
		ok_int(manifest_check(&m, NULL), different ? -EEXIST : 0,
		       "a text twice");
	}
	for (int different = 0; different < 2; different++) {
		_cleanup_manifest struct manifest m = { 0 };

		manifest_file(&m, "/file", 0644, hosts[0]);
		manifest_file(&m, "/file", 0644, hosts[different]);
		ok_int(manifest_check(&m, NULL), different ? -EEXIST : 0,
		       "a file twice");
	}
	for (int different = 0; different < 2; different++) {
		_cleanup_manifest struct manifest m = { 0 };

		manifest_char_device(&m, "/dev/null", 0666, 1, 3);
		if (different)
			manifest_block_device(&m, "/dev/null", 0666, 1, 3);
		manifest_text(&m, "/later", 0644, "");
		ok_int(manifest_check(&m, &failure), different ? -EEXIST : 0,
		       "a device twice");
		ok_int(!manifest_find(&m, "/later"), different,
		       "what follows a failure is ignored");
	}
	ok(strstr(failure.text, "/dev/null"), "the failure names the path");
}

static void test_refused(void)
{
	static const char *const paths[] = { "relative", "", "/", "/..", "//" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_manifest struct manifest m = { 0 };

		manifest_directory(&m, paths[i], 0755);
		ok_int(manifest_check(&m, NULL), -EINVAL, paths[i]);
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		manifest_file(&m, "/x", 0644, "/nonexistent");
		ok_int(manifest_check(&m, NULL), -ENOENT, "no such file");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		manifest_file(&m, "/x", 0644, "/");
		ok_int(manifest_check(&m, NULL), -EINVAL, "not a file");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		manifest_text(&m, "/file", 0644, "");
		manifest_text(&m, "/file/below", 0644, "");
		ok_int(manifest_check(&m, NULL), -EEXIST, "below a file");
	}
}

int main(void)
{
	test_order_and_parents();
	test_symlinks();
	test_twice();
	test_refused();
	return tap_done();
}
