/* SPDX-License-Identifier: MIT */
#include "takeover/carry-file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/whole-file.h"
#include "root/copy.h"

/* A new file in the place of what was there. Its mode is set before it has
 * content. */
static int create(int dir_fd, const struct carry_file *file)
{
	_cleanup_fd int fd = FD_NONE;

	if (unlinkat(dir_fd, file->name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, file->name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchown(fd, 0, 0) < 0 || fchmod(fd, file->mode) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* A directory that is there keeps its mode, unless it was to be private: sshd
 * refuses keys in one that others may write to. */
static int open_directory(int root_fd, const struct carry_file *file)
{
	_cleanup_fd int fd = FD_NONE;
	int r = path_mkdirs_in_root(root_fd, file->directory,
				    file->directory_mode);

	if (r < 0)
		return r;
	r = fd = path_open_in_root(root_fd, file->directory,
				   O_RDONLY | O_DIRECTORY, 0);
	if (r < 0)
		return r;
	if (file->directory_mode == 0700 &&
	    (fchown(fd, 0, 0) < 0 || fchmod(fd, 0700) < 0))
		return -errno;
	return TAKE_FD(fd);
}

static int create_in_root(int root_fd, const struct carry_file *file)
{
	_cleanup_fd int dir_fd = open_directory(root_fd, file);

	return dir_fd < 0 ? dir_fd : create(dir_fd, file);
}

static int fail(const struct carry_file *file, int err, struct failure *failure)
{
	return failure_errno(failure, err, "cannot write %s/%s in the image",
			     file->directory, file->name);
}

int carry_file_write(int root_fd, const struct carry_file *file,
		     const char *bytes, size_t len, struct failure *failure)
{
	_cleanup_fd int fd = create_in_root(root_fd, file);
	int r = fd < 0 ? fd : fd_write_all(fd, bytes, len);

	return r < 0 ? fail(file, -r, failure) : 0;
}

/* What cannot be opened, or is no file, is as if it were not there. */
static int read_text(int fd, char **ret_text)
{
	size_t len;
	int r;

	*ret_text = NULL;
	if (fd < 0)
		return 0;
	r = whole_file_read(fd, CARRY_FILE_MAX, ret_text, &len);
	return r == -EINVAL ? 0 : r;
}

int carry_file_read(int root_fd, const char *path, char **ret_text)
{
	_cleanup_fd int fd =
		path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK, 0);

	return read_text(fd, ret_text);
}

int carry_host_read(const char *path, char **ret_text)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return read_text(fd, ret_text);
}

int carry_file_copy(int root_fd, const char *source,
		    const struct carry_file *file, uint64_t *ret_bytes,
		    struct failure *failure)
{
	_cleanup_fd int from = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd int to = FD_NONE;
	struct stat st;
	int r;

	if (from < 0 && errno == ENOENT)
		return 0;
	if (from < 0 || fstat(from, &st) < 0)
		return failure_errno(failure, errno, "%s", source);
	if (!S_ISREG(st.st_mode))
		return 0;
	r = to = create_in_root(root_fd, file);
	if (r >= 0)
		r = copy_bytes(from, to);
	if (r < 0)
		return fail(file, -r, failure);
	*ret_bytes = (uint64_t)st.st_size;
	return 1;
}

bool carry_file_exists(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}
