/* SPDX-License-Identifier: MIT */
/*
 * Distributions take every disk that they find: udev's rules assemble arrays
 * and activate volume groups, systemd's generators mount and swap on what the
 * partition table says, boot scripts do all of it. In an image that becomes
 * the new system each of these is shadowed where its administrator would do
 * so: rules, units and generators by a link to /dev/null in /etc, LVM and md
 * by their own configuration. What the image does not have is not shadowed,
 * so that nothing appears in it that does not belong there.
 */
#include <ctype.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/listing.h"
#include "base/path.h"
#include "base/text.h"
#include "takeover/storage.h"

#define ASIDE ".boomerang"
#define OURS \
	"# by boomerang: the disks stay free. The image's own: *" ASIDE "\n"

static bool is_there(int root_fd, const char *dir, const char *name)
{
	_cleanup_fd int dir_fd =
		path_open_in_root(root_fd, dir, O_PATH | O_DIRECTORY, 0);

	return dir_fd >= 0 &&
	       faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int failed(struct failure *failure, int r, const char *dir,
		  const char *name)
{
	return failure_errno(failure, -r,
			     "cannot keep the image from taking the disks: "
			     "%s/%s",
			     dir, name);
}

/* The directory dir, made when it is missing, with name in it moved aside. */
static int make_place(int root_fd, const char *dir, const char *name)
{
	_cleanup_fd int dir_fd = FD_NONE;
	char aside[128];
	int r = path_mkdirs_in_root(root_fd, dir, 0755);

	if (r < 0)
		return r;
	dir_fd = path_open_in_root(root_fd, dir, O_PATH | O_DIRECTORY, 0);
	if (dir_fd < 0)
		return dir_fd;
	snprintf(aside, sizeof(aside), "%s" ASIDE, name);
	if (renameat(dir_fd, name, dir_fd, aside) < 0 && errno != ENOENT)
		return -errno;
	return TAKE_FD(dir_fd);
}

static int put_link(int root_fd, const char *dir, const char *name,
		    struct failure *failure)
{
	_cleanup_fd int dir_fd = make_place(root_fd, dir, name);
	int r = dir_fd < 0 ? dir_fd : 0;

	if (r == 0 && symlinkat("/dev/null", dir_fd, name) < 0)
		r = -errno;
	return r < 0 ? failed(failure, r, dir, name) : 0;
}

static int put_file(int root_fd, const char *dir, const char *name,
		    const char *text, struct failure *failure)
{
	_cleanup_fd int dir_fd = make_place(root_fd, dir, name);
	int r = dir_fd < 0 ? dir_fd : file_create(dir_fd, name, text);

	return r < 0 ? failed(failure, r, dir, name) : 0;
}

/* -- what is shadowed by a link -- */

struct shadow {
	const char *at;		 /* where the administrator's own are */
	const char *const *from; /* where the image has them */
	const char *const *names;
};

static const char *const rule_dirs[] = {
	"/usr/lib/udev/rules.d",
	"/lib/udev/rules.d",
	"/usr/local/lib/udev/rules.d",
	"/etc/udev/rules.d",
	NULL,
};

static const char *const rules[] = {
	"60-multipath.rules",
	"62-multipath.rules",
	"63-md-raid-arrays.rules",
	"64-btrfs.rules",
	"64-btrfs-dm.rules",
	"64-md-raid-assembly.rules",
	"65-md-incremental.rules",
	"68-del-part-nodes.rules",
	"69-bcache.rules",
	"69-dm-lvm.rules",
	"69-dm-lvm-metad.rules",
	"69-lvm.rules",
	"69-lvm-metad.rules",
	"69-vdo-start-by-dev.rules",
	"85-lvm2.rules",
	"90-zfs.rules",
	NULL,
};

static const char *const generator_dirs[] = {
	"/usr/lib/systemd/system-generators",
	"/lib/systemd/system-generators",
	"/etc/systemd/system-generators",
	NULL,
};

static const char *const generators[] = {
	"lvm2-activation-generator",
	"systemd-cryptsetup-generator",
	"systemd-gpt-auto-generator",
	"systemd-hibernate-resume-generator",
	"systemd-integritysetup-generator",
	"systemd-veritysetup-generator",
	"zfs-mount-generator",
	NULL,
};

static const char *const unit_dirs[] = {
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	"/etc/systemd/system",
	NULL,
};

static const char *const units[] = {
	"lvm2-activation.service",
	"lvm2-activation-early.service",
	"lvm2-activation-net.service",
	"lvm2-pvscan@.service",
	"mdadm-last-resort@.service",
	"multipathd.service",
	"multipathd.socket",
	"stratisd.service",
	"systemd-hibernate-resume.service",
	"systemd-hibernate-resume@.service",
	"systemd-repart.service",
	"zfs-import-cache.service",
	"zfs-import-scan.service",
	"zfs-import.service",
	NULL,
};

static const struct shadow shadows[] = {
	{ "/etc/udev/rules.d", rule_dirs, rules },
	{ "/etc/systemd/system-generators", generator_dirs, generators },
	{ "/etc/systemd/system", unit_dirs, units },
};

static bool is_in_any(int root_fd, const char *const *dirs, const char *name)
{
	for (; *dirs; dirs++) {
		if (is_there(root_fd, *dirs, name))
			return true;
	}
	return false;
}

static int mask_shadow(int root_fd, const struct shadow *shadow,
		       struct failure *failure)
{
	int r = 0;

	for (const char *const *name = shadow->names; r == 0 && *name; name++) {
		if (is_in_any(root_fd, shadow->from, *name))
			r = put_link(root_fd, shadow->at, *name, failure);
	}
	return r;
}

/* -- configuration -- */

static bool has_program(int root_fd, const char *name)
{
	static const char *const dirs[] = {
		"/usr/sbin",
		"/sbin",
		"/usr/bin",
		NULL,
	};

	return is_in_any(root_fd, dirs, name);
}

/* lvmlocal.conf is read after lvm.conf and wins. The empty list also stops
 * `vgchange -aay` of boot scripts; a person's `vgchange -ay` works. */
static int mask_lvm(int root_fd, struct failure *failure)
{
	if (!has_program(root_fd, "lvm"))
		return 0;
	return put_file(root_fd, "/etc/lvm", "lvmlocal.conf",
			OURS "global {\n\tevent_activation = 0\n}\n"
			     "activation {\n"
			     "\tauto_activation_volume_list = [ ]\n}\n",
			failure);
}

/* Debian's mdadm reads /etc/mdadm/mdadm.conf, others' /etc/mdadm.conf. */
static int mask_md(int root_fd, struct failure *failure)
{
	bool debian = is_there(root_fd, "/etc", "mdadm");

	if (!has_program(root_fd, "mdadm"))
		return 0;
	return put_file(root_fd, debian ? "/etc/mdadm" : "/etc", "mdadm.conf",
			OURS "AUTO -all\n", failure);
}

/* Tables of file systems and of encrypted disks; none needs to be there. */
static int mask_tables(int root_fd, struct failure *failure)
{
	static const char *const tables[][2] = {
		{ "/etc", "fstab" },
		{ "/etc", "crypttab" },
		{ "/etc/zfs", "zpool.cache" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables); i++) {
		if (is_there(root_fd, tables[i][0], tables[i][1]))
			r = put_file(root_fd, tables[i][0], tables[i][1],
				     i == 2 ? "" : OURS, failure);
	}
	return r;
}

/* -- boot scripts -- */

/*
 * sysvinit starts what is linked from rcS.d, OpenRC what is linked from a
 * runlevel. The scripts stay where they are for who wants them.
 */
static const char *const runlevels[] = {
	"/etc/rcS.d",
	"/etc/rc1.d",
	"/etc/rc2.d",
	"/etc/rc3.d",
	"/etc/rc4.d",
	"/etc/rc5.d",
	"/etc/runlevels/sysinit",
	"/etc/runlevels/boot",
	"/etc/runlevels/default",
};

static const char *const scripts[] = {
	"bcache",
	"cryptdisks",
	"cryptdisks-early",
	"dmcrypt",
	"dmraid",
	"lvm",
	"lvm2",
	"lvm2-activation",
	"mdadm-raid",
	"mdadm-assemble",
	"mdraid",
	"multipath",
	"multipath-tools-boot",
	"multipathd",
	"zfs-import",
	"zfs-mount",
};

/* "lvm2", or "S03lvm2" for sysvinit. */
static bool starts_script(const char *link)
{
	if (link[0] == 'S' && isdigit((unsigned char)link[1]) &&
	    isdigit((unsigned char)link[2]))
		link += 3;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (str_eq(link, scripts[i]))
			return true;
	}
	return false;
}

static int unlink_script(const char *name, void *context)
{
	const int *dir_fd = context;

	if (starts_script(name) && unlinkat(*dir_fd, name, 0) < 0)
		return -errno;
	return 0;
}

static int mask_scripts(int root_fd, struct failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(runlevels); i++) {
		_cleanup_fd int dir_fd = path_open_in_root(
			root_fd, runlevels[i], O_RDONLY | O_DIRECTORY, 0);
		int r = 0;

		if (dir_fd >= 0)
			r = listing_each(dir_fd, ".", unlink_script, &dir_fd);
		if (r < 0)
			return failed(failure, r, runlevels[i], "*");
	}
	return 0;
}

int storage_mask(int root_fd, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(shadows); i++)
		r = mask_shadow(root_fd, &shadows[i], failure);
	if (r == 0)
		r = mask_lvm(root_fd, failure);
	if (r == 0)
		r = mask_md(root_fd, failure);
	if (r == 0)
		r = mask_tables(root_fd, failure);
	if (r == 0)
		r = mask_scripts(root_fd, failure);
	return r;
}
