/* SPDX-License-Identifier: MIT */
#include "root/module-load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

void module_path(const char *dir, unsigned int number, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%02u", dir, number);
}

int module_load(const char *path)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}
