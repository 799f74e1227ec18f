/* SPDX-License-Identifier: MIT */
/* The bytes of a file. */
#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "iso/iso-internal.h"

ssize_t iso_read(const struct iso *iso, const struct iso_entry *file,
		 uint64_t offset, void *buf, size_t len,
		 struct failure *failure)
{
	size_t done = 0;

	if (offset >= file->size)
		return 0;
	len = MIN(MIN(len, file->size - offset), SSIZE_MAX);
	for (size_t i = 0; i < file->extent_count && done < len; i++) {
		uint64_t size = file->extents[i].size;
		size_t part;
		int r;

		if (offset >= size) {
			offset -= size;
			continue;
		}
		part = MIN(len - done, size - offset);
		r = reader_read(iso->reader, file->extents[i].start + offset,
				(char *)buf + done, part, failure);
		if (r < 0)
			return r;
		done += part;
		offset = 0;
	}
	return (ssize_t)done;
}

static int find_file(const struct iso *iso, const char *path,
		     struct iso_entry *ret_entry, struct failure *failure)
{
	const char *what;
	int r;

	r = iso_find(iso, path, ret_entry, failure);
	if (r < 0 || ret_entry->type == ISO_FILE)
		return r;
	what = ret_entry->type == ISO_DIRECTORY
		       ? "is a directory"
		       : "is no file that can be read here";
	return failure_set(failure,
			   ret_entry->type == ISO_DIRECTORY ? EISDIR : EINVAL,
			   "%s: %s %s", iso->reader->name, path, what);
}

int iso_read_whole(const struct iso *iso, const char *path, size_t max,
		   char **ret_bytes, size_t *ret_len, struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	struct iso_entry file;
	ssize_t len;
	int r;

	r = find_file(iso, path, &file, failure);
	if (r < 0)
		return r;
	if (file.size > max)
		return failure_set(failure, EFBIG,
				   "%s: %s has %llu bytes, more than the %zu "
				   "that are read",
				   iso->reader->name, path,
				   (unsigned long long)file.size, max);
	bytes = malloc((size_t)file.size + 1);
	if (!bytes)
		return failure_errno(failure, ENOMEM, "%s: %s",
				     iso->reader->name, path);
	len = iso_read(iso, &file, 0, bytes, (size_t)file.size, failure);
	if (len < 0)
		return (int)len;
	bytes[len] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	*ret_len = (size_t)len;
	return 0;
}

static int read_file(const struct reader *reader, uint64_t offset, void *buf,
		     size_t len, struct failure *failure)
{
	const struct iso_reader *file =
		container_of(reader, struct iso_reader, reader);
	ssize_t n =
		iso_read(file->iso, &file->entry, offset, buf, len, failure);

	return n < 0 ? (int)n : 0;
}

int iso_reader_open(struct iso_reader *file, const struct iso *iso,
		    const char *path, struct failure *failure)
{
	int r;

	r = find_file(iso, path, &file->entry, failure);
	if (r < 0)
		return r;
	file->iso = iso;
	file->reader = (struct reader){
		.name = path,
		.size = file->entry.size,
		.read = read_file,
		.fd = FD_NONE,
	};
	return 0;
}
