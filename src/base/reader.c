/* SPDX-License-Identifier: MIT */
#include "base/reader.h"

#include <errno.h>
#include <unistd.h>

int reader_read(const struct reader *reader, uint64_t offset, void *buf,
		size_t len, struct failure *failure)
{
	if (offset > reader->size || len > reader->size - offset)
		return failure_set(failure, EBADMSG,
				   "%s has %llu bytes, and names some behind "
				   "them: it is cut short or damaged",
				   reader->name,
				   (unsigned long long)reader->size);
	return reader->read(reader, offset, buf, len, failure);
}

static int read_fd(const struct reader *reader, uint64_t offset, void *buf,
		   size_t len, struct failure *failure)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(reader->fd, (char *)buf + done, len - done,
				  (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return failure_errno(failure, n == 0 ? EIO : errno,
					     "%s cannot be read", reader->name);
	}
	return 0;
}

int reader_over_fd(struct reader *ret_reader, int fd, const char *name,
		   struct failure *failure)
{
	/* Of a block device too, unlike st_size. */
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return failure_errno(failure, errno, "%s cannot be read", name);
	*ret_reader = (struct reader){
		.name = name,
		.size = (uint64_t)end,
		.read = read_fd,
		.fd = fd,
	};
	return 0;
}
