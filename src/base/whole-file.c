/* SPDX-License-Identifier: MIT */
#include "base/whole-file.h"

#include <sys/stat.h>

#include "base/fd.h"

int whole_file_read(int fd, size_t max, char **ret_bytes, size_t *ret_len)
{
	_cleanup_free char *bytes = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	n = fd_read_full(fd, bytes, (size_t)st.st_size);
	if (n < 0)
		return (int)n;
	bytes[n] = '\0';
	*ret_len = (size_t)n;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}
