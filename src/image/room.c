/* SPDX-License-Identifier: MIT */
#include "image/room.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/memory.h"
#include "base/text.h"

#define ADVICE "use a smaller image, squashfs, or a machine with more"

static uint64_t used(const struct statfs *fs)
{
	return ((uint64_t)fs->f_blocks - fs->f_bfree) * (uint64_t)fs->f_bsize;
}

int room_open(struct room *room, int dir_fd, struct failure *failure)
{
	struct statfs fs;

	*room = (struct room){ .dir_fd = dir_fd, .meminfo_fd = FD_NONE };
	if (fstatfs(dir_fd, &fs) < 0)
		return failure_errno(failure, errno,
				     "cannot tell the free space for the "
				     "image");
	room->used_before = used(&fs);
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		return 0;
	room->reserve = memory_reserve();
	room->meminfo_fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (room->meminfo_fd < 0)
		return failure_errno(failure, errno,
				     "cannot tell the free memory");
	return 0;
}

void room_close(struct room *room)
{
	room->meminfo_fd = fd_close(room->meminfo_fd);
}

uint64_t room_left(const struct room *room)
{
	uint64_t left = UINT64_MAX, memory;
	struct statfs fs;

	/* A tmpfs without a limit has no blocks to count. */
	if (fstatfs(room->dir_fd, &fs) == 0 && fs.f_blocks > 0)
		left = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	if (room->meminfo_fd < 0)
		return left;
	memory = memory_from(room->meminfo_fd).available;
	return MIN(left, memory > room->reserve ? memory - room->reserve : 0);
}

static const char *what(const struct room *room)
{
	return room->meminfo_fd >= 0 ? "memory" : "disk space";
}

static int refuse(const struct room *room, const char *name, uint64_t needed,
		  uint64_t left, struct failure *failure)
{
	char needs[SIZE_TEXT_MAX], has[SIZE_TEXT_MAX], missing[SIZE_TEXT_MAX];

	return failure_set(failure, ENOSPC,
			   "%s: image needs %s of %s, %s is available: "
			   "%s missing; " ADVICE,
			   name, size_text(needed, needs), what(room),
			   size_text(left, has),
			   size_text(needed - left, missing));
}

int room_check(const struct room *room, const char *name, uint64_t needed,
	       struct failure *failure)
{
	uint64_t left = room_left(room);

	return needed <= left ? 0 : refuse(room, name, needed, left, failure);
}

uint64_t room_estimate(uint64_t used_now, uint64_t read, uint64_t total)
{
	double estimate;

	if (read == 0 || total < read)
		return 0;
	estimate = (double)used_now / (double)read * (double)total;
	return estimate < 1e18 ? (uint64_t)estimate : 0;
}

int room_exhausted(const struct room *room, const char *name, uint64_t read,
		   uint64_t total, struct failure *failure)
{
	struct statfs fs = { 0 };
	uint64_t taken = 0, available, estimate;
	char size[SIZE_TEXT_MAX];

	if (fstatfs(room->dir_fd, &fs) == 0 && used(&fs) > room->used_before)
		taken = used(&fs) - room->used_before;
	if (fs.f_files > 0 && fs.f_ffree == 0)
		return failure_set(failure, ENOSPC,
				   "%s: image has more than %llu files, which "
				   "is too many for this %s; " ADVICE,
				   name, (unsigned long long)fs.f_files,
				   what(room));
	available = taken + room_left(room);
	estimate = room_estimate(taken, read, total);
	if (estimate > available)
		return refuse(room, name, estimate, available, failure);
	return failure_set(failure, ENOSPC,
			   "%s: image needs more than the %s of %s that is "
			   "available; " ADVICE,
			   name, size_text(available, size), what(room));
}
