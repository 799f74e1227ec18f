/* SPDX-License-Identifier: MIT */
#include "root/attribute.h"

#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"

ssize_t attribute_read(const char *dir, const char *name, const char *file,
		       char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);
	return file_read_line(AT_FDCWD, path, buf, size);
}

int attribute_write(const char *dir, const char *name, const char *file,
		    const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);
	return file_write(AT_FDCWD, path, text);
}
