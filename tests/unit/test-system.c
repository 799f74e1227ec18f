/* SPDX-License-Identifier: MIT */
/* A sysroot whose symlinks would lead out of it. */
#include "initramfs/system.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "tap.h"

static char root[] = "/tmp/test-system-XXXXXX";

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *below(const char *path)
{
	static char buf[PATH_MAX];

	snprintf(buf, sizeof(buf), "%s%s", root, path);
	return buf;
}

static void put_file(const char *path, mode_t mode)
{
	_cleanup_fd int fd = open(below(path), O_CREAT | O_WRONLY, mode);

	if (fd < 0)
		die("open");
}

static void put_link(const char *path, const char *target)
{
	if (symlink(target, below(path)) < 0)
		die("symlink");
}

static void make_root(void)
{
	static const char *const dirs[] = { "/etc", "/usr", "/usr/bin",
					    "/usr/sbin" };

	if (!mkdtemp(root))
		die("mkdtemp");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(below(dirs[i]), 0755) < 0)
			die("mkdir");
	put_link("/bin", "usr/bin");
	put_file("/usr/bin/ip", 0755);
	put_link("/usr/sbin/ip", "/bin/ip");
	put_file("/etc/inside", 0644);
	put_link("/etc/up", "../../../../etc/inside");
	put_link("/etc/passwd", "/etc/passwd-");
}

static void test_sysroot(void)
{
	_cleanup_manifest struct manifest m = { .sysroot = root };
	char source[PATH_MAX];

	ok(system_find_program(&m, "ip", source), "a program is found");
	ok_str(source, below("/usr/bin/ip"),
	       "in the root, as an absolute symlink leads there");
	ok(!system_find_program(&m, "sh", source),
	   "and not what only this machine has");
	ok(system_find(&m, "/etc/up", source), "dots end at the root");
	ok_str(source, below("/etc/inside"), "and lead to what is in it");
	ok(!system_find(&m, "/etc/passwd", source),
	   "a symlink to what the root lacks leads nowhere");
	ok(!system_add_file(&m, "/etc/shadow", 0644) && m.count == 0,
	   "what is not there is not added");
	ok(system_add_file(&m, "/etc/up", 0644), "what is there is,");
	ok_int(manifest_check(&m, NULL), 0, "without a failure,");
	ok(manifest_find(&m, "/etc/up"), "by the name it was asked for");
}

static void test_missing(void)
{
	_cleanup_manifest struct manifest m = { .sysroot = "/nonexistent" };
	char source[PATH_MAX];

	ok(!system_find(&m, "/etc/passwd", source), "no root has no files");
}

static void test_here(void)
{
	_cleanup_manifest struct manifest m = { 0 };
	char source[PATH_MAX];

	ok(system_find(&m, "/etc/passwd", source),
	   "without a sysroot it is this machine");
	ok_str(source, "/etc/passwd", "and its path stays");
	ok(system_find_program(&m, "sh", source), "which has a shell");
}

int main(void)
{
	make_root();
	test_sysroot();
	test_missing();
	test_here();
	(void)!path_remove_tree(AT_FDCWD, root);
	return tap_done();
}
