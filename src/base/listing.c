/* SPDX-License-Identifier: MIT */
#include "base/listing.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/text.h"

int listing_each(int dir_fd, const char *path,
		 int (*each)(const char *name, void *context), void *context)
{
	_cleanup_fd int fd =
		openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent64) char buf[4096];
	ssize_t len;

	if (fd < 0)
		return -errno;
	while ((len = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *entry = (const void *)(buf + at);
			int r = 0;

			at += entry->d_reclen;
			if (!str_eq(entry->d_name, ".") &&
			    !str_eq(entry->d_name, ".."))
				r = each(entry->d_name, context);
			if (r != 0)
				return r;
		}
	}
	return len < 0 ? -errno : 0;
}
