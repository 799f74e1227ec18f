/* SPDX-License-Identifier: MIT */
/*
 * The kernel takes what is behind an archive for another one: after zero bytes,
 * an uncompressed one at a multiple of 4, or a compressed one anywhere
 * (init/initramfs.c). All compressions but one say where they end. lz4's old
 * format, which is the one that the kernel has, does not: what follows is taken
 * for its next block, and the whole initrd fails to unpack. Ubuntu had such
 * initrds for years, so they are recognised, and put behind ours.
 */
#include "kernel/payload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/newc-out.h"
#include "wire/newc.h"

#define ALIGNMENT   4
#define ENTRIES_MAX 65536 /* of an uncompressed archive in front */

static const uint8_t lz4_magic[] = { 0x02, 0x21, 0x4c, 0x18 };

struct payload_late {
	struct payload_late *next;
	struct iso_reader file; /* when it is in an ISO */
	struct reader from_fd;
	int fd;			     /* of from_fd; owned */
	const struct reader *reader; /* either of them */
};

static struct payload_late *late_free(struct payload_late *late)
{
	if (late)
		fd_close(late->fd);
	free(late);
	return NULL;
}

static void cleanup_late(struct payload_late **late)
{
	late_free(*late);
}
#define _cleanup_late _cleanup(cleanup_late)

static struct payload_late *late_new(void)
{
	struct payload_late *late = calloc(1, sizeof(*late));

	if (late)
		late->fd = FD_NONE;
	return late;
}

int payload_open(struct payload *ret_payload, const char *name,
		 struct failure *failure)
{
	*ret_payload = (struct payload){
		.fd = memfd_create("initrd", MFD_CLOEXEC),
		.name = name,
	};
	if (ret_payload->fd < 0)
		return failure_errno(failure, errno,
				     "the initrd for %s cannot be begun", name);
	return 0;
}

/* A memfd anew, for what flags of open(2) say. */
static int open_again(int fd, int flags, const char *name,
		      struct failure *failure)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	return again >= 0 ? again
			  : failure_errno(failure, errno,
					  "the initrd for %s cannot be opened "
					  "again",
					  name);
}

int payload_open_behind(struct payload *ret_payload, int memfd,
			const char *name, struct failure *failure)
{
	struct stat st;

	*ret_payload = (struct payload){
		.fd = open_again(memfd, O_WRONLY | O_APPEND, name, failure),
		.name = name,
	};
	if (ret_payload->fd < 0)
		return ret_payload->fd;
	if (fstat(ret_payload->fd, &st) < 0)
		return failure_errno(failure, errno, "the initrd for %s", name);
	ret_payload->size = (uint64_t)st.st_size;
	return 0;
}

void payload_open_on(struct payload *ret_payload, const char *name,
		     struct device_files *files)
{
	*ret_payload = (struct payload){
		.fd = FD_NONE,
		.file = device_file_begin(files, DEVICE_FILE_INITRD),
		.on_device = true,
		.name = name,
	};
}

void payload_close(struct payload *payload)
{
	struct payload_late *late = payload->late;

	while (late) {
		struct payload_late *next = late->next;

		late_free(late);
		late = next;
	}
	fd_close(payload->fd);
	*payload = (struct payload)PAYLOAD_NONE;
}

static int put_memory(struct payload *payload, const void *bytes, size_t len,
		      struct failure *failure)
{
	int r = fd_write_all(payload->fd, bytes, len);

	return r < 0 ? failure_errno(failure, -r,
				     "the initrd for %s cannot be put together "
				     "in memory",
				     payload->name)
		     : 0;
}

static int put(void *context, const void *bytes, size_t len,
	       struct failure *failure)
{
	struct payload *payload = context;
	int r = payload->on_device
			? device_file_put(&payload->file, bytes, len, failure)
			: put_memory(payload, bytes, len, failure);

	if (r == 0)
		payload->size += len;
	return r;
}

/* What begins with a block can be referred to. */
static int put_alignment(struct payload *payload, struct failure *failure)
{
	static const uint8_t zeros[ISO_OUT_BLOCK];
	size_t alignment = payload->on_device ? ISO_OUT_BLOCK : ALIGNMENT;

	return put(payload, zeros, -payload->size % alignment, failure);
}

static int put_all_of(struct payload *payload, const struct reader *reader,
		      struct failure *failure)
{
	return reader_copy(reader, 0, reader->size, put, payload, failure);
}

static int put_archive(struct payload *payload,
		       const struct payload_late *archive,
		       struct failure *failure)
{
	int r;

	if (!payload->on_device || !archive->file.iso)
		return put_all_of(payload, archive->reader, failure);
	r = device_file_put_iso(&payload->file, &archive->file, failure);
	payload->size = payload->file.size;
	return r;
}

/* --- archives --- */

/* Steps over zero bytes and one entry. Returns 1, or 0: something else is at
 * *offset now, or the end. */
static int skip_entry(const struct reader *reader, uint64_t *offset,
		      struct failure *failure)
{
	uint8_t bytes[NEWC_ENTRY_MAX];
	struct newc_entry entry = { 0 };
	struct view v;
	size_t len, zeros;

	do {
		int r;

		len = (size_t)MIN(sizeof(bytes), reader->size - *offset);
		r = reader_read(reader, *offset, bytes, len, failure);
		if (r < 0)
			return r;
		for (zeros = 0; zeros < len && bytes[zeros] == 0;)
			zeros++;
		*offset += zeros;
	} while (zeros > 0);
	v = view_over(bytes, len);
	if (!newc_starts(v) || newc_parse_entry(&v, &entry) < 0)
		return 0;
	*offset += len - v.left + entry.size + newc_padding(entry.size);
	return *offset < reader->size;
}

/* Whether it is lz4, at once or behind uncompressed archives (microcode). */
static int ends_in_lz4(const struct reader *reader, bool *ret_is,
		       struct failure *failure)
{
	uint8_t magic[sizeof(lz4_magic)];
	uint64_t offset = 0;
	int r = 1;

	for (size_t i = 0; r > 0 && i < ENTRIES_MAX; i++)
		r = skip_entry(reader, &offset, failure);
	if (r < 0)
		return r;
	*ret_is = false;
	if (offset > reader->size || reader->size - offset < sizeof(magic))
		return 0;
	r = reader_read(reader, offset, magic, sizeof(magic), failure);
	if (r == 0)
		*ret_is = memcmp(magic, lz4_magic, sizeof(magic)) == 0;
	return r;
}

static void keep_for_last(struct payload *payload, struct payload_late *late)
{
	struct payload_late **at = &payload->late;

	while (*at)
		at = &(*at)->next;
	*at = late;
}

static int end_archive(struct payload *payload, struct failure *failure);

static int add_archive(struct payload *payload, struct payload_late **late,
		       struct failure *failure)
{
	const struct reader *reader = (*late)->reader;
	bool is_lz4;
	int r = ends_in_lz4(reader, &is_lz4, failure);

	if (r < 0)
		return r;
	if (is_lz4) {
		keep_for_last(payload, TAKE_PTR(*late));
		return 0;
	}
	r = end_archive(payload, failure);
	if (r == 0)
		r = put_alignment(payload, failure);
	if (r == 0)
		r = put_archive(payload, *late, failure);
	return r;
}

int payload_add_iso_file(struct payload *payload, const struct iso *iso,
			 const char *path, struct failure *failure)
{
	_cleanup_late struct payload_late *late = late_new();
	int r;

	if (!late)
		return failure_errno(failure, ENOMEM, "%s", path);
	r = iso_reader_open(&late->file, iso, path, failure);
	late->reader = &late->file.reader;
	return r < 0 ? r : add_archive(payload, &late, failure);
}

int payload_add_archive(struct payload *payload, int fd, const char *name,
			struct failure *failure)
{
	_cleanup_late struct payload_late *late = late_new();
	int r;

	if (!late)
		return failure_errno(failure, ENOMEM, "%s", name);
	late->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (late->fd < 0)
		return failure_errno(failure, errno, "%s", name);
	r = reader_over_fd(&late->from_fd, late->fd, name, failure);
	late->reader = &late->from_fd;
	return r < 0 ? r : add_archive(payload, &late, failure);
}

/* --- our files --- */

static int put_entry(struct payload *payload,
		     const struct newc_out_entry *entry,
		     struct failure *failure)
{
	struct newc_out out = { put, payload, payload->inodes };
	int r = newc_out_entry(&out, entry, failure);

	payload->inodes = out.inodes;
	return r;
}

static int end_archive(struct payload *payload, struct failure *failure)
{
	struct newc_out out = { put, payload, payload->inodes };

	if (!payload->open_archive)
		return 0;
	payload->open_archive = false;
	payload->directory[0] = '\0';
	return newc_out_trailer(&out, failure);
}

/* Whether path, of a directory, was made for the file before. */
static bool has_directory(const struct payload *payload, const char *path)
{
	const char *rest = str_after(payload->directory, path);

	return rest && (*rest == '\0' || *rest == '/');
}

static int put_parents(struct payload *payload, const char *path,
		       struct failure *failure)
{
	char parent[PAYLOAD_PATH_MAX];
	const char *slash = path;
	int r = 0;

	while (r == 0 && (slash = strchr(slash + 1, '/'))) {
		struct text text = text_over(parent, sizeof(parent));

		text_add(&text, "%.*s", (int)(slash - path), path);
		if (text.cut)
			return failure_set(failure, ENAMETOOLONG, "%s", path);
		if (has_directory(payload, parent))
			continue;
		r = put_entry(payload,
			      &(struct newc_out_entry){
				      .path = parent, .mode = S_IFDIR | 0755 },
			      failure);
		if (r == 0)
			(void)str_copy(payload->directory,
				       sizeof(payload->directory), parent);
	}
	return r;
}

int payload_add_reader(struct payload *payload, const char *path, mode_t mode,
		       const struct reader *reader, struct failure *failure)
{
	const struct newc_out_entry entry = {
		.path = path,
		.mode = S_IFREG | mode,
		.size = reader->size,
	};
	struct newc_out out = { put, payload, 0 };
	int r = 0;

	if (!payload->open_archive)
		r = put_alignment(payload, failure);
	payload->open_archive = true;
	if (r == 0)
		r = put_parents(payload, path, failure);
	if (r == 0)
		r = put_entry(payload, &entry, failure);
	if (r == 0)
		r = put_all_of(payload, reader, failure);
	return r == 0 ? newc_out_padding(&out, reader->size, failure) : r;
}

static int read_bytes(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, _unused struct failure *failure)
{
	memcpy(buf, (const uint8_t *)reader->context + offset, len);
	return 0;
}

int payload_add_bytes(struct payload *payload, const char *path, mode_t mode,
		      const void *bytes, size_t len, struct failure *failure)
{
	const struct reader reader = {
		.name = path,
		.size = len,
		.read = read_bytes,
		.context = (void *)(uintptr_t)bytes,
	};

	return payload_add_reader(payload, path, mode, &reader, failure);
}

int payload_add_fd(struct payload *payload, const char *path, mode_t mode,
		   int fd, const char *name, struct failure *failure)
{
	struct reader reader;
	int r = reader_over_fd(&reader, fd, name, failure);

	return r < 0 ? r
		     : payload_add_reader(payload, path, mode, &reader,
					  failure);
}

/* --- the end --- */

/* kexec_file_load(2) takes only what nobody can write to (ETXTBSY). */
static int reopen(struct payload *payload, struct failure *failure)
{
	int fd = open_again(payload->fd, O_RDONLY, payload->name, failure);

	if (fd < 0)
		return fd;
	fd_close(payload->fd);
	payload->fd = fd;
	return 0;
}

static int open_mounted(struct payload *payload, struct failure *failure)
{
	struct device_files *files = payload->file.on;
	int r = device_files_write(files, failure);

	if (r == 0)
		r = device_files_mount(files, failure);
	if (r == 0)
		r = device_files_open(files, DEVICE_FILE_INITRD, failure);
	if (r < 0)
		return r;
	payload->fd = r;
	return 0;
}

int payload_finish(struct payload *payload, struct failure *failure)
{
	int r = end_archive(payload, failure);

	/* Of these themselves, the next begins where the one before ends. */
	if (r == 0 && payload->late)
		r = put_alignment(payload, failure);
	for (const struct payload_late *late = payload->late; r == 0 && late;
	     late = late->next)
		r = put_archive(payload, late, failure);
	if (r < 0)
		return r;
	return payload->on_device ? open_mounted(payload, failure)
				  : reopen(payload, failure);
}
