/* SPDX-License-Identifier: MIT */
#include "initramfs/squash.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "image/squashfs-writer.h"
#include "image/tar-write.h"
#include "initramfs/scratch.h"

#define SQUASHFS     "squashfs"
#define SQUASHFS_MAX (1024 * MIB)

/* Larger ones are smaller, but what is read of a file is read with all of its
 * block. */
#define BLOCK_KIB 256

#define QUICK_LEVEL 1

struct squash {
	const struct manifest *below;
	size_t prefix_len;
	ZSTD_CCtx *zstd;
	struct tar_write tar;
	struct squash_sizes sizes;
};

/* --- what each part is of it --- */

static void count(struct squash *squash, const struct manifest_entry *entry,
		  const char *bytes, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	_cleanup_free char *buf = malloc(bound);
	size_t quick = buf ? ZSTD_compressCCtx(squash->zstd, buf, bound, bytes,
					       len, QUICK_LEVEL)
			   : len;

	squash->sizes.plain[entry->part] += len;
	squash->sizes.quick[entry->part] += ZSTD_isError(quick) ? len : quick;
}

void squash_share_out(const struct squash_sizes *squashed,
		      struct archive_sizes *sizes)
{
	uint64_t all = 0, packed = sizes->packed[MANIFEST_SQUASHED];

	for (size_t i = 0; i < MANIFEST_PARTS; i++)
		all += squashed->quick[i];
	sizes->unpacked -= sizes->part[MANIFEST_SQUASHED];
	sizes->part[MANIFEST_SQUASHED] = 0;
	sizes->packed[MANIFEST_SQUASHED] = 0;
	for (size_t i = 0; all > 0 && i < MANIFEST_PARTS; i++) {
		sizes->unpacked += squashed->plain[i];
		sizes->part[i] += squashed->plain[i];
		sizes->packed[i] += packed * squashed->quick[i] / all;
	}
}

/* --- a tar of the entries --- */

static int put_content(struct squash *squash,
		       const struct manifest_entry *entry, struct tar_entry *as,
		       const char *bytes, size_t len)
{
	int r;

	count(squash, entry, bytes, len);
	as->size = len;
	r = tar_write_entry(&squash->tar, as);
	return r < 0 ? r : tar_write_content(&squash->tar, bytes, len);
}

static int add_file(struct squash *squash, const struct manifest_entry *entry,
		    struct tar_entry *as)
{
	_cleanup_free char *bytes = NULL;
	size_t len;
	int r;

	if (!entry->source)
		return put_content(squash, entry, as, entry->bytes, entry->len);
	r = host_read(entry->source, SQUASHFS_MAX, &bytes, &len);
	if (r < 0)
		return failure_errno(squash->tar.failure, -r, "%s",
				     entry->source);
	return put_content(squash, entry, as, bytes, len);
}

static int add_entry(struct squash *squash, const struct manifest_entry *entry)
{
	struct tar_entry as = {
		.path = entry->path + squash->prefix_len,
		.mode = entry->mode & 07777,
	};

	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		as.type = TAR_DIRECTORY;
		return tar_write_entry(&squash->tar, &as);
	case S_IFLNK:
		as.type = TAR_SYMLINK;
		as.link = entry->bytes;
		return tar_write_entry(&squash->tar, &as);
	case S_IFREG:
		as.type = TAR_FILE;
		return add_file(squash, entry, &as);
	}
	return failure_set(squash->tar.failure, ENOTSUP,
			   "/%s: a device does not belong there", entry->path);
}

static int add_entries(struct squash *squash)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < squash->below->count; i++)
		r = add_entry(squash, &squash->below->entries[i]);
	return r == 0 ? tar_write_end(&squash->tar) : r;
}

/* --- the squashfs --- */

static int write_squashfs(struct squash *squash, const char *scratch, int level,
			  struct failure *failure)
{
	const struct squashfs_form form = { .level = level,
					    .block_kib = BLOCK_KIB,
					    .impersonal = true };
	struct squashfs_writer writer = SQUASHFS_WRITER_NONE;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	int r;

	squash->tar = (struct tar_write){
		.write = squashfs_writer_write,
		.context = &writer,
		.name = "the squashfs",
		.failure = failure,
	};
	text_add(&text, "%s/" SQUASHFS, scratch);
	r = squashfs_writer_start(path, scratch, &form, &writer, failure);
	if (r < 0)
		return r;
	r = add_entries(squash);
	tar_write_free(&squash->tar);
	return squashfs_writer_finish(&writer, r, failure);
}

static int add_squashfs(struct manifest *m, const char *scratch,
			const char *file, struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	enum manifest_part part = m->part;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t len;
	int r;

	text_add(&text, "%s/" SQUASHFS, scratch);
	r = host_read(path, SQUASHFS_MAX, &bytes, &len);
	if (r < 0)
		return failure_errno(failure, -r, "%s", path);
	m->part = MANIFEST_SQUASHED;
	manifest_bytes(m, file, 0644, bytes, len);
	m->part = part;
	return 0;
}

/* Whoever adds files to the initramfs finds the directories that somebody
 * asked for: the kernel makes none by itself. */
static void leave_directories(struct manifest *m, const struct manifest *below)
{
	for (size_t i = 0; i < below->count; i++) {
		const struct manifest_entry *entry = &below->entries[i];
		char path[PATH_MAX];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "/%s", entry->path);
		if (S_ISDIR(entry->mode) && !entry->implied)
			manifest_directory(m, path, entry->mode & 07777);
	}
}

static int squash_below(struct manifest *m, const char *file,
			struct squash *squash, int level,
			struct failure *failure)
{
	char scratch[PATH_MAX];
	int r = scratch_make(scratch, failure);

	if (r < 0)
		return r;
	squash->zstd = ZSTD_createCCtx();
	r = squash->zstd ? write_squashfs(squash, scratch, level, failure)
			 : failure_errno(failure, ENOMEM, "the squashfs");
	if (r == 0)
		r = add_squashfs(m, scratch, file, failure);
	ZSTD_freeCCtx(squash->zstd);
	scratch_remove(scratch);
	return r;
}

void squash_directory(struct manifest *m, const char *path, const char *file,
		      int level, struct squash_sizes *ret_sizes)
{
	_cleanup_manifest struct manifest below = { 0 };
	struct squash squash = { .below = &below, .prefix_len = strlen(path) };
	struct failure failure;

	if (manifest_failed(m))
		return;
	manifest_move_below(m, path, &below);
	if (squash_below(m, file, &squash, level, &failure) < 0) {
		manifest_fail(m, &failure);
		return;
	}
	leave_directories(m, &below);
	*ret_sizes = squash.sizes;
}
