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

/* In the scratch directory. */
static bool shell(const char *script)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "{ set -e; cd %s; %s; } >>%s/log 2>&1", scratch, script,
		 scratch);
	return system(command) == 0;
}

/* root/: a root with four modules, of which one is packed as the word says,
 * and something to make it larger than what is looked into. */
#define MODULES_IN(dir)                                             \
	"d=" dir "; rm -rf root; mkdir -p root/$d/kernel/nd iso;"   \
	"for m in libnvdimm nd_e820 nd-pmem isofs; do"              \
	"  printf '\\177ELF %s' $m >root/$d/kernel/nd/$m.ko; done;" \
	"printf '%s\\n' 'kernel/nd/libnvdimm.ko:'"                  \
	"  'kernel/nd/nd_e820.ko: kernel/nd/libnvdimm.ko'"          \
	"  'kernel/nd/nd-pmem.ko'$suffix': kernel/nd/libnvdimm.ko'" \
	"  'kernel/nd/isofs.ko:' >root/$d/modules.dep;"             \
	"printf 'kernel/fs/loop.ko\\n' >root/$d/modules.builtin;"   \
	"head -c 1200000 /dev/urandom >root/large;"

#define MODULES MODULES_IN("usr/lib/modules/" RELEASE)

#define SQUASH(path) "mksquashfs root " path " -noappend -quiet;"
#define ISO                                                         \
	"xorriso -as mkisofs -quiet -R -J -V LIVE -o live.iso iso;" \
	"rm -rf iso"

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
		  "suffix=;" MODULES
		  "mkdir iso/live;" SQUASH("iso/live/filesystem.squashfs") },
		{ "a /lib that is a link to /usr/lib, in the root",
		  "suffix=.gz;" MODULES_IN(
			  "etc/lib/modules/" RELEASE) "gzip root/$d/kernel/nd/nd-pmem.ko;"
						      "ln -s /etc/lib root/lib;" SQUASH(
							      "iso/root.sfs") },
		{ "Fedora: ext4 in squashfs, xz",
		  "suffix=.xz;" MODULES
		  "xz --check=crc32 root/$d/kernel/nd/nd-pmem.ko;"
		  "mkdir -p live/LiveOS iso/LiveOS;"
		  "truncate -s 8M live/LiveOS/rootfs.img;"
		  "mkfs.ext4 -q -d root live/LiveOS/rootfs.img;"
		  "mksquashfs live iso/LiveOS/squashfs.img -quiet;" },
		{ "erofs three directories deep, zstd",
		  "suffix=.zst;" MODULES "mkdir -p iso/a/x86_64/c;"
		  "zstd -q --rm root/$d/kernel/nd/nd-pmem.ko;"
		  "mkfs.erofs iso/a/x86_64/c/root.erofs root;" },
		{ "Alpine: a squashfs of modules",
		  "suffix=;" MODULES_IN("modules/" RELEASE) "mkdir iso/boot;" SQUASH(
			  "iso/boot/modloop-lts") },
		{ "NixOS: a store of packages",
		  "suffix=;" MODULES_IN(
			  "0abc-linux-6.1-modules/lib/modules/" RELEASE)
			  SQUASH("iso/nix-store.squashfs") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		char script[3500];

		snprintf(script, sizeof(script), "%s " ISO, layouts[i].script);
		ok(shell(script), "an ISO is made");
		check_found(layouts[i].what);
	}
}

static void test_several(void)
{
	ok(shell("suffix=;" MODULES SQUASH("iso/small.squashfs") "rm -r root/usr; head -c 4M /dev/urandom >root/more;" SQUASH(
		   "iso/larger.squashfs") "printf hsqs >iso/broken.squashfs;"
					  "head -c 8M /dev/urandom >>iso/broken.squashfs;" ISO),
	   "an ISO of which the larger file systems have no modules");
	check_found("the one that has them is found");
}

static void test_none(void)
{
	_cleanup_live_modules struct live_modules modules = { 0 };
	static const char *const e820x[] = { "loop", "nd_e820x", NULL };
	static const char *const built_in[] = { "loop", NULL };

	ok(shell("suffix=;" MODULES SQUASH("iso/live.squashfs") ISO),
	   "an ISO with modules");
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
	ok(shell("mkdir iso; echo hello >iso/readme;" ISO), "an ISO of a text");
	check_none(ENOENT, "any of its 0 file systems", "has none");
}

static void test_hostile(void)
{
	ok(shell("suffix=;" MODULES
		 "ln -sf /etc/passwd root/$d/kernel/nd/isofs.ko;" SQUASH(
			 "iso/live.squashfs") ISO),
	   "a module that is a link out of the root");
	check_none(EBADMSG, "isofs.ko in the ISO cannot be read",
		   "is not read");
	ok(shell("suffix=;" MODULES
		 "mkfifo root/fifo; mv root/fifo root/$d/modules.builtin; "
		 "rm root/$d/kernel/nd/isofs.ko;"
		 "mkfifo root/$d/kernel/nd/isofs.ko;" SQUASH(
			 "iso/live.squashfs") ISO),
	   "a module that is a FIFO");
	check_none(EBADMSG, "cannot be read", "holds nobody up");
	ok(shell("suffix=.xz;" MODULES "head -c 70000000 /dev/zero | xz -0 "
		 "  >root/$d/kernel/nd/nd-pmem.ko.xz;" SQUASH(
			 "iso/live.squashfs") ISO),
	   "a module that unpacks to more than any has");
	check_none(EBADMSG, "nd-pmem.ko.xz in the ISO cannot be read",
		   "is not unpacked");
	ok(shell("suffix=.xz;" MODULES "printf '\\3757zXZ\\0rubbish' "
		 "  >root/$d/kernel/nd/nd-pmem.ko.xz;" SQUASH(
			 "iso/live.squashfs") ISO),
	   "a module that is damaged");
	check_none(EBADMSG, "nd-pmem.ko.xz in the ISO cannot be read",
		   "is not taken");
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
