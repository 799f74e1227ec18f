/* SPDX-License-Identifier: MIT */
/*
 * Memory that outlives kexec: what memmap=SIZE!START takes out of the RAM of
 * each kernel that is told so, and gives it as the block device /dev/pmemN
 * (Documentation/admin-guide/kernel-parameters.txt, drivers/nvdimm/e820.c).
 * Nobody but us writes to it, so an ISO in it is there after every kexec.
 */
#pragma once

#include "base/failure.h"
#include "wire/kept.h"

struct pmem_range {
	uint64_t start, size; /* bytes of physical memory */
};

/* What the device takes besides the ISO: the record of it at its end. */
#define PMEM_UNIT (2 * MIB) /* start and size are multiples */
/* Memory of the kernel that it takes elsewhere: a struct page for each page. */
#define PMEM_OVERHEAD(size) ((size) / 64)

/*
 * Where an ISO of size bytes and its record fit: in the highest "System RAM" of
 * iomem (the text of /proc/iomem as root sees it) that has the room, without
 * what is already reserved; but given (NULL: nothing) is reserved no more when
 * the plan is carried out. Decides from the text alone. -ENOSPC with *failure,
 * which says how much would fit; -EPERM: root did not read the text.
 */
int pmem_plan(const char *iomem, const struct pmem_range *given, uint64_t size,
	      struct pmem_range *ret_range, struct failure *failure)
	_must_check;

/* "memmap=186M!0x74400000". -ENOBUFS. */
int pmem_word(const struct pmem_range *range, char *buf, size_t size)
	_must_check;

/*
 * The ranges that a kernel command line takes out (memmap=N!START, also several
 * behind one another with commas); returns how many, at most max.
 */
size_t pmem_words(const char *cmdline, struct pmem_range *ret_ranges,
		  size_t max);

/* A device that stands for such a range. */
struct pmem_device {
	char path[32]; /* "/dev/pmem0" */
	struct pmem_range range;
	uint64_t size; /* bytes of the device, which may be fewer */
};

/*
 * The largest pmem device of this machine that stands for a range of the
 * kernel's command line and that nobody uses, after loading the drivers for it.
 * -ENODATA: there is none; -EBUSY: all are in use; both with *failure.
 */
int pmem_find(struct pmem_device *ret_device, struct failure *failure)
	_must_check;

/* Reads the record of what is kept in an open device. -ENODATA: none. */
int pmem_read_kept(int fd, struct kept_iso *ret_kept) _must_check;
/* Writes it, sealed, or wipes it (kept NULL) before the content changes; it is
 * in memory, with the content, on return. -ENOSPC: no room for a record. */
int pmem_write_kept(int fd, const struct kept_iso *kept) _must_check;
/* Bytes that an ISO may have in a device of so many bytes. */
uint64_t pmem_room(uint64_t device_size);
