/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/listing.h"
#include "base/path.h"
#include "base/text.h"
#include "takeover/storage.h"

#include "tap.h"

#define RULES "etc/udev/rules.d"
#define UNITS "etc/systemd/system"

static int root = FD_NONE;

/* A file of the image, with the directories that it is in. */
static void add(const char *path, const char *text)
{
	char dir[PATH_MAX];

	(void)str_copy(dir, sizeof(dir), path);
	*strrchr(dir, '/') = '\0';
	if (path_mkdirs_in_root(root, dir, 0755) < 0 ||
	    file_create(root, path, text) < 0)
		printf("Bail out! cannot write %s\n", path);
}

/* What a link points to, or what a file has in it; "": there is neither. */
static const char *at(const char *path)
{
	static char buf[512];
	ssize_t n = readlinkat(root, path, buf, sizeof(buf) - 1);

	if (n < 0)
		n = file_read(root, path, buf, sizeof(buf));
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static bool is_there(const char *path)
{
	return faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int count(const char *name, void *context)
{
	(void)name;
	++*(int *)context;
	return 0;
}

static int names_in(const char *path)
{
	int n = 0;

	return listing_each(root, path, count, &n) == 0 ? n : -1;
}

/* Runs test() on an empty root. */
static void in_root(void (*test)(void))
{
	char place[] = "/tmp/storage-mask-XXXXXX";

	if (!mkdtemp(place)) {
		printf("Bail out! %m\n");
		return;
	}
	root = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test();
	root = fd_close(root);
	ok_int(path_remove_tree(AT_FDCWD, place), 0, "the root is removed");
}

static void test_debian(void)
{
	struct failure failure = { 0 };

	add("usr/lib/udev/rules.d/69-lvm.rules", "run");
	add("usr/lib/udev/rules.d/60-block.rules", "run");
	add(RULES "/64-md-raid-assembly.rules", "own");
	add("usr/lib/systemd/system-generators/systemd-gpt-auto-generator",
	    "x");
	add("usr/lib/systemd/system/multipathd.service", "[Unit]");
	add("usr/lib/systemd/system/ssh.service", "[Unit]");
	add("usr/sbin/lvm", "x");
	add("usr/sbin/mdadm", "x");
	add("etc/lvm/lvm.conf", "global {}");
	add("etc/mdadm/mdadm.conf", "ARRAY /dev/md0");
	add("etc/fstab", "/dev/vda1 / ext4 defaults 0 1");
	add("etc/init.d/lvm2", "#!/bin/sh");
	add("etc/rcS.d/S03lvm2", "");
	add("etc/rcS.d/S01procps", "");
	add("etc/runlevels/boot/lvm", "");

	ok_int(storage_mask(root, &failure), 0, "an image is masked");
	ok_str(at(RULES "/69-lvm.rules"), "/dev/null", "a rule is shadowed");
	ok_str(at("usr/lib/udev/rules.d/69-lvm.rules"), "run",
	       "and stays as it is");
	ok_str(at(RULES "/64-md-raid-assembly.rules"), "/dev/null",
	       "one of its own, too");
	ok_str(at(RULES "/64-md-raid-assembly.rules.boomerang"), "own",
	       "which is moved aside");
	ok_int(names_in(RULES), 3, "other rules are not shadowed");
	ok_str(at("etc/systemd/system-generators/systemd-gpt-auto-generator"),
	       "/dev/null", "a generator is shadowed");
	ok_str(at(UNITS "/multipathd.service"), "/dev/null",
	       "a unit is shadowed");
	ok_int(names_in(UNITS), 1, "other units are not");
	ok(strstr(at("etc/lvm/lvmlocal.conf"), "event_activation = 0"),
	   "LVM activates nothing");
	ok_str(at("etc/lvm/lvm.conf"), "global {}", "lvm.conf stays");
	ok(strstr(at("etc/mdadm/mdadm.conf"), "AUTO -all"),
	   "mdadm assembles nothing");
	ok_str(at("etc/mdadm/mdadm.conf.boomerang"), "ARRAY /dev/md0",
	       "its own configuration is moved aside");
	ok(!strstr(at("etc/fstab"), "/dev/"), "fstab mounts nothing");
	ok_str(at("etc/fstab.boomerang"), "/dev/vda1 / ext4 defaults 0 1",
	       "the image's is moved aside");
	ok(!is_there("etc/crypttab"), "what was not there is not made");
	ok(!is_there("etc/rcS.d/S03lvm2"), "sysvinit does not start LVM");
	ok(is_there("etc/rcS.d/S01procps"), "but the rest");
	ok(is_there("etc/init.d/lvm2"), "whose script stays");
	ok(!is_there("etc/runlevels/boot/lvm"), "nor does OpenRC");
}

/* An image with busybox alone is left as it is. */
static void test_small(void)
{
	struct failure failure = { 0 };

	add("bin/busybox", "x");
	add("etc/passwd", "root");

	ok_int(storage_mask(root, &failure), 0, "a small image is masked");
	ok_int(names_in("."), 2, "nothing is in it that was not");
	ok_int(names_in("etc"), 1, "nor in its /etc");
}

/* Its links lead nowhere but into it. */
static void test_links(void)
{
	struct failure failure = { 0 };
	char outside[] = "/tmp/storage-mask-outside-XXXXXX";

	if (!mkdtemp(outside)) {
		printf("Bail out! %m\n");
		return;
	}
	add("usr/sbin/lvm", "x");
	add("usr/lib/udev/rules.d/69-lvm.rules", "run");
	if (mkdirat(root, "etc", 0755) < 0 ||
	    symlinkat(outside, root, "etc/udev") < 0 ||
	    symlinkat("/usr/lvm", root, "etc/lvm") < 0 ||
	    mkdirat(root, "usr/lvm", 0755) < 0)
		printf("Bail out! %m\n");

	(void)!storage_mask(root, &failure);
	ok_int(rmdir(outside), 0, "nothing was made outside");
	(void)unlinkat(root, "etc/udev", 0);
	ok_int(storage_mask(root, &failure), 0, "it is masked");
	ok(strstr(at("usr/lvm/lvmlocal.conf"), "event_activation"),
	   "an absolute link is followed inside");
	ok_str(at(RULES "/69-lvm.rules"), "/dev/null", "a directory is made");
}

static void test_failure(void)
{
	struct failure failure = { 0 };

	add("usr/sbin/lvm", "x");
	add("etc/lvm", "a file");
	ok_int(storage_mask(root, &failure), -ENOTDIR,
	       "a directory that cannot be is told");
	ok(strstr(failure.text, "/etc/lvm/lvmlocal.conf"), "with its name");
}

int main(void)
{
	in_root(test_debian);
	in_root(test_small);
	in_root(test_links);
	in_root(test_failure);
	return tap_done();
}
