/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. nd_e820 makes one bus with a region for each range of
 * the map that is persistent memory (type 12), nd_pmem a disk for each region.
 * Some old servers have true non-volatile memory of this type, with somebody's
 * data: only what the command line of this kernel asked for is ours.
 *
 * The disks are made in the background; a bus's wait_probe is read when it has
 * made all of its own (Documentation/ABI/testing/sysfs-bus-nvdimm).
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/listing.h"
#include "base/spawn.h"
#include "base/text.h"
#include "kernel/pmem.h"
#include "wire/boot-plan.h"

#define SYS_BLOCK   "/sys/block"
#define SYS_BUSES   "/sys/bus/nd/devices"
#define SECTOR	    512
#define WORDS_MAX   32
#define SYSFS_LINE  64
#define PATH_LENGTH 320 /* NAME_MAX, and what is around it */

/* Without them there is no device, which is what is said then. */
static void load_drivers(void)
{
	static const char *const argv[] = { "modprobe", "-aq", "nd_e820",
					    "nd_pmem", NULL };

	(void)!spawn_wait(&(struct spawn){ .argv = argv,
					   .fd = { FD_NONE, FD_NONE, FD_NONE },
					   .extra_fd = FD_NONE },
			  NULL);
}

static int wait_for_bus(const char *name, _unused void *context)
{
	char path[PATH_LENGTH], line[SYSFS_LINE];

	snprintf(path, sizeof(path), SYS_BUSES "/%s/wait_probe", name);
	if (str_after(name, "ndbus"))
		(void)!file_read_line(AT_FDCWD, path, line, sizeof(line));
	return 0;
}

/* sysfs writes addresses in hexadecimal, sizes in decimal. */
static int read_number(const char *name, const char *attribute, int base,
		       uint64_t *ret)
{
	char path[PATH_LENGTH], line[SYSFS_LINE], *end;
	ssize_t n;

	snprintf(path, sizeof(path), SYS_BLOCK "/%s/%s", name, attribute);
	n = file_read_line(AT_FDCWD, path, line, sizeof(line));
	if (n < 0)
		return (int)n;
	errno = 0;
	*ret = strtoull(line, &end, base);
	return errno || end == line || *end ? -EBADMSG : 0;
}

struct search {
	struct pmem_range words[WORDS_MAX];
	size_t word_count;
	size_t busy;
	struct pmem_device best; /* size 0: none yet */
};

/* The range of the command line in which the device begins, or NULL. */
static const struct pmem_range *range_of(const struct search *search,
					 uint64_t start)
{
	for (size_t i = 0; i < search->word_count; i++)
		if (start >= search->words[i].start &&
		    start - search->words[i].start < search->words[i].size)
			return &search->words[i];
	return NULL;
}

/* A disk whose partition is in use counts as in use, too. */
static int try_to_use(const char *path)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int look_at(const char *name, void *context)
{
	struct search *search = context;
	struct pmem_device device = { 0 };
	const struct pmem_range *range;
	uint64_t sectors, start;
	int r;

	if (!str_after(name, "pmem") ||
	    (size_t)snprintf(device.path, sizeof(device.path), "/dev/%s",
			     name) >= sizeof(device.path) ||
	    read_number(name, "size", 10, &sectors) < 0 ||
	    read_number(name, "device/resource", 16, &start) < 0)
		return 0;
	range = range_of(search, start);
	device.size = sectors * SECTOR;
	if (!range || device.size <= search->best.size)
		return 0;
	r = try_to_use(device.path);
	search->busy += r == -EBUSY;
	if (r < 0)
		return 0;
	device.range = *range;
	search->best = device;
	return 0;
}

int pmem_find(struct pmem_device *ret_device, struct failure *failure)
{
	char cmdline[2 * KERNEL_CMDLINE_MAX];
	struct search search = { 0 };
	ssize_t n = file_read_line(AT_FDCWD, "/proc/cmdline", cmdline,
				   sizeof(cmdline));

	if (n < 0)
		return failure_errno(failure, (int)-n,
				     "cannot read /proc/cmdline");
	search.word_count = pmem_words(cmdline, search.words, WORDS_MAX);
	if (search.word_count == 0)
		return failure_set(failure, ENODATA,
				   "no memory is set apart: memmap=SIZE!START "
				   "is not on the kernel's command line");
	load_drivers();
	(void)!listing_each(AT_FDCWD, SYS_BUSES, wait_for_bus, NULL);
	(void)!listing_each(AT_FDCWD, SYS_BLOCK, look_at, &search);
	if (search.best.size > 0) {
		*ret_device = search.best;
		return 0;
	}
	if (search.busy > 0)
		return failure_set(failure, EBUSY,
				   "the memory that is set apart is in use: "
				   "unmount what is mounted from /dev/pmem*");
	return failure_set(failure, ENODATA,
			   "no /dev/pmem* for the memory that memmap= sets "
			   "apart: the modules nd_e820 and nd_pmem of this "
			   "kernel are missing, or it is no free memory");
}

static int record_place(int fd, off_t *ret_place)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return -errno;
	*ret_place = (off_t)pmem_room((uint64_t)size);
	return *ret_place > 0 ? 0 : -ENOSPC;
}

int pmem_read_kept(int fd, struct kept_iso *ret_kept)
{
	struct kept_iso kept;
	off_t place = 0;
	ssize_t n;
	int r = record_place(fd, &place);

	if (r < 0)
		return r == -ENOSPC ? -ENODATA : r;
	n = pread(fd, &kept, sizeof(kept), place);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(kept) || !kept_is_sound(&kept) ||
	    kept.size > (uint64_t)place)
		return -ENODATA;
	*ret_kept = kept;
	return 0;
}

int pmem_write_kept(int fd, const struct kept_iso *kept)
{
	union {
		struct kept_iso kept;
		uint8_t bytes[KEPT_SIZE];
	} block = { 0 };
	off_t place = 0;
	ssize_t n;
	int r = record_place(fd, &place);

	if (r < 0)
		return r;
	if (kept) {
		block.kept = *kept;
		kept_seal(&block.kept);
	}
	n = pwrite(fd, &block, sizeof(block), place);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(block))
		return -EIO;
	/* kexec asks nobody to write out what the page cache still has. */
	return fsync(fd) < 0 ? -errno : 0;
}
