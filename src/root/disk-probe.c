/* SPDX-License-Identifier: MIT */
/*
 * A file system over the whole file comes first: one may have a boot sector
 * that looks like a partition table, but a disk with partitions has no
 * superblock of a file system that this program mounts in front of them.
 */
#include "root/disk-probe.h"

#include <blkid/blkid.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SECTOR UINT64_C(512)

/* Types of partitions, UAPI discoverable partitions specification. */
#if defined(__x86_64__)
#define ROOT_TYPE "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
#elif defined(__aarch64__)
#define ROOT_TYPE "b921b045-1df0-41c3-af44-4c6f280d3fae"
#else
#error "boomerang runs on x86-64 and arm64"
#endif

#define GPT_MARK     "EFI PART"
#define DOS_TYPE_GPT 0xee /* what protects a GPT from old programs */

struct known {
	const char *type; /* as libblkid calls it */
	enum disk_content content;
	const char *what; /* NULL: the same */
};

static const struct known known[] = {
	{ "ext4", DISK_MOUNTABLE },
	{ "ext3", DISK_MOUNTABLE },
	{ "ext2", DISK_MOUNTABLE },
	{ "xfs", DISK_MOUNTABLE },
	{ "btrfs", DISK_MOUNTABLE },
	{ "squashfs", DISK_MOUNTABLE },
	{ "erofs", DISK_MOUNTABLE },
	{ "iso9660", DISK_MOUNTABLE, "ISO 9660" },
	{ "LVM2_member", DISK_OTHER, "LVM" },
	{ "crypto_LUKS", DISK_OTHER, "encrypted (LUKS)" },
	{ "BitLocker", DISK_OTHER, "encrypted (BitLocker)" },
	{ "linux_raid_member", DISK_OTHER, "a part of a RAID" },
	{ "zfs_member", DISK_OTHER, "ZFS" },
	{ "ntfs", DISK_OTHER, "Windows (NTFS)" },
	{ "vfat", DISK_OTHER, "FAT" },
	{ "swap", DISK_OTHER, "swap" },
};

static void cleanup_probe(blkid_probe *probe)
{
	blkid_free_probe(*probe); /* takes NULL */
}

static int open_probe(int fd, uint64_t offset, uint64_t length,
		      blkid_probe *ret_probe)
{
	blkid_probe probe = blkid_new_probe();

	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)offset,
				   (blkid_loff_t)length) < 0) {
		blkid_free_probe(probe);
		return -EIO;
	}
	*ret_probe = probe;
	return 0;
}

/* What an unlisted type is called is up to libblkid, whose table it is in. */
static void classify(const char *type, struct disk_entry *entry,
		     const char **ret_what)
{
	(void)str_copy(entry->part.fstype, sizeof(entry->part.fstype), type);
	entry->content = DISK_OTHER;
	*ret_what = "of no use here";
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i].type, type)) {
			entry->content = known[i].content;
			*ret_what =
				known[i].what ? known[i].what : known[i].type;
		}
}

/* The contents of a part of the file. Marks of several file systems at once
 * are as good as none: whoever wrote them did not clean up. */
static int identify(int fd, struct disk_entry *entry)
{
	_cleanup(cleanup_probe) blkid_probe probe = NULL;
	const char *type;
	int r = open_probe(fd, entry->part.offset, entry->size, &probe);

	entry->content = DISK_NOTHING;
	entry->what = "nothing that is known";
	if (r < 0)
		return r;
	if (blkid_probe_enable_superblocks(probe, 1) < 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE) < 0)
		return -ENOMEM;
	if (blkid_do_safeprobe(probe) == 0 &&
	    blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0)
		classify(type, entry, &entry->what);
	return 0;
}

static bool is_root_type(blkid_partition partition)
{
	const char *type = blkid_partition_get_type_string(partition);

	return type && strcasecmp(type, ROOT_TYPE) == 0;
}

static int add_partition(int fd, uint64_t file_size, blkid_partition partition,
			 struct disk *disk)
{
	uint64_t start =
		(uint64_t)blkid_partition_get_start(partition) * SECTOR;
	uint64_t size = (uint64_t)blkid_partition_get_size(partition) * SECTOR;
	struct disk_entry *entry = &disk->entries[disk->count];

	if (blkid_partition_get_type(partition) == DOS_TYPE_GPT ||
	    start >= file_size || size > file_size - start)
		disk->cut_short = true;
	if (blkid_partition_is_extended(partition) || start >= file_size ||
	    blkid_partition_get_type(partition) == DOS_TYPE_GPT || size == 0)
		return 0;
	*entry = (struct disk_entry){
		.number = blkid_partition_get_partno(partition),
		.is_root = is_root_type(partition),
		.size = MIN(size, file_size - start),
	};
	entry->part.offset = start;
	entry->part.length = entry->size;
	disk->count++;
	return identify(fd, entry);
}

/* A GPT for a larger disk is none to libblkid: its protection remains. */
static bool has_gpt_mark(int fd)
{
	char mark[sizeof(GPT_MARK) - 1];

	return pread(fd, mark, sizeof(mark), SECTOR) == sizeof(mark) &&
	       memcmp(mark, GPT_MARK, sizeof(mark)) == 0;
}

static bool is_gpt(blkid_partlist list)
{
	blkid_parttable table = blkid_partlist_get_table(list);
	const char *type = table ? blkid_parttable_get_type(table) : NULL;

	return type && str_eq(type, "gpt");
}

static int add_partitions(int fd, uint64_t file_size, struct disk *disk)
{
	_cleanup(cleanup_probe) blkid_probe probe = NULL;
	blkid_partlist list;
	int r = open_probe(fd, 0, file_size, &probe), count;

	if (r < 0)
		return r;
	if (blkid_probe_enable_superblocks(probe, 0) < 0 ||
	    blkid_probe_enable_partitions(probe, 1) < 0)
		return -ENOMEM;
	list = blkid_probe_get_partitions(probe);
	if (!list)
		return 0;
	disk->partitioned = true;
	disk->cut_short = !is_gpt(list) && has_gpt_mark(fd);
	count = blkid_partlist_numof_partitions(list);
	for (int i = 0; i < count && disk->count < DISK_ENTRIES_MAX && r == 0;
	     i++)
		r = add_partition(fd, file_size,
				  blkid_partlist_get_partition(list, i), disk);
	return r;
}

int disk_probe(int fd, struct disk *ret_disk)
{
	struct disk_entry whole = { .number = 0 };
	struct stat st;
	int r;

	ret_disk->partitioned = ret_disk->cut_short = false;
	ret_disk->count = 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	whole.size = (uint64_t)st.st_size;
	r = identify(fd, &whole);
	if (r < 0)
		return r;
	if (whole.content != DISK_MOUNTABLE)
		r = add_partitions(fd, whole.size, ret_disk);
	if (r == 0 && !ret_disk->partitioned && whole.content != DISK_NOTHING)
		ret_disk->entries[ret_disk->count++] = whole;
	return r;
}
