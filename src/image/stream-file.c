/* SPDX-License-Identifier: MIT */
#include "image/stream-file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "image/qcow2.h"

#define RAW STREAM_IMAGE ".raw"

static int take(const struct stream *stream, int tree_fd, int *ret_fd)
{
	_cleanup_fd int fd = FD_NONE;
	struct stat st;
	int r;

	if (renameat(tree_fd, STREAM_IMAGE, stream->dir_fd, STREAM_IMAGE) < 0)
		return -errno;
	/* The child may have left anything under this name. */
	fd = openat(stream->dir_fd, STREAM_IMAGE,
		    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	r = path_remove_tree(stream->dir_fd, STREAM_TREE);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int stream_file_take(const struct stream *stream, int tree_fd, int *ret_fd,
		     struct failure *failure)
{
	const char *name = stream->source.name;
	int r;

	if (stream->must_be_archive)
		return failure_set(failure, EBADMSG,
				   "%s: this layer is no tar archive", name);
	r = take(stream, tree_fd, ret_fd);
	return r < 0 ? failure_errno(failure, -r, "%s: cannot take the image",
				     name)
		     : 0;
}

/* The source goes while the copy grows: what is needed is the difference. */
static int check_room(const struct stream *stream, int fd,
		      struct failure *failure)
{
	const char *name = stream->source.name;
	struct qcow2_header header;
	uint8_t head[KIND_HEAD];
	uint64_t needed, has, left;
	struct stat st;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	int r;

	if (n < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot read", name);
	r = qcow2_parse_header(view_over(head, (size_t)n), name, &header,
			       failure);
	if (r < 0)
		return r;
	if (qcow2_measure(fd, &header, &needed) < 0)
		return 0; /* the conversion says what is wrong */
	has = (uint64_t)st.st_blocks * 512;
	needed = needed > has ? needed - has : 0;
	left = room_left(stream->room);
	if (needed > left && stream->make_room)
		(void)stream->make_room(stream->context, needed - left);
	return room_check(stream->room, name, needed, failure);
}

int stream_file_convert(const struct stream *stream, int *fd,
			int (*tick)(void *context), void *context,
			struct failure *failure)
{
	const char *name = stream->source.name;
	_cleanup_fd int raw =
		openat(stream->dir_fd, RAW,
		       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (raw < 0)
		return failure_errno(failure, errno, "%s: cannot create a file",
				     name);
	r = check_room(stream, *fd, failure);
	if (r == 0)
		r = qcow2_to_raw(*fd, raw, name, tick, context, failure);
	if (r == 0 &&
	    renameat(stream->dir_fd, RAW, stream->dir_fd, STREAM_IMAGE) < 0)
		r = failure_errno(failure, errno, "%s: cannot rename", name);
	if (r < 0) {
		unlinkat(stream->dir_fd, RAW, 0);
		return r;
	}
	fd_close(*fd);
	*fd = TAKE_FD(raw);
	return 0;
}
