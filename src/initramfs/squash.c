/* SPDX-License-Identifier: MIT */
#include "initramfs/squash.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "image/squashfs-writer.h"
#include "image/tar-write.h"
#include "initramfs/scratch.h"

#define SQUASHFS     "squashfs"
#define SQUASHFS_MAX (1024 * MIB)
#define CHUNK	     (256 * KIB)

/* --- a tar of the entries --- */

static int add_bytes(struct tar_write *tar, const struct manifest_entry *entry,
		     struct tar_entry *as)
{
	int r;

	as->size = entry->len;
	r = tar_write_entry(tar, as);
	return r < 0 ? r : tar_write_content(tar, entry->bytes, entry->len);
}

static int add_file(struct tar_write *tar, const struct manifest_entry *entry,
		    struct tar_entry *as)
{
	_cleanup_free char *bytes = NULL;
	size_t len;
	int r = host_read(entry->source, SQUASHFS_MAX, &bytes, &len);

	if (r < 0)
		return failure_errno(tar->failure, -r, "%s", entry->source);
	as->size = len;
	r = tar_write_entry(tar, as);
	return r < 0 ? r : tar_write_content(tar, bytes, len);
}

static int add_entry(struct tar_write *tar, const struct manifest_entry *entry,
		     const char *path)
{
	struct tar_entry as = {
		.path = path,
		.mode = entry->mode & 07777,
	};

	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		as.type = TAR_DIRECTORY;
		return tar_write_entry(tar, &as);
	case S_IFLNK:
		as.type = TAR_SYMLINK;
		as.link = entry->bytes;
		return tar_write_entry(tar, &as);
	case S_IFREG:
		as.type = TAR_FILE;
		return entry->source ? add_file(tar, entry, &as)
				     : add_bytes(tar, entry, &as);
	}
	return failure_set(tar->failure, ENOTSUP,
			   "/%s: a device does not belong there", entry->path);
}

static int add_entries(struct tar_write *tar, const struct manifest *below,
		       size_t prefix_len)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < below->count; i++)
		r = add_entry(tar, &below->entries[i],
			      below->entries[i].path + prefix_len);
	return r == 0 ? tar_write_end(tar) : r;
}

/* --- the squashfs --- */

static int write_squashfs(const struct manifest *below, size_t prefix_len,
			  const char *scratch, int level,
			  struct failure *failure)
{
	/* Larger ones are smaller, but a module is read with all of its. */
	const struct squashfs_form form = { .level = level,
					    .block_kib = 256,
					    .impersonal = true };
	struct squashfs_writer writer = SQUASHFS_WRITER_NONE;
	struct tar_write tar = {
		.write = squashfs_writer_write,
		.context = &writer,
		.name = "the modules",
		.failure = failure,
	};
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	int r;

	text_add(&text, "%s/" SQUASHFS, scratch);
	r = squashfs_writer_start(path, scratch, &form, &writer, failure);
	if (r < 0)
		return r;
	r = add_entries(&tar, below, prefix_len);
	tar_write_free(&tar);
	return squashfs_writer_finish(&writer, r, failure);
}

static int add_squashfs(struct manifest *m, const char *scratch,
			const char *file, struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t len;
	int r;

	text_add(&text, "%s/" SQUASHFS, scratch);
	r = host_read(path, SQUASHFS_MAX, &bytes, &len);
	if (r < 0)
		return failure_errno(failure, -r, "%s", path);
	manifest_bytes(m, file, 0644, bytes, len);
	return 0;
}

void squash_directory(struct manifest *m, const char *path, const char *file,
		      int level)
{
	_cleanup_manifest struct manifest below = { 0 };
	char scratch[PATH_MAX];
	struct failure failure;
	int r;

	if (manifest_failed(m))
		return;
	manifest_move_below(m, path, &below);
	r = scratch_make(scratch, &failure);
	if (r == 0) {
		r = write_squashfs(&below, strlen(path), scratch, level,
				   &failure);
		if (r == 0)
			r = add_squashfs(m, scratch, file, &failure);
		scratch_remove(scratch);
	}
	if (r < 0)
		manifest_fail(m, &failure);
}
