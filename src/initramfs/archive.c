/* SPDX-License-Identifier: MIT */
#include "initramfs/archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/fd.h"
#include "wire/newc.h"

/* A constant, not the machine's cores: the output depends on whether there are
 * workers, and must be the same everywhere. */
#define WORKERS 4
#define CHUNK	(128 * KIB)

struct writer {
	ZSTD_CCtx *zstd;
	int fd;
	struct archive_sizes sizes;
	uint32_t last_inode;
	struct failure *failure;
	uint8_t header[NEWC_ENTRY_MAX];
	uint8_t in[CHUNK];
	uint8_t out[CHUNK];
};

static void cleanup_writer(struct writer **writer)
{
	if (*writer)
		ZSTD_freeCCtx((*writer)->zstd);
	free(*writer);
}

static int zstd_failed(struct writer *w, size_t code)
{
	return failure_set(w->failure, EIO, "zstd: %s",
			   ZSTD_getErrorName(code));
}

static int writer_start(struct writer *w, int level)
{
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} parameters[] = {
		/* The window stays the level's, at most 8 MB, which the
		 * kernel allocates to unpack; 32 MB save 1 %. */
		{ ZSTD_c_compressionLevel, level },
		{ ZSTD_c_nbWorkers, WORKERS },
		{ ZSTD_c_checksumFlag, 1 },
	};

	w->zstd = ZSTD_createCCtx();
	if (!w->zstd)
		return failure_errno(w->failure, ENOMEM, "zstd");
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		size_t code = ZSTD_CCtx_setParameter(
			w->zstd, parameters[i].parameter, parameters[i].value);

		if (ZSTD_isError(code))
			return zstd_failed(w, code);
	}
	return 0;
}

/* Compresses the len bytes and, but with ZSTD_e_continue, all that is left. */
static int put(struct writer *w, const void *bytes, size_t len,
	       ZSTD_EndDirective directive)
{
	ZSTD_inBuffer in = { .src = bytes, .size = len };
	size_t left;

	w->sizes.unpacked += len;
	do {
		ZSTD_outBuffer out = { .dst = w->out, .size = sizeof(w->out) };
		int r;

		left = ZSTD_compressStream2(w->zstd, &out, &in, directive);
		if (ZSTD_isError(left))
			return zstd_failed(w, left);
		r = fd_write_all(w->fd, w->out, out.pos);
		if (r < 0)
			return failure_errno(w->failure, -r,
					     "writing the initramfs");
		w->sizes.compressed += out.pos;
	} while (in.pos < in.size ||
		 (directive != ZSTD_e_continue && left > 0));
	return 0;
}

static int put_padding(struct writer *w, uint64_t len)
{
	static const uint8_t zeros[3];

	return put(w, zeros, newc_padding(len), ZSTD_e_continue);
}

static int put_header(struct writer *w, const struct manifest_entry *entry,
		      uint64_t size)
{
	struct build b = build_over(w->header, sizeof(w->header));

	if (size > UINT32_MAX)
		return failure_set(w->failure, EFBIG,
				   "/%s: newc has no files above 4 GB",
				   entry->path);
	newc_build_entry(&b, &(struct newc_entry){
				     .inode = ++w->last_inode,
				     .mode = entry->mode,
				     .links = S_ISDIR(entry->mode) ? 2 : 1,
				     .size = (uint32_t)size,
				     .node_major = entry->major,
				     .node_minor = entry->minor,
				     .name = entry->path,
				     .name_len = strlen(entry->path),
			     });
	if (b.bad)
		return failure_set(w->failure, ENAMETOOLONG,
				   "/%s: too long a name for newc",
				   entry->path);
	w->sizes.part[entry->part] += size;
	return put(w, w->header, b.len, ZSTD_e_continue);
}

static int put_bytes(struct writer *w, const struct manifest_entry *entry)
{
	int r = put_header(w, entry, entry->len);

	if (r == 0 && entry->len > 0)
		r = put(w, entry->bytes, entry->len, ZSTD_e_continue);
	if (r == 0)
		r = put_padding(w, entry->len);
	return r;
}

static int put_file(struct writer *w, const struct manifest_entry *entry)
{
	_cleanup_fd int fd = open(entry->source, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t size, left;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(w->failure, errno, "%s", entry->source);
	size = left = (uint64_t)st.st_size;
	r = put_header(w, entry, size);
	while (r == 0 && left > 0) {
		size_t want = (size_t)MIN(left, sizeof(w->in));
		ssize_t n = fd_read_full(fd, w->in, want);

		if (n < 0)
			return failure_errno(w->failure, (int)-n, "%s",
					     entry->source);
		if ((size_t)n < want)
			return failure_set(w->failure, EIO,
					   "%s: shrank while it was read",
					   entry->source);
		left -= want;
		r = put(w, w->in, want, ZSTD_e_continue);
	}
	return r == 0 ? put_padding(w, size) : r;
}

static int put_trailer(struct writer *w)
{
	struct build b = build_over(w->header, sizeof(w->header));

	newc_build_trailer(&b);
	return put(w, w->header, b.len, ZSTD_e_end);
}

static int put_entries(struct writer *w, const struct manifest *m,
		       enum manifest_part part, bool files)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->count; i++) {
		const struct manifest_entry *entry = &m->entries[i];

		if (S_ISREG(entry->mode) != files ||
		    (files && entry->part != part))
			continue;
		r = entry->source ? put_file(w, entry) : put_bytes(w, entry);
	}
	return r;
}

/* The files of one part, compressed up to their end, so that it is known how
 * much of the archive they are. */
static int put_part(struct writer *w, const struct manifest *m,
		    enum manifest_part part)
{
	uint64_t before = w->sizes.compressed;
	int r = put_entries(w, m, part, true);

	if (r == 0)
		r = put(w, "", 0, ZSTD_e_flush);
	w->sizes.packed[part] += w->sizes.compressed - before;
	return r;
}

/* What the kernel needs before any file, as it makes no directory by itself. */
static int put_places(struct writer *w, const struct manifest *m)
{
	int r = put_entries(w, m, MANIFEST_OTHER, false);

	if (r == 0)
		r = put(w, "", 0, ZSTD_e_flush);
	w->sizes.packed[MANIFEST_OTHER] = w->sizes.compressed;
	return r;
}

int archive_write(const struct manifest *m, int fd, int level,
		  struct archive_sizes *ret_sizes, struct failure *failure)
{
	_cleanup(cleanup_writer) struct writer *w = calloc(1, sizeof(*w));
	int r = manifest_check(m, failure);

	if (r < 0)
		return r;
	if (!w)
		return failure_errno(failure, ENOMEM, "writing the initramfs");
	w->fd = fd;
	w->failure = failure;
	r = writer_start(w, level);
	if (r == 0)
		r = put_places(w, m);
	for (int part = 0; r == 0 && part < MANIFEST_PARTS; part++)
		r = put_part(w, m, (enum manifest_part)part);
	if (r == 0)
		r = put_trailer(w);
	if (r == 0)
		*ret_sizes = w->sizes;
	return r;
}
