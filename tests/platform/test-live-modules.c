/* SPDX-License-Identifier: MIT */
/*
 * Modules out of ISOs in the form of several distributions', made here, and out
 * of some that are hostile. Needs root and loop devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "../unit/tap.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "kernel/live-modules.h"
#include "root/loopdev.h"

#define RELEASE "6.1.0-test"

static char scratch[] = "/tmp/boomerang-live-modules-XXXXXX";
static struct failure failure;

/*
 * What the scripts below are made of:
 *  modules DIR [SUFFIX]: root/ with four modules in DIR, of which nd-pmem shall
 *    have the suffix, and something to make it larger than what is left out
 *  squash FILE: root/ as a squashfs in the ISO
 */
static const char functions[] =
	"modules() {\n"
	"  rm -rf root iso; mkdir -p root/$1/kernel/nd iso; m=root/$1\n"
	"  for i in libnvdimm nd_e820 nd-pmem isofs; do\n"
	"    printf '\\177ELF %s' $i >$m/kernel/nd/$i.ko\n"
	"  done\n"
	"  echo 'kernel/nd/libnvdimm.ko:' >$m/modules.dep\n"
	"  for i in nd_e820.ko nd-pmem.ko$2; do\n"
	"    echo kernel/nd/$i: kernel/nd/libnvdimm.ko >>$m/modules.dep\n"
	"  done\n"
	"  echo 'kernel/nd/isofs.ko:' >>$m/modules.dep\n"
	"  echo 'kernel/fs/loop.ko' >$m/modules.builtin\n"
	"  head -c 1200000 /dev/urandom >root/large\n"
	"  pmem=$m/kernel/nd/nd-pmem.ko; isofs=$m/kernel/nd/isofs.ko\n"
	"}\n"
	"squash() {\n"
	"  mkdir -p iso/$(dirname $1)\n"
	"  mksquashfs root iso/$1 -noappend -quiet -no-progress\n"
	"}\n";

/* In the scratch directory, with functions; an ISO of iso/ at its end. */
static bool make_iso(const char *script)
{
	static const char finish[] =
		"xorriso -as mkisofs -quiet -R -J -V LIVE -o live.iso iso";
	char command[4096];

	snprintf(command, sizeof(command),
		 "{ set -e; cd %s; %s %s; %s; } >>%s/log 2>&1", scratch,
		 functions, script, finish, scratch);
	return ok(system(command) == 0, "an ISO is made");
}

#define MODULES "modules usr/lib/modules/" RELEASE

static const char *const wanted[] = { "nd_e820", "nd_pmem", "isofs", NULL };

static int find_for(const char *release, const char *const *names,
		    struct live_modules *ret_modules)
{
	char path[128];
	_cleanup_fd int fd = FD_NONE;
	struct reader reader;
	struct iso iso;
	int r;

	failure = (struct failure){ 0 };
	snprintf(path, sizeof(path), "%s/live.iso", scratch);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = reader_over_fd(&reader, fd, "live.iso", &failure);
	if (r == 0)
		r = iso_open(&iso, &reader, &failure);
	if (r == 0)
		r = live_modules_find(&iso, fd, release, names, ret_modules,
				      &failure);
	return r;
}

static void check_found(const char *what)
{
	static const struct {
		const char *name, *bytes;
	} order[] = {
		{ "libnvdimm", "\177ELF libnvdimm" },
		{ "nd_e820", "\177ELF nd_e820" },
		{ "nd_pmem", "\177ELF nd-pmem" },
		{ "isofs", "\177ELF isofs" },
	};
	_cleanup_live_modules struct live_modules modules = { 0 };

	ok_int(find_for(RELEASE, wanted, &modules), 0, what);
	ok_str(failure.text, "", "without a failure");
	if (!ok_int((int64_t)modules.count, ARRAY_SIZE(order),
		    "with what they need"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		ok_str(modules.list[i].name, order[i].name, order[i].name);
		ok(modules.list[i].len == strlen(order[i].bytes) &&
			   memcmp(modules.list[i].bytes, order[i].bytes,
				  modules.list[i].len) == 0,
		   "decompressed");
	}
}

static void check_none(int err, const char *text, const char *what)
{
	_cleanup_live_modules struct live_modules modules = { 0 };

	ok_int(find_for(RELEASE, wanted, &modules), -err, what);
	ok(strstr(failure.text, text), failure.text);
}

static void test_layouts(void)
{
	static const struct {
		const char *what, *script;
	} layouts[] = {
		{ "Debian: squashfs",
		  MODULES "; squash live/filesystem.squashfs" },
		{ "a /lib that is a link to another place in the root",
		  "modules etc/lib/modules/" RELEASE " .gz; gzip $pmem;"
		  "ln -s /etc/lib root/lib; squash root.sfs" },
		{ "Fedora: ext4 in squashfs, xz",
		  MODULES " .xz; xz --check=crc32 $pmem;"
			  "mkdir -p live/LiveOS; truncate -s 8M image;"
			  "mkfs.ext4 -q -d root image; rm -r root;"
			  "mv image live/LiveOS/rootfs.img; mv live root;"
			  "squash LiveOS/squashfs.img" },
		{ "erofs three directories deep, zstd",
		  MODULES " .zst; zstd -q --rm $pmem; mkdir -p iso/a/b/c;"
			  "mkfs.erofs iso/a/b/c/root.erofs root" },
		{ "Alpine: a squashfs of modules",
		  "modules modules/" RELEASE "; squash boot/modloop-lts" },
		{ "NixOS: a store of packages",
		  "modules 0abc-linux-6.1-modules/lib/modules/" RELEASE ";"
		  "squash nix-store.squashfs" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		make_iso(layouts[i].script);
		check_found(layouts[i].what);
	}
}

static void test_several(void)
{
	make_iso(MODULES "; squash small.squashfs; rm -r root/usr;"
			 "head -c 4M /dev/urandom >root/more;"
			 "squash larger.squashfs;"
			 "printf hsqs >iso/broken.squashfs;"
			 "head -c 8M /dev/urandom >>iso/broken.squashfs");
	check_found("the one of several that has them");
}

static void test_none(void)
{
	_cleanup_live_modules struct live_modules modules = { 0 };
	static const char *const e820x[] = { "loop", "nd_e820x", NULL };
	static const char *const built_in[] = { "loop", NULL };

	make_iso(MODULES "; squash live.squashfs");
	ok_int(find_for("6.1.0-other", wanted, &modules), -ENOENT,
	       "of another kernel");
	ok_str(failure.text,
	       "the ISO has no modules of its kernel 6.1.0-other in any of its "
	       "1 file systems",
	       "is said");
	ok_int(find_for("", wanted, &modules), -ENOENT, "no release");
	ok_int(find_for("../modules/" RELEASE, wanted, &modules), -ENOENT,
	       "a release that is a path");
	ok_int(find_for(RELEASE, e820x, &modules), -ENOPKG,
	       "a driver that it has not");
	ok_str(failure.text,
	       "the ISO's kernel has no driver nd_e820x, neither built in nor "
	       "in usr/lib/modules/" RELEASE,
	       "is named");
	ok_int(find_for(RELEASE, built_in, &modules), 0,
	       "a driver that is built in");
	ok_int((int64_t)modules.count, 0, "needs no module");
	make_iso("rm -rf iso; mkdir iso; echo hello >iso/readme");
	check_none(ENOENT, "any of its 0 file systems", "an ISO of a text");
}

static void test_hostile(void)
{
	make_iso(MODULES "; ln -sf /etc/passwd $isofs; squash live.squashfs");
	check_none(EBADMSG, "isofs.ko in the ISO cannot be read",
		   "a module that is a link out of the root");
	make_iso(MODULES "; rm $isofs; mkfifo $isofs; squash live.squashfs");
	check_none(EBADMSG, "isofs.ko in the ISO cannot be read",
		   "a module that is a FIFO holds nobody up");
	make_iso(MODULES " .xz; head -c 70M /dev/zero | xz -0 >$pmem.xz;"
			 "squash live.squashfs");
	check_none(EBADMSG, "nd-pmem.ko.xz in the ISO cannot be read",
		   "one that unpacks to more than any has");
	make_iso(MODULES " .xz; printf '\\3757zXZ\\0rubbish' >$pmem.xz;"
			 "squash live.squashfs");
	check_none(EBADMSG, "nd-pmem.ko.xz in the ISO cannot be read",
		   "one that is damaged");
}

static int is_of_test(_unused const char *name, const char *file,
		      _unused void *context)
{
	return strstr(file, "boomerang-live-modules-") != NULL;
}

int main(void)
{
	if (geteuid() != 0 || access("/dev/loop-control", W_OK) < 0) {
		printf("1..0 # SKIP needs root and loop devices\n");
		return 0;
	}
	if (!mkdtemp(scratch))
		printf("Bail out! %s: %m\n", scratch);
	test_layouts();
	test_several();
	test_none();
	test_hostile();
	ok_int(loopdev_list(is_of_test, NULL), 0, "no loop device is left");
	if (tap_failed)
		(void)!system("cat /tmp/boomerang-live-modules-*/log");
	(void)!path_remove_tree(AT_FDCWD, scratch);
	return tap_done();
}
