/* SPDX-License-Identifier: MIT */
/*
 * The proof that a disk is free: we can have it for ourselves (O_EXCL, which
 * fails while it or a partition of it is mounted, swapped to, or part of
 * another device), and the kernel can read its partition table anew, which
 * fails while a partition is open at all.
 */
#include <fcntl.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/blockdev.h"
#include "takeover/storage-internal.h"

/* Devices made of files, of memory, or of the disks that are judged. */
static bool is_made_of_others(const char *name)
{
	static const char *const prefixes[] = {
		"loop", "ram", "zram", "dm-", "md", "bcache", "drbd", "zd",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (str_after(name, prefixes[i]))
			return true;
	}
	return false;
}

/* A drive for discs has a size, and opens, also without one. */
static bool is_empty_drive(const char *name)
{
	char path[BLOCKDEV_PATH_MAX];
	_cleanup_fd int fd = FD_NONE;
	int status;

	if (!str_after(name, "sr"))
		return false;
	blockdev_path(name, path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	status = fd < 0 ? -1 : ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);
	return status == CDS_NO_DISC || status == CDS_TRAY_OPEN;
}

struct disks {
	void (*each)(const char *name, uint64_t bytes, void *context);
	void *context;
};

static int disks_one(const char *name, void *context)
{
	const struct disks *disks = context;
	char value[32];
	uint64_t sectors;

	if (is_made_of_others(name))
		return 0;
	/* One path of several to a disk: it has no node. */
	if (attribute_read(BLOCKDEV_DIR, name, "hidden", value, sizeof(value)) >
		    0 &&
	    value[0] == '1')
		return 0;
	if (attribute_read(BLOCKDEV_DIR, name, "size", value, sizeof(value)) <
		    0 ||
	    str_to_u64(value, UINT64_MAX / 512, &sectors) < 0 || sectors == 0 ||
	    is_empty_drive(name))
		return 0;
	disks->each(name, sectors * 512, disks->context);
	return 0;
}

int storage_disks(void (*each)(const char *name, uint64_t bytes, void *context),
		  void *context)
{
	struct disks disks = { each, context };

	return blockdev_each("", disks_one, &disks);
}

int storage_disk_open(const char *name)
{
	const int flags = O_EXCL | O_NONBLOCK | O_CLOEXEC;
	char path[BLOCKDEV_PATH_MAX];
	int fd;

	blockdev_path(name, path);
	fd = open(path, O_RDWR | flags);
	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = open(path, O_RDONLY | flags);
	if (fd < 0)
		return errno == ENOMEDIUM || errno == ENODEV ? -ENXIO : -errno;
	return fd;
}

struct proof {
	void (*each)(const struct storage_disk *disk, void *context);
	void *context;
	int held;
};

/* Those whose grip shows nowhere else. */
static const char *guess_holder(void)
{
	static const struct {
		const char *path, *words;
	} guesses[] = {
		{ "/sys/module/zfs", "in use, perhaps by a ZFS pool" },
		{ "/sys/module/drbd", "in use, perhaps by DRBD" },
		{ "/sys/kernel/config/target/core",
		  "in use, perhaps exported by the kernel (LIO: iSCSI, …)" },
		{ "/sys/kernel/config/nvmet",
		  "in use, perhaps exported by the kernel (NVMe target)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++) {
		if (access(guesses[i].path, F_OK) == 0)
			return guesses[i].words;
	}
	return "in use by something in the kernel that does not show";
}

/* An errno, 0: the partition table was read. */
static int reread(int fd)
{
	if (ioctl(fd, BLKRRPART) == 0)
		return 0;
	/* It is of a kind that has no partitions. */
	return errno == EINVAL || errno == ENOTTY ? 0 : errno;
}

static void judge(struct storage_disk *disk, bool opened, int err)
{
	struct text holder = text_over(disk->holder, sizeof(disk->holder));

	disk->released = err == 0;
	if (disk->released)
		return;
	if (err != EBUSY)
		text_add(&holder, "cannot be %s: %s",
			 opened ? "read" : "opened", strerrordesc_np(err));
	else if (storage_uses(disk->name, &holder) == 0)
		text_put(&holder, guess_holder());
}

static void prove_one(const char *name, uint64_t bytes, void *context)
{
	struct proof *proof = context;
	struct storage_disk disk = { .bytes = bytes };
	int fd = storage_disk_open(name);
	int err;

	if (fd == -ENXIO)
		return;
	(void)str_copy(disk.name, sizeof(disk.name), name);
	err = fd < 0 ? -fd : reread(fd);
	fd_close(fd);
	judge(&disk, fd >= 0, err);
	if (!disk.released)
		proof->held++;
	proof->each(&disk, proof->context);
}

int storage_prove(const struct storage_keep *keep,
		  void (*each)(const struct storage_disk *disk, void *context),
		  void *context)
{
	struct proof proof = { .each = each, .context = context };
	int r = storage_disks(prove_one, &proof);

	(void)keep;
	return r < 0 ? r : proof.held;
}
