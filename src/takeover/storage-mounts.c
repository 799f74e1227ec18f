/* SPDX-License-Identifier: MIT */
/*
 * Mounts are undone from the last line of mountinfo to the first, since what
 * is mounted on another mount mostly comes behind it. Where it does not (a
 * mount that was moved), the next pass finds the way free.
 *
 * The buffers are static: there may be thousands of mounts, and PID 1 does not
 * allocate.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/storage-internal.h"

static struct view read_tail(const char *path, char *buf, size_t size)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *begin = buf;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return view_over(buf, 0);
	while ((n = fd_read_full(fd, buf + len, size - len)) > 0) {
		len += (size_t)n;
		if (len < size)
			break;
		len = size / 2;
		memmove(buf, buf + size - len, len);
		begin = memchr(buf, '\n', len);
		begin = begin ? begin + 1 : buf + len;
	}
	return view_over(begin, (size_t)(buf + len - begin));
}

struct view storage_read_mounts(void)
{
	static char buf[MIB];

	return read_tail("/proc/self/mountinfo", buf, sizeof(buf));
}

struct view storage_read_swaps(void)
{
	static char buf[64 * KIB];

	return read_tail("/proc/swaps", buf, sizeof(buf));
}

bool storage_mount_is_on_disk(const struct mountinfo *mount)
{
	/* btrfs has a device number for each subvolume, of no device. */
	return major(mount->device) != 0 || str_eq(mount->type, "btrfs");
}

void storage_thaw(const struct mountinfo *mount)
{
	_cleanup_fd int fd = FD_NONE;

	if (!storage_mount_is_on_disk(mount))
		return;
	/* Nothing but a directory: a file mounted there may be a device. */
	fd = open(mount->point,
		  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		(void)ioctl(fd, FITHAW, 0);
}

static bool is_below_old_root(const char *path)
{
	const char *rest = str_after(path, STORAGE_OLD_ROOT);

	return rest && (*rest == '\0' || *rest == '/');
}

/* The mounts of the old system, innermost first; returns for how many of them
 * each() was false. */
static unsigned each_old_mount(bool (*each)(const struct mountinfo *mount))
{
	static struct mountinfo mount;
	struct view text = storage_read_mounts();
	unsigned left = 0;
	int r;

	while ((r = mountinfo_last(&text, &mount)) != 0) {
		if (r > 0 && is_below_old_root(mount.point) && !each(&mount))
			left++;
	}
	return left;
}

static bool needs_server(const struct mountinfo *mount)
{
	static const char *const types[] = {
		"nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs", "coda",
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (str_eq(mount->type, types[i]))
			return true;
	}
	return false;
}

static int unmount(const void *what)
{
	const struct mountinfo *mount = what;

	return umount2(mount->point, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

static bool mount_off(const struct mountinfo *mount)
{
	if (needs_server(mount))
		return storage_in_child(unmount, mount) == 0;
	storage_thaw(mount);
	return unmount(mount) == 0;
}

unsigned storage_mounts_off(void)
{
	return each_old_mount(mount_off);
}

/*
 * What nobody can reach any more should not be written to either: then the
 * file system is whole on the disk, whoever still holds it. Those without a
 * device (devtmpfs, sysfs) have one superblock for the new system, too.
 */
static bool make_read_only(const struct mountinfo *old)
{
	if (storage_mount_is_on_disk(old))
		(void)mount(NULL, old->point, NULL, MS_REMOUNT | MS_RDONLY,
			    NULL);
	return false;
}

static int detach_root(const void *what)
{
	return umount2(what, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

unsigned storage_detach_rest(void)
{
	unsigned left = each_old_mount(make_read_only);

	if (left > 0)
		(void)!storage_in_child(detach_root, STORAGE_OLD_ROOT);
	return left;
}
