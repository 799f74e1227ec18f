/* SPDX-License-Identifier: MIT */
#include "server/tftp-file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/cleanup.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int map(struct tftp_file *file)
{
	void *bytes;

	file->bytes = "";
	if (file->size == 0)
		return 0;
	bytes = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	file->bytes = bytes;
	return 0;
}

int tftp_files_open(struct tftp_files *files, const struct name *name,
		    struct tftp_file **ret_file)
{
	_cleanup_free struct tftp_file *file = NULL;
	struct stat now;
	uint64_t size;
	int64_t mtime;
	_cleanup_fd int fd = names_open(name, &size, &mtime);
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &now) < 0)
		return -errno;
	for (struct tftp_file *f = files->first; f; f = f->next)
		if (same_file(&f->opened, &now)) {
			f->holders++;
			*ret_file = f;
			return 0;
		}
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->fd = fd;
	file->size = (uint64_t)now.st_size;
	file->opened = now;
	file->holders = 1;
	r = map(file);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	file->next = files->first;
	files->first = file;
	*ret_file = TAKE_PTR(file);
	return 0;
}

int tftp_files_text(char *body, size_t len, struct tftp_file **ret_file)
{
	struct tftp_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->bytes = body;
	file->size = len;
	file->holders = 1;
	file->fd = FD_NONE;
	*ret_file = file;
	return 0;
}

static void forget(struct tftp_files *files, struct tftp_file *file)
{
	struct tftp_file **at = &files->first;

	while (*at && *at != file)
		at = &(*at)->next;
	if (*at)
		*at = file->next;
}

struct tftp_file *tftp_files_drop(struct tftp_files *files,
				  struct tftp_file *file)
{
	if (!file || --file->holders > 0)
		return NULL;
	if (file->fd == FD_NONE) {
		free((char *)file->bytes);
	} else {
		forget(files, file);
		if (file->size > 0)
			munmap((char *)file->bytes, file->size);
		fd_close(file->fd);
	}
	free(file);
	return NULL;
}

bool tftp_file_changed(const struct tftp_file *file)
{
	struct stat now;

	return file->fd != FD_NONE &&
	       (fstat(file->fd, &now) < 0 || !same_file(&file->opened, &now));
}

void tftp_file_ahead(const struct tftp_file *file, uint64_t offset,
		     uint64_t len)
{
	if (file->fd != FD_NONE)
		(void)posix_fadvise(file->fd, (off_t)offset, (off_t)len,
				    POSIX_FADV_WILLNEED);
}
