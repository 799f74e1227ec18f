/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"

/* Enough for the programs of the prompt and a worker, and for the kernel's
 * own needs, which grow with the machine. */
#define RESERVE_LEAST (48 * MIB)
#define RESERVE_SHARE 32

/* An inode of tmpfs and what security modules add to it, which its own figures
 * leave out: measured. Directory entries count as available memory, rightly or
 * not. */
#define INODE_BYTES 960

static uint64_t field(const char *meminfo, const char *name)
{
	const char *at = strstr(meminfo, name);

	return at ? strtoull(at + strlen(name), NULL, 10) * KIB : 0;
}

struct memory memory_from(int meminfo_fd)
{
	char meminfo[4096];
	ssize_t n = pread(meminfo_fd, meminfo, sizeof(meminfo) - 1, 0);

	if (n < 0)
		return (struct memory){ 0 };
	meminfo[n] = '\0';
	return (struct memory){
		.total = field(meminfo, "MemTotal:"),
		.available = field(meminfo, "MemAvailable:"),
	};
}

struct memory memory_now(void)
{
	_cleanup_fd int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	return memory_from(fd);
}

uint64_t memory_of_tmpfs(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return 0;
	return ((uint64_t)fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize +
	       ((uint64_t)fs.f_files - fs.f_ffree) * INODE_BYTES;
}

uint64_t memory_reserve(void)
{
	return MAX(RESERVE_LEAST, memory_now().total / RESERVE_SHARE);
}
