/* SPDX-License-Identifier: MIT */
#include "base/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/util.h"

#define CHUNK MIB

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

int reader_copy(const struct reader *reader, uint64_t offset, uint64_t len,
		int (*put)(void *context, const void *bytes, size_t len,
			   struct failure *failure),
		void *context, struct failure *failure)
{
	_cleanup_free void *chunk = malloc(CHUNK);
	int r = 0;

	if (!chunk)
		return failure_errno(failure, ENOMEM, "%s", reader->name);
	for (uint64_t done = 0; r == 0 && done < len;) {
		size_t part = (size_t)MIN(CHUNK, len - done);

		r = reader_read(reader, offset + done, chunk, part, failure);
		if (r == 0)
			r = put(context, chunk, part, failure);
		done += part;
	}
	return r;
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
	struct stat st;

	if (end < 0)
		return failure_errno(failure, errno, "%s cannot be read", name);
	/* Some file systems tell a size of those. */
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return failure_errno(failure, EISDIR, "%s cannot be read",
				     name);
	*ret_reader = (struct reader){
		.name = name,
		.size = (uint64_t)end,
		.read = read_fd,
		.fd = fd,
	};
	return 0;
}
