/* SPDX-License-Identifier: MIT */
/*
 * The bootstrap's /usr in a root that somebody else made: nothing of it leads
 * outside. That it is mounted, the lab sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "root/usr.h"

#define TOP "/tmp/boomerang-usr-XXXXXX"

static char top[] = TOP;
static struct failure failure;

/* Below the directory of this test. */
static const char *at(const char *relative)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, relative);
	return path;
}

static void directory(const char *relative)
{
	if (path_mkdirs(at(relative), 0755) < 0)
		printf("Bail out! %s: %m\n", relative);
}

static void file(const char *relative)
{
	if (file_create(AT_FDCWD, at(relative), "hsqs") < 0)
		printf("Bail out! %s: %m\n", relative);
}

static void link_to(const char *target, const char *relative)
{
	if (symlink(at(target), at(relative)) < 0)
		printf("Bail out! %s: %m\n", relative);
}

static void test_none(void)
{
	directory("none/boot");
	ok_int(usr_mount(at("none"), &failure), 0, "a root without one");
	ok(access(at("none/usr"), F_OK) < 0, "is left as it is");
}

static void test_boot_elsewhere(void)
{
	directory("out");
	file("out/usr.squashfs");
	directory("boot");
	link_to("out", "boot/boot");
	ok_int(usr_mount(at("boot"), &failure), -ENOTDIR,
	       "a /boot that leads elsewhere");
	ok(strstr(failure.text, "/boot/boot: Not a directory") != NULL,
	   "is named");
	ok(access(at("out/usr"), F_OK) < 0 &&
		   access(at("out/usr.work"), F_OK) < 0,
	   "and nothing is made there");
}

static void test_squashfs_elsewhere(void)
{
	directory("squashfs/boot");
	link_to("out/usr.squashfs", "squashfs/boot/usr.squashfs");
	ok_int(usr_mount(at("squashfs"), &failure), -ELOOP,
	       "a squashfs that is a symlink");
}

static void test_usr_elsewhere(void)
{
	directory("usr/boot");
	file("usr/boot/usr.squashfs");
	link_to("out", "usr/usr");
	ok_int(usr_mount(at("usr"), &failure), -ENOTDIR,
	       "a /usr that leads elsewhere");
}

static int remove_one(const char *path, _unused const struct stat *st,
		      _unused int flag, _unused struct FTW *ftw)
{
	return remove(path);
}

int main(void)
{
	if (!mkdtemp(top)) {
		printf("Bail out! %s: %m\n", top);
		return 1;
	}
	test_none();
	test_boot_elsewhere();
	test_squashfs_elsewhere();
	test_usr_elsewhere();
	(void)nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
