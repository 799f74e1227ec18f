/* SPDX-License-Identifier: MIT */
/* The ISO is a list of paths: medium.c asks only what is there. */
#include "iso/medium.h"

#include <errno.h>

#include "base/text.h"
#include "tap.h"

#define PATHS_MAX 4

static const char *const *paths;

struct iso_entry iso_root(const struct iso *iso _unused)
{
	return (struct iso_entry){ .type = ISO_DIRECTORY };
}

int iso_find(const struct iso *iso _unused, const char *path,
	     struct iso_entry *ret_entry _unused,
	     struct failure *failure _unused)
{
	for (size_t i = 0; i < PATHS_MAX && paths[i]; i++)
		if (str_eq(paths[i], path))
			return 0;
	return -ENOENT;
}

int iso_list(const struct iso *iso _unused,
	     const struct iso_entry *directory _unused,
	     int (*each)(const struct iso_entry *entry, void *context),
	     void *context, struct failure *failure _unused)
{
	for (size_t i = 0; i < PATHS_MAX && paths[i]; i++) {
		struct iso_entry entry = { 0 };
		int r;

		str_copy(entry.name, sizeof(entry.name), paths[i] + 1);
		r = each(&entry, context);
		if (r != 0)
			return r;
	}
	return 0;
}

static struct failure failure;

static void test_names(void)
{
	enum medium medium;

	for (int i = MEDIUM_UNKNOWN + 1; i <= MEDIUM_INITRD; i++) {
		const char *name = medium_name((enum medium)i);

		ok_int(medium_parse(name, &medium), 0, name);
		ok_int((int)medium, i, "is itself");
	}
	ok_int(medium_parse("unknown", &medium), -EINVAL, "no kind");
	ok_int(medium_parse("", &medium), -EINVAL, "no name");
}

static void test_recognise(void)
{
	static const struct {
		const char *paths[PATHS_MAX];
		const char *kernel, *cmdline;
		enum medium medium;
	} cases[] = {
		{ { "/live", "/.disk/info" },
		  "/live/vmlinuz",
		  "boot=live components quiet splash findiso=",
		  MEDIUM_LIVE_BOOT },
		{ { "/live" }, "/live/vmlinuz", "", MEDIUM_LIVE_BOOT },
		{ { "/casper", "/.disk/info" },
		  "/casper/vmlinuz",
		  "--- quiet splash",
		  MEDIUM_CASPER },
		{ { "/LiveOS" },
		  "/images/pxeboot/vmlinuz",
		  "root=live:CDLABEL=F rd.live.image quiet",
		  MEDIUM_DRACUT },
		/* Fedora's newer media have both. */
		{ { "/LiveOS", "/images/install.img" },
		  "/boot/x86_64/loader/linux",
		  "quiet",
		  MEDIUM_DRACUT },
		{ { "/arch/x86_64" },
		  "/arch/boot/x86_64/vmlinuz-linux",
		  "archisobasedir=arch archisosearchuuid=2026",
		  MEDIUM_ARCHISO },
		{ { "/sysresccd" },
		  "/sysresccd/boot/x86_64/vmlinuz",
		  "archisobasedir=sysresccd archisolabel=RESCUE",
		  MEDIUM_ARCHISO },
		{ { "/manjaro/x86_64" },
		  "/boot/vmlinuz-x86_64",
		  "misobasedir=manjaro misolabel=M",
		  MEDIUM_ARCHISO },
		{ { "/images/install.img" },
		  "/images/pxeboot/vmlinuz",
		  "inst.stage2=hd:LABEL=C quiet",
		  MEDIUM_ANACONDA },
		{ { "/nix-store.squashfs" },
		  "/boot/bzImage",
		  "init=/nix/store/a-nixos/init root=LABEL=n loglevel=4",
		  MEDIUM_NIXOS },
		{ { "/boot/modloop-lts" },
		  "/boot/vmlinuz-lts",
		  "modules=loop,squashfs,sd-mod,usb-storage quiet",
		  MEDIUM_ALPINE },
		{ { "/boot/x86_64/root" },
		  "/boot/x86_64/loader/linux",
		  "splash=silent",
		  MEDIUM_YAST },
		{ { "/boot/corepure64.gz", "/cde" },
		  "/boot/vmlinuz64",
		  "loglevel=3 cde",
		  MEDIUM_TINYCORE },
		{ { "/.disk/mini-info", "/linux" },
		  "/linux",
		  "vga=788 --- quiet",
		  MEDIUM_INITRD },
	};
	static const struct iso iso = { .label = "L" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot_entry entry = {
			.kernel = (char *)(uintptr_t)cases[i].kernel,
			.cmdline = (char *)(uintptr_t)cases[i].cmdline,
		};
		enum medium medium = MEDIUM_UNKNOWN;

		paths = cases[i].paths;
		ok_int(medium_recognise(&iso, &entry, MEDIUM_UNKNOWN, &medium,
					&failure),
		       0, cases[i].cmdline);
		ok_str(medium_name(medium), medium_name(cases[i].medium),
		       "is known");
	}
}

static void test_not_recognised(void)
{
	static const char *const installer[PATHS_MAX] = { "/live",
							  "/.disk/info" };
	static const char *const other[PATHS_MAX] = { "/boot", "/EFI" };
	static const char *const empty[PATHS_MAX] = { NULL };
	static char title[] = "Install", kernel[] = "/install/gtk/vmlinuz",
		    cmdline[] = "vga=788 --- quiet";
	static const struct iso iso = { .label = "OTHER" };
	struct boot_entry entry = { .title = title,
				    .kernel = kernel,
				    .cmdline = cmdline };
	enum medium medium;

	paths = installer;
	ok_int(medium_recognise(&iso, &entry, MEDIUM_UNKNOWN, &medium,
				&failure),
	       -ENOTSUP, "Debian's installer beside a live system");
	ok(str_after(failure.text, "Install is Debian's installer") != NULL,
	   "is told apart");
	ok_int(medium_recognise(&iso, &entry, MEDIUM_LIVE_BOOT, &medium,
				&failure),
	       -ENOTSUP, "whatever the table says");
	paths = other;
	ok_int(medium_recognise(&iso, &entry, MEDIUM_UNKNOWN, &medium,
				&failure),
	       -ENOTSUP, "another layout");
	ok(strstr(failure.text, "\"OTHER\"") &&
		   strstr(failure.text, "in it are boot, EFI"),
	   "is described");
	entry.kernel[1] = 'x';
	ok_int(medium_recognise(&iso, &entry, MEDIUM_CASPER, &medium, &failure),
	       0, "which the table knows");
	ok_int(medium, MEDIUM_CASPER, "is what it says");
	paths = empty;
	ok_int(medium_recognise(&iso, &entry, MEDIUM_UNKNOWN, &medium,
				&failure),
	       -ENOTSUP, "nothing");
	ok(strstr(failure.text, "no files"), "is, too");
}

static void test_check(void)
{
	static const struct {
		enum medium medium;
		const char *cmdline;
		bool pmem, initrd;
	} cases[] = {
		{ MEDIUM_UNKNOWN, "", false, false },
		{ MEDIUM_LIVE_BOOT, "", true, false },
		{ MEDIUM_CASPER, "", true, false },
		{ MEDIUM_DRACUT, "rd.live.image", true, true },
		{ MEDIUM_DRACUT, "rd.live.overlay.persistent", true, false },
		{ MEDIUM_ARCHISO, "", true, false },
		{ MEDIUM_TINYCORE, "", true, true },
		{ MEDIUM_ALPINE, "", true, false },
		{ MEDIUM_INITRD, "", true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = medium_name(cases[i].medium);

		ok_int(medium_check(cases[i].medium, MEDIUM_ON_PMEM,
				    cases[i].cmdline, &failure),
		       cases[i].pmem ? 0 : -ENOTSUP, name);
		ok_int(medium_check(cases[i].medium, MEDIUM_IN_INITRD,
				    cases[i].cmdline, &failure),
		       cases[i].initrd ? 0 : -ENOTSUP, name);
	}
}

static const struct medium_place_at pmem = {
	.place = MEDIUM_ON_PMEM,
	.path = "/dev/pmem0",
	.label = "My ISO/1",
};
static const struct medium_place_at file = {
	.place = MEDIUM_IN_INITRD,
	.path = "/boomerang/live.iso",
	.label = "My ISO/1",
};

static void test_cmdline(void)
{
	static const struct {
		enum medium medium;
		const char *from, *to;
	} cases[] = {
		{ MEDIUM_LIVE_BOOT, "boot=live components quiet toram",
		  "boot=live components quiet live-media=/dev/pmem0" },
		{ MEDIUM_LIVE_BOOT, "boot=live findiso=/a.iso live_media=x",
		  "boot=live live-media=/dev/pmem0" },
		{ MEDIUM_LIVE_BOOT, "boot=live live-media-path=/x -- 3",
		  "boot=live live-media-path=/x live-media=/dev/pmem0 -- 3" },
		{ MEDIUM_CASPER,
		  "layerfs-path=a.squashfs  iso-scan/filename=/u.iso --- quiet",
		  "layerfs-path=a.squashfs live-media=/dev/pmem0 --- quiet" },
		{ MEDIUM_CASPER, "--- quiet --- x",
		  "live-media=/dev/pmem0 --- quiet --- x" },
		{ MEDIUM_DRACUT,
		  "root=live:CDLABEL=F-44 rd.live.image quiet rhgb",
		  "quiet rhgb root=live:/dev/pmem0 rd.live.image "
		  "rd.live.overlay.overlayfs=1" },
		{ MEDIUM_DRACUT,
		  "root=live:CDLABEL=T splash rd.live.image "
		  "rd.live.overlay.persistent rd.live.overlay.cowfs=ext4",
		  "splash rd.live.image root=live:CDLABEL=My\\x20ISO\\x2f1" },
		{ MEDIUM_ARCHISO,
		  "archisobasedir=arch archisosearchuuid=2026-11-01-00",
		  "archisobasedir=arch archisodevice=/dev/pmem0 copytoram=n" },
		{ MEDIUM_ARCHISO,
		  "misobasedir=manjaro misolabel=M quiet driver=free",
		  "misobasedir=manjaro quiet driver=free "
		  "misodevice=/dev/pmem0 copytoram=n" },
		{ MEDIUM_TINYCORE, "loglevel=3 cde iso=sda1",
		  "loglevel=3 cde" },
		{ MEDIUM_ANACONDA, "inst.stage2=hd:LABEL=C quiet",
		  "quiet inst.stage2=hd:/dev/pmem0" },
		{ MEDIUM_ANACONDA, "inst.repo=cdrom quiet",
		  "quiet inst.stage2=hd:/dev/pmem0 inst.repo=hd:/dev/pmem0:/" },
		{ MEDIUM_YAST, "splash=silent install=cd:/",
		  "splash=silent install=hd:/?device=/dev/pmem0" },
		{ MEDIUM_ALPINE, "modules=loop quiet alpine_dev=usb",
		  "modules=loop quiet" },
		{ MEDIUM_NIXOS,
		  "init=/nix/store/x/init root=LABEL=n loglevel=4",
		  "init=/nix/store/x/init loglevel=4 root=/dev/pmem0" },
		{ MEDIUM_INITRD, "vga=788 --- quiet", "vga=788 --- quiet" },
		{ MEDIUM_INITRD, "", "" },
		{ MEDIUM_LIVE_BOOT, "", "live-media=/dev/pmem0" },
		/* Words as the kernel reads them. */
		{ MEDIUM_INITRD, "  a=\"b  c\"\t d ", "a=\"b  c\" d" },
		{ MEDIUM_LIVE_BOOT, "quiet \"a b",
		  "quiet \"a b\" live-media=/dev/pmem0" },
		{ MEDIUM_LIVE_BOOT, "\"toram\" \"findiso=a b\" x=\"toram y\"",
		  "x=\"toram y\" live-media=/dev/pmem0" },
	};
	char buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok_int(medium_cmdline(cases[i].medium, &pmem, cases[i].from,
				      buf, sizeof(buf)),
		       0, cases[i].from);
		ok_str(buf, cases[i].to, "becomes another");
	}
	ok_int(medium_cmdline(MEDIUM_DRACUT, &file, "root=live:CDLABEL=F ro",
			      buf, sizeof(buf)),
	       0, "a file");
	ok_str(buf,
	       "ro root=live:/boomerang/live.iso rd.live.image "
	       "rd.live.overlay.overlayfs=1",
	       "is named");
	for (size_t size = 1; size < sizeof("quiet live-media=/dev/pmem0");
	     size++)
		if (medium_cmdline(MEDIUM_LIVE_BOOT, &pmem, "quiet", buf,
				   size) != -ENOBUFS)
			ok(false, "too small a buffer is no room");
	ok_int(medium_cmdline(MEDIUM_LIVE_BOOT, &pmem, "quiet", buf,
			      sizeof("quiet live-media=/dev/pmem0")),
	       0, "room enough");
}

int main(void)
{
	test_names();
	test_recognise();
	test_not_recognised();
	test_check();
	test_cmdline();
	return tap_done();
}
