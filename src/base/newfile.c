/* SPDX-License-Identifier: MIT */
#include "base/newfile.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"

#define CHUNK (128 * KIB)

/* Whether the file that fd has locked is still the one at path, and not one
 * that its last writer has put in place in between. */
static bool still_at(const char *path, int fd)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && stat(path, &named) == 0 &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static int open_locked(const char *path)
{
	for (;;) {
		_cleanup_fd int fd =
			open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			return -errno;
		if (still_at(path, fd))
			return TAKE_FD(fd);
	}
}

int newfile_begin(const char *path, mode_t mode, struct newfile *ret_file,
		  struct failure *failure)
{
	struct newfile file;
	struct text text = text_over(file.temporary, sizeof(file.temporary));

	text_add(&text, "%s.new", path);
	if (text.cut || !str_copy(file.path, sizeof(file.path), path))
		return failure_errno(failure, ENAMETOOLONG, "%s", path);
	file.fd = open_locked(file.temporary);
	if (file.fd == -EWOULDBLOCK)
		return failure_set(failure, EBUSY,
				   "%s: another process is writing it", path);
	if (file.fd < 0)
		return failure_errno(failure, -file.fd, "cannot write %s",
				     path);
	*ret_file = file;
	if (ftruncate(file.fd, 0) < 0 || fchmod(file.fd, mode) < 0) {
		int r = failure_errno(failure, errno, "%s", file.temporary);

		newfile_clear(ret_file);
		return r;
	}
	return 0;
}

int newfile_finish(struct newfile *file, struct failure *failure)
{
	if (rename(file->temporary, file->path) < 0)
		return failure_errno(failure, errno, "%s", file->path);
	file->fd = fd_close(file->fd);
	return 0;
}

void newfile_clear(struct newfile *file)
{
	if (file->fd < 0)
		return;
	unlink(file->temporary);
	file->fd = fd_close(file->fd);
}

int newfile_write(const char *path, mode_t mode, const void *bytes, size_t len,
		  struct failure *failure)
{
	_cleanup_newfile struct newfile file = NEWFILE_NONE;
	int r = newfile_begin(path, mode, &file, failure);

	if (r < 0)
		return r;
	r = fd_write_all(file.fd, bytes, len);
	if (r < 0)
		return failure_errno(failure, -r, "%s", path);
	return newfile_finish(&file, failure);
}

int newfile_copy(const char *path, mode_t mode, const char *source,
		 uint64_t *ret_size, struct failure *failure)
{
	_cleanup_newfile struct newfile file = NEWFILE_NONE;
	_cleanup_fd int in = open(source, O_RDONLY | O_CLOEXEC);
	char bytes[CHUNK];
	uint64_t size = 0;
	ssize_t n;
	int r;

	if (in < 0)
		return failure_errno(failure, errno, "%s", source);
	r = newfile_begin(path, mode, &file, failure);
	if (r < 0)
		return r;
	while ((n = fd_read_full(in, bytes, sizeof(bytes))) > 0) {
		r = fd_write_all(file.fd, bytes, (size_t)n);
		if (r < 0)
			return failure_errno(failure, -r, "%s", path);
		size += (uint64_t)n;
	}
	if (n < 0)
		return failure_errno(failure, (int)-n, "%s", source);
	r = newfile_finish(&file, failure);
	if (r == 0)
		*ret_size = size;
	return r;
}
