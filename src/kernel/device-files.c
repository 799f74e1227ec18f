/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The files are those of a tiny ISO 9660 file system of our
 * own, written where the device is free: in such a file system a file is a list
 * of places on the device, of 2048 bytes each (ECMA-119, 6.4 and 9.1.6). Of the
 * ISO, the kernel's driver reads file content only, never a descriptor or a
 * directory: those it is given are ours. It is told where they are by sbsector=
 * (Documentation/filesystems/isofs.rst), and is mounted detached (fsmount(2)):
 * when the last descriptor of it is closed, nothing is left.
 *
 * What is read through such a file is in the page cache once, and can be taken
 * back at any time, which a memfd's pages can not.
 *
 * The driver reads content past the page cache of the device, so all that is
 * written must have left that before.
 */
#include "kernel/device-files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "root/mount.h"

/* By which the records are sorted (ECMA-119, 9.3). */
static const char *const names[DEVICE_FILE_COUNT] = {
	[DEVICE_FILE_INITRD] = "INITRD",
	[DEVICE_FILE_KERNEL] = "KERNEL",
};

static uint64_t block_of(uint64_t at)
{
	return DIV_ROUND_UP(at, ISO_OUT_BLOCK) * ISO_OUT_BLOCK;
}

void device_files_begin(struct device_files *ret_files, int fd,
			const char *path, uint64_t start, uint64_t end)
{
	*ret_files = (struct device_files){
		.fd = fd,
		.path = path,
		.start = block_of(start),
		.end = end - end % ISO_OUT_BLOCK,
		.mount_fd = FD_NONE,
	};
	for (size_t i = 0; i < DEVICE_FILE_COUNT; i++)
		ret_files->files[i].name = names[i];
	ret_files->next = ret_files->start + ISO_OUT_SIZE;
}

void device_files_close(struct device_files *files)
{
	files->mount_fd = fd_close(files->mount_fd);
}

struct device_file device_file_begin(struct device_files *files,
				     enum device_file_id id)
{
	files->next = block_of(files->next);
	return (struct device_file){ files, &files->files[id], 0 };
}

/* --- what they are made of --- */

static int add_piece(struct device_file *file, uint64_t at, uint64_t size)
{
	struct iso_out_file *out = file->out;
	struct iso_out_piece *last =
		out->count > 0 ? &out->pieces[out->count - 1] : NULL;

	if (size > ISO_OUT_FILE_MAX - file->size)
		return -EFBIG;
	if (last && last->at + last->size == at)
		last->size += size;
	else if (out->count < ISO_OUT_PIECES_MAX)
		out->pieces[out->count++] = (struct iso_out_piece){ at, size };
	else
		return -ENOBUFS;
	file->size += size;
	return 0;
}

static int write_at(const struct device_files *files, uint64_t at,
		    const void *bytes, size_t len)
{
	if (lseek(files->fd, (off_t)at, SEEK_SET) < 0)
		return -errno;
	return fd_write_all(files->fd, bytes, len);
}

static int put(struct device_file *file, const void *bytes, size_t len)
{
	struct device_files *on = file->on;
	uint64_t at = on->next;
	int r;

	if (len == 0)
		return 0;
	if (at > on->end || len > on->end - at)
		return -ENOSPC;
	r = write_at(on, at, bytes, len);
	if (r == 0)
		r = add_piece(file, at, len);
	if (r == 0)
		on->next += len;
	return r;
}

int device_file_put(void *device_file, const void *bytes, size_t len,
		    struct failure *failure)
{
	struct device_file *file = device_file;
	int r = put(file, bytes, len);

	return r < 0 ? failure_errno(failure, -r,
				     "%s cannot take %s of what is booted",
				     file->on->path, file->out->name)
		     : 0;
}

static bool is_in(const struct reader *iso, uint64_t at, uint64_t size)
{
	return at <= iso->size && size <= iso->size - at;
}

/* Returns how much of it is part of the file now. */
static uint64_t refer(struct device_file *file, uint64_t at, uint64_t size)
{
	uint64_t whole = size - size % ISO_OUT_BLOCK;

	/* Another piece may have to follow. */
	if (at % ISO_OUT_BLOCK != 0 || file->size % ISO_OUT_BLOCK != 0 ||
	    whole == 0 || file->out->count + 1 >= ISO_OUT_PIECES_MAX ||
	    add_piece(file, at, whole) < 0)
		return 0;
	return whole;
}

int device_file_put_iso(struct device_file *file, const struct iso_reader *from,
			struct failure *failure)
{
	const struct iso_entry *entry = &from->entry;
	uint64_t offset = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->extent_count; i++) {
		uint64_t at = entry->extents[i].start;
		uint64_t size = entry->extents[i].size;
		uint64_t done = 0;

		if (is_in(from->iso->reader, at, size) &&
		    at + size <= file->on->start)
			done = refer(file, at, size);
		r = reader_copy(&from->reader, offset + done, size - done,
				device_file_put, file, failure);
		offset += size;
	}
	return r;
}

/* --- as files --- */

/* On the device they are then, and nowhere else. */
static int settle(const struct device_files *files)
{
	if (fsync(files->fd) < 0)
		return -errno;
	return -posix_fadvise(files->fd, (off_t)files->start,
			      (off_t)(files->next - files->start),
			      POSIX_FADV_DONTNEED);
}

int device_files_write(const struct device_files *files,
		       struct failure *failure)
{
	uint8_t volume[ISO_OUT_SIZE];
	int r = iso_out_build(files->start, files->next, files->files,
			      DEVICE_FILE_COUNT, volume);

	if (r == 0)
		r = write_at(files, files->start, volume, sizeof(volume));
	if (r == 0)
		r = settle(files);
	return r < 0 ? failure_errno(failure, -r, "%s", files->path) : 0;
}

int device_files_mount(struct device_files *files, struct failure *failure)
{
	char sector[24];
	const struct mount_option options[] = {
		{ "norock", NULL },	{ "nojoliet", NULL }, { "map", "off" },
		{ "sbsector", sector }, { "ro", NULL },	      { NULL, NULL },
	};
	int fd;

	snprintf(sector, sizeof(sector), "%llu",
		 (unsigned long long)(files->start / ISO_OUT_BLOCK -
				      ISO_OUT_SYSTEM_AREA));
	fd = mount_new("iso9660", files->path, options,
		       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		       failure);
	if (fd < 0)
		return fd;
	files->mount_fd = fd;
	return 0;
}

int device_files_open(const struct device_files *files, enum device_file_id id,
		      struct failure *failure)
{
	int fd = openat(files->mount_fd, names[id], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? failure_errno(failure, errno, "%s on %s", names[id],
				      files->path)
		      : fd;
}
