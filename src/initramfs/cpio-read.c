/* SPDX-License-Identifier: MIT */
/*
 * Two views: raw is of the file, plain of what is decompressed. A segment that
 * is not compressed is read from raw itself. All places in messages are those
 * in the file, since that is what a person can look at.
 */
#include "initramfs/cpio-read.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define RAW_BYTES   (64 * KIB)
#define PLAIN_BYTES (64 * KIB)

enum place {
	PLACE_BETWEEN, /* segments */
	PLACE_ENTRIES, /* in an archive */
	PLACE_TRAILER, /* behind one */
	PLACE_END,
};

struct cpio_reader {
	const struct reader *file;
	uint64_t limit;
	uint64_t next; /* the first byte of the file that was not read */
	struct view raw;
	struct view plain;
	struct cpio_segment segment;
	void *state; /* of the segment's decoder; NULL: it is plain */
	bool stream_ended;
	uint64_t unpacked;	/* bytes, of the segments before and this one */
	uint64_t segment_start; /* of unpacked */
	enum place place;
	struct newc_entry entry;
	uint32_t left, sum; /* of the entry's data */
	uint8_t header[NEWC_ENTRY_MAX];
	uint8_t raw_bytes[RAW_BYTES];
	uint8_t plain_bytes[PLAIN_BYTES];
};

static uint64_t raw_offset(const struct cpio_reader *reader)
{
	return reader->next - reader->raw.left;
}

static int damaged(const struct cpio_reader *reader, const char *what,
		   struct failure *failure)
{
	return failure_set(failure, EBADMSG, "%s: at byte %llu: %s",
			   reader->file->name,
			   (unsigned long long)raw_offset(reader), what);
}

static int ends_early(const struct cpio_reader *reader, struct failure *failure)
{
	return damaged(reader,
		       "the archive ends early: the file is cut short "
		       "or damaged",
		       failure);
}

/* --- bytes --- */

/* Makes raw hold len bytes, or all that there are. */
static int fill_raw(struct cpio_reader *reader, size_t len,
		    struct failure *failure)
{
	size_t kept = reader->raw.left, n;
	int r;

	if (kept >= len || reader->next == reader->limit)
		return 0;
	if (kept > 0)
		memmove(reader->raw_bytes, reader->raw.at, kept);
	n = (size_t)MIN(RAW_BYTES - kept, reader->limit - reader->next);
	reader->raw = view_over(reader->raw_bytes, kept);
	r = reader_read(reader->file, reader->next, reader->raw_bytes + kept, n,
			failure);
	if (r < 0)
		return r;
	reader->next += n;
	reader->raw = view_over(reader->raw_bytes, kept + n);
	return 0;
}

static int decode_failed(const struct cpio_reader *reader,
			 enum decode_status status, struct failure *failure)
{
	return failure_set(failure, status == DECODE_MEMORY ? ENOMEM : EBADMSG,
			   "%s: the %s stream at byte %llu %s",
			   reader->file->name,
			   compression_name(reader->segment.compression),
			   (unsigned long long)reader->segment.offset,
			   decode_status_text(status));
}

/* Decompresses into plain, which is empty; at the end of the stream it stays
 * so. */
static int decode(struct cpio_reader *reader, struct failure *failure)
{
	const struct decoder *decoder =
		compression_decoder(reader->segment.compression);
	struct build out = build_over(reader->plain_bytes, PLAIN_BYTES);

	while (out.len == 0 && !reader->stream_ended) {
		enum decode_status status;
		size_t before;
		bool last;
		int r = fill_raw(reader, 1, failure);

		if (r < 0)
			return r;
		before = reader->raw.left;
		last = reader->next == reader->limit;
		status = decoder->run(reader->state, &reader->raw, last, &out);
		if (status == DECODE_GOOD && out.len == 0 &&
		    reader->raw.left == before) {
			reader->stream_ended = decoder->complete(reader->state);
			if (!reader->stream_ended)
				return ends_early(reader, failure);
		}
		if (status != DECODE_GOOD)
			return decode_failed(reader, status, failure);
	}
	reader->plain = view_over(out.start, out.len);
	reader->unpacked += out.len;
	return 0;
}

static int check_unpacked(const struct cpio_reader *reader,
			  struct failure *failure)
{
	char size[32];

	if (reader->unpacked <= CPIO_UNPACKED_MAX)
		return 0;
	snprintf(size, sizeof(size), "%llu GiB",
		 (unsigned long long)(CPIO_UNPACKED_MAX / GIB));
	return failure_set(failure, EFBIG,
			   "%s: unpacks to more than %s, which no machine "
			   "boots",
			   reader->file->name, size);
}

/* Something of the archive, unless it ends: ret_bytes->left is 0 then. */
static int fill(struct cpio_reader *reader, struct view **ret_bytes,
		struct failure *failure)
{
	int r = 0;

	if (!reader->state) {
		*ret_bytes = &reader->raw;
		return fill_raw(reader, 1, failure);
	}
	*ret_bytes = &reader->plain;
	if (reader->plain.left == 0)
		r = decode(reader, failure);
	return r == 0 ? check_unpacked(reader, failure) : r;
}

/* Up to len bytes of it: returns how many, less only at the end. */
static ssize_t take_some(struct cpio_reader *reader, uint8_t *buf, size_t len,
			 struct failure *failure)
{
	struct build taken = build_over(buf, len);

	while (taken.len < len) {
		struct view *bytes;
		size_t n;
		int r = fill(reader, &bytes, failure);

		if (r < 0)
			return r;
		n = MIN(bytes->left, len - taken.len);
		if (n == 0)
			break;
		build_bytes(&taken, view_take(bytes, n), n);
	}
	return (ssize_t)taken.len;
}

static int take(struct cpio_reader *reader, uint8_t *buf, size_t len,
		struct failure *failure)
{
	ssize_t n = take_some(reader, buf, len, failure);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : ends_early(reader, failure);
}

static int skip_zeros(struct cpio_reader *reader, bool *ret_more,
		      struct failure *failure)
{
	struct view *bytes;
	int r;

	while ((r = fill(reader, &bytes, failure)) == 0 && bytes->left > 0) {
		while (bytes->left > 0 && bytes->at[0] == 0)
			view_skip(bytes, 1);
		if (bytes->left > 0)
			break;
	}
	*ret_more = r == 0 && bytes->left > 0;
	return r;
}

/* --- segments --- */

static void close_stream(struct cpio_reader *reader)
{
	if (reader->state)
		compression_decoder(reader->segment.compression)
			->close(reader->state);
	reader->state = NULL;
}

static int begin_stream(struct cpio_reader *reader, struct failure *failure)
{
	const struct decoder *decoder;
	const char *what;
	int r = compression_of(reader->raw, &reader->segment.compression,
			       &what);

	if (r < 0)
		return damaged(reader,
			       what ? what
				    : "here is neither a cpio archive nor "
				      "anything that is compressed",
			       failure);
	decoder = compression_decoder(reader->segment.compression);
	reader->state = decoder->open();
	if (!reader->state)
		return decode_failed(reader, DECODE_MEMORY, failure);
	decoder->one(reader->state);
	reader->stream_ended = false;
	reader->plain = view_over(reader->plain_bytes, 0);
	reader->place = PLACE_TRAILER;
	return 0;
}

static int begin_segment(struct cpio_reader *reader, enum cpio_event *ret_event,
			 struct failure *failure)
{
	bool more;
	int r = skip_zeros(reader, &more, failure);

	if (r == 0 && more)
		r = fill_raw(reader, COMPRESSION_HEAD, failure);
	if (r < 0)
		return r;
	if (!more) {
		reader->place = PLACE_END;
		*ret_event = CPIO_END;
		return 0;
	}
	reader->segment = (struct cpio_segment){
		.offset = raw_offset(reader),
	};
	reader->segment_start = reader->unpacked;
	if (newc_starts(reader->raw) && reader->segment.offset % 4 == 0)
		reader->place = PLACE_ENTRIES;
	else
		r = begin_stream(reader, failure);
	if (r == 0)
		*ret_event = CPIO_SEGMENT;
	return r;
}

static int end_segment(struct cpio_reader *reader, enum cpio_event *ret_event)
{
	struct cpio_segment *segment = &reader->segment;

	segment->size = raw_offset(reader) - segment->offset;
	segment->unpacked = reader->state
				    ? reader->unpacked - reader->segment_start
				    : segment->size;
	if (!reader->state)
		reader->unpacked += segment->size;
	close_stream(reader);
	reader->place = PLACE_BETWEEN;
	*ret_event = CPIO_SEGMENT_END;
	return 0;
}

/* --- entries --- */

static int read_header(struct cpio_reader *reader, struct failure *failure)
{
	struct view v = view_over(reader->header, NEWC_HEADER);
	size_t size, padding;
	ssize_t n;
	int r = take(reader, reader->header, NEWC_HEADER, failure);

	if (r < 0)
		return r;
	if (newc_header_size(v, &size) < 0)
		return damaged(reader, "here must be a cpio entry, and is none",
			       failure);
	r = take(reader, reader->header + NEWC_HEADER, size - NEWC_HEADER,
		 failure);
	if (r < 0)
		return r;
	padding = newc_padding(size);
	memset(reader->header + size, 0, padding);
	/* That of the last entry of all may be missing. */
	n = take_some(reader, reader->header + size, padding, failure);
	if (n < 0)
		return (int)n;
	v = view_over(reader->header, size + padding);
	r = newc_parse_entry(&v, &reader->entry);
	return r < 0 ? damaged(reader, "a cpio entry is damaged", failure) : r;
}

static bool is_known_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
	case S_IFDIR:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	}
	return false;
}

static int read_entry(struct cpio_reader *reader, enum cpio_event *ret_event,
		      struct failure *failure)
{
	int r = read_header(reader, failure);

	if (r < 0)
		return r;
	if (r == 0) {
		reader->place = PLACE_TRAILER;
		*ret_event = CPIO_TRAILER;
		return 0;
	}
	if (!is_known_type(reader->entry.mode))
		return damaged(reader, "an entry is of no type that there is",
			       failure);
	reader->left = reader->entry.size;
	reader->sum = 0;
	*ret_event = CPIO_ENTRY;
	return 0;
}

static int end_data(struct cpio_reader *reader, struct failure *failure)
{
	const struct newc_entry *entry = &reader->entry;
	uint8_t padding[3];
	ssize_t n =
		take_some(reader, padding, newc_padding(entry->size), failure);

	if (n < 0)
		return (int)n;
	if (entry->checked && S_ISREG(entry->mode) &&
	    reader->sum != entry->checksum)
		return failure_set(failure, EBADMSG,
				   "%s: the check sum of '%.128s' differs",
				   reader->file->name, entry->name);
	return 0;
}

int cpio_reader_data(struct cpio_reader *reader, struct view *ret_bytes,
		     struct failure *failure)
{
	struct view *bytes;
	int r;

	if (reader->left == 0)
		return 0;
	r = fill(reader, &bytes, failure);
	if (r < 0)
		return r;
	if (bytes->left == 0)
		return ends_early(reader, failure);
	*ret_bytes = view_sub(bytes, MIN(bytes->left, (size_t)reader->left));
	for (size_t i = 0; reader->entry.checked && i < ret_bytes->left; i++)
		reader->sum += ret_bytes->at[i];
	reader->left -= (uint32_t)ret_bytes->left;
	return 1;
}

/* Passes over what is left of the entry before. */
static int leave_entry(struct cpio_reader *reader, struct failure *failure)
{
	struct view bytes;
	int r;

	while ((r = cpio_reader_data(reader, &bytes, failure)) > 0)
		;
	if (r == 0 && reader->entry.name)
		r = end_data(reader, failure);
	reader->entry = (struct newc_entry){ 0 };
	return r;
}

int cpio_reader_target(struct cpio_reader *reader, char target[static PATH_MAX],
		       struct failure *failure)
{
	uint32_t size = reader->left;
	int r;

	if (size == 0 || size >= PATH_MAX)
		return damaged(reader, "a symbolic link is too long, or empty",
			       failure);
	r = take(reader, (uint8_t *)target, size, failure);
	if (r < 0)
		return r;
	reader->left = 0;
	target[size] = '\0';
	return strlen(target) == size
		       ? 0
		       : damaged(reader, "NUL in a symbolic link", failure);
}

/* Behind an archive, or at the start of a stream of them. */
static int after_trailer(struct cpio_reader *reader, enum cpio_event *ret_event,
			 struct failure *failure)
{
	bool more;
	int r;

	if (!reader->state)
		return end_segment(reader, ret_event);
	r = skip_zeros(reader, &more, failure);
	if (r < 0)
		return r;
	if (!more)
		return end_segment(reader, ret_event);
	reader->place = PLACE_ENTRIES;
	return read_entry(reader, ret_event, failure);
}

int cpio_reader_next(struct cpio_reader *reader, enum cpio_event *ret_event,
		     struct failure *failure)
{
	int r = leave_entry(reader, failure);

	if (r < 0)
		return r;
	switch (reader->place) {
	case PLACE_BETWEEN:
		return begin_segment(reader, ret_event, failure);
	case PLACE_ENTRIES:
		return read_entry(reader, ret_event, failure);
	case PLACE_TRAILER:
		return after_trailer(reader, ret_event, failure);
	case PLACE_END:
		break;
	}
	*ret_event = CPIO_END;
	return 0;
}

/* --- the whole --- */

#define BOOTCONFIG     "#BOOTCONFIG\n"
#define BOOTCONFIG_LEN (sizeof(BOOTCONFIG) - 1)
#define BOOTCONFIG_MAX (32 * KIB) /* include/linux/bootconfig.h */

/* A boot configuration ends with its size, a check sum and a mark. */
static int find_limit(struct cpio_reader *reader, struct failure *failure)
{
	const uint64_t size = reader->file->size;
	uint8_t tail[8 + BOOTCONFIG_LEN];
	struct view v = view_over(tail, sizeof(tail));
	uint32_t len;
	int r;

	reader->limit = size;
	if (size < sizeof(tail))
		return 0;
	r = reader_read(reader->file, size - sizeof(tail), tail, sizeof(tail),
			failure);
	if (r < 0 || !view_starts(view_at(v, 8), BOOTCONFIG, BOOTCONFIG_LEN))
		return r;
	len = view_le32(&v);
	if (len < BOOTCONFIG_MAX && len <= size - sizeof(tail))
		reader->limit = size - sizeof(tail) - len;
	return 0;
}

struct cpio_reader *cpio_reader_new(const struct reader *file,
				    struct failure *failure)
{
	struct cpio_reader *reader = malloc(sizeof(*reader));
	int r;

	if (!reader) {
		(void)failure_errno(failure, ENOMEM, "%s", file->name);
		return NULL;
	}
	memset(reader, 0, offsetof(struct cpio_reader, header));
	reader->file = file;
	reader->raw = view_over(reader->raw_bytes, 0);
	r = find_limit(reader, failure);
	if (r < 0) {
		free(reader);
		return NULL;
	}
	return reader;
}

void cpio_reader_seek(struct cpio_reader *reader,
		      const struct cpio_segment *segment)
{
	close_stream(reader);
	reader->next = segment->offset;
	reader->raw = view_over(reader->raw_bytes, 0);
	reader->plain = reader->raw;
	reader->entry = (struct newc_entry){ 0 };
	reader->left = 0;
	reader->unpacked = 0;
	reader->place = PLACE_BETWEEN;
}

void cpio_reader_free(struct cpio_reader *reader)
{
	if (reader)
		close_stream(reader);
	free(reader);
}

const struct cpio_segment *cpio_reader_segment(const struct cpio_reader *reader)
{
	return &reader->segment;
}

const struct newc_entry *cpio_reader_entry(const struct cpio_reader *reader)
{
	return &reader->entry;
}

uint64_t cpio_reader_limit(const struct cpio_reader *reader)
{
	return reader->limit;
}
