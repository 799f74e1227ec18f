/* SPDX-License-Identifier: MIT */
/* Writing a plan, segment by segment. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "initramfs/cpio-plan.h"
#include "initramfs/cpio-stand-ins.h"

#define CHUNK	  (64 * KIB)
#define ALIGN_MIN 4
#define ALIGN_MAX 512 /* what GNU cpio pads to */

struct writing {
	const struct cpio_plan *plan;
	const struct reader *file;
	struct cpio_reader *reader;
	int fd;
	uint64_t written;
	struct compressor *compressor;
	uint64_t plain; /* bytes of the segment, not compressed */
	struct cpio_stand_ins stand_ins;
	uint32_t inode; /* the last that was given */
	bool upper;	/* of the segment's numbers */
	uint8_t header[NEWC_ENTRY_MAX];
	uint8_t chunk[CHUNK];
};

/* --- bytes --- */

static int put_file(void *context, const void *bytes, size_t len,
		    struct failure *failure)
{
	struct writing *w = context;
	int r = fd_write_all(w->fd, bytes, len);

	w->written += len;
	return r < 0 ? failure_errno(failure, -r, "writing the initrd") : 0;
}

static int put_zeros_to(struct writing *w, uint64_t align,
			struct failure *failure)
{
	static const uint8_t zeros[ALIGN_MAX];

	return put_file(w, zeros, (size_t)(-w->written & (align - 1)), failure);
}

static int put(struct writing *w, const void *bytes, size_t len,
	       struct failure *failure)
{
	w->plain += len;
	return compressor_put(w->compressor, bytes, len, failure);
}

static int put_padding(struct writing *w, uint64_t len, struct failure *failure)
{
	static const uint8_t zeros[3];

	return put(w, zeros, newc_padding(len), failure);
}

static int begin_archive(struct writing *w, enum compression compression,
			 struct failure *failure)
{
	int level = compression == w->plan->compression ? w->plan->level : 0;

	w->plain = 0;
	w->upper = false;
	w->compressor =
		compressor_new(compression, level, put_file, w, failure);
	return w->compressor ? 0 : -EIO;
}

static int end_archive(struct writing *w, struct failure *failure)
{
	int r = compressor_finish(w->compressor, failure);

	compressor_free(w->compressor);
	w->compressor = NULL;
	return r;
}

static int put_trailer(struct writing *w, struct failure *failure)
{
	struct build b = build_over(w->header, sizeof(w->header));

	newc_build_entry(&b, &(struct newc_entry){
				     .links = 1,
				     .upper = w->upper,
				     .name = NEWC_TRAILER,
				     .name_len = sizeof(NEWC_TRAILER) - 1,
			     });
	return put(w, w->header, b.len, failure);
}

/* --- entries --- */

static int put_header(struct writing *w, const struct newc_entry *entry,
		      struct failure *failure)
{
	struct build b = build_over(w->header, sizeof(w->header));

	w->upper |= entry->upper;
	newc_build_entry(&b, entry);
	if (b.bad)
		return failure_set(failure, ENAMETOOLONG,
				   "%.200s: no name for an initrd",
				   entry->name);
	return put(w, w->header, b.len, failure);
}

/* The data of the entry that is read, behind this header. */
static int put_as_it_is(struct writing *w, const struct newc_entry *entry,
			struct failure *failure)
{
	struct view bytes;
	int r = put_header(w, entry, failure);

	while (r == 0 && (r = cpio_reader_data(w->reader, &bytes, failure)) > 0)
		r = put(w, bytes.at, bytes.left, failure);
	return r == 0 ? put_padding(w, entry->size, failure) : r;
}

static int open_source(const struct cpio_source *source, uint64_t *ret_size,
		       struct failure *failure)
{
	_cleanup_fd int fd = openat(source->dir_fd, source->path,
				    O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s", source->path);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, EINVAL, "%s: is no file",
				   source->path);
	if ((uint64_t)st.st_size > UINT32_MAX)
		return failure_set(failure, EFBIG,
				   "%s: more than 4 GiB do not fit into an "
				   "initrd",
				   source->path);
	*ret_size = (uint64_t)st.st_size;
	return TAKE_FD(fd);
}

/* Once for the check sum, unless the entry has none, and once for the data. */
static int read_source(struct writing *w, int fd, const char *path,
		       uint64_t size, bool into_archive, uint32_t *sum,
		       struct failure *failure)
{
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return failure_errno(failure, errno, "%s", path);
	for (uint64_t at = 0; r == 0 && at < size; at += CHUNK) {
		size_t want = (size_t)MIN(CHUNK, size - at);
		ssize_t n = fd_read_full(fd, w->chunk, want);

		if (n < 0)
			return failure_errno(failure, (int)-n, "%s", path);
		if ((size_t)n < want)
			return failure_set(failure, EIO,
					   "%s: shrank while it was read",
					   path);
		for (size_t i = 0; sum && i < want; i++)
			*sum += w->chunk[i];
		if (into_archive)
			r = put(w, w->chunk, want, failure);
	}
	return r;
}

static int put_source(struct writing *w, struct newc_entry entry,
		      const struct cpio_source *source, struct failure *failure)
{
	_cleanup_fd int fd = FD_NONE;
	uint64_t size = source->bytes ? strlen(source->bytes) : 0;
	int r = 0;

	entry.checksum = 0;
	if (source->path) {
		fd = open_source(source, &size, failure);
		if (fd < 0)
			return fd;
		if (entry.checked)
			r = read_source(w, fd, source->path, size, false,
					&entry.checksum, failure);
	}
	entry.size = (uint32_t)size;
	if (r == 0)
		r = put_header(w, &entry, failure);
	if (r == 0 && source->bytes)
		r = put(w, source->bytes, size, failure);
	if (r == 0 && source->path)
		r = read_source(w, fd, source->path, size, true, NULL, failure);
	return r == 0 ? put_padding(w, size, failure) : r;
}

/* --- a segment that was --- */

static uint32_t links_left(const struct writing *w, size_t index,
			   uint32_t links)
{
	uint32_t lost =
		w->stand_ins.leavers[w->plan->catalog->items[index].group];

	return lost < links ? links - lost : 1;
}

/* The entry of an item that keeps its data and its inode. */
static struct newc_entry kept_entry(const struct writing *w, size_t index)
{
	const struct cpio_change *change = &w->plan->changes[index];
	struct newc_entry entry =
		change->fate == CPIO_CHANGE
			? change->entry
			: w->plan->catalog->items[index].entry;

	if (cpio_entry_may_link(&entry))
		entry.links = links_left(w, index, entry.links);
	return entry;
}

static int put_item(struct writing *w, size_t index, struct failure *failure)
{
	const struct cpio_change *change = &w->plan->changes[index];
	const struct newc_entry *data = cpio_reader_entry(w->reader);
	size_t other = w->stand_ins.of[index];
	struct newc_entry entry;
	int r = 0;

	if (w->stand_ins.moved[index])
		return 0;
	if (other != CPIO_ITEM_NONE) {
		entry = kept_entry(w, other);
		entry.size = data->size;
		entry.checked = data->checked;
		entry.checksum = data->checksum;
		r = put_as_it_is(w, &entry, failure);
	}
	if (r < 0 || change->fate == CPIO_DROP)
		return r;
	entry = kept_entry(w, index);
	if (!change->content)
		return put_as_it_is(w, &entry, failure);
	if (change->alone) {
		entry.inode = ++w->inode;
		entry.links = S_ISDIR(entry.mode) ? 2 : 1;
	}
	return put_source(w, entry, &change->source, failure);
}

/* All of its entries, and trailers where they were. */
static int put_entries(struct writing *w, size_t index, struct failure *failure)
{
	const struct cpio_catalog *catalog = w->plan->catalog;
	enum cpio_event event = CPIO_SEGMENT;
	int r = 0;

	while (r == 0 && event != CPIO_SEGMENT_END) {
		r = cpio_reader_next(w->reader, &event, failure);
		if (r < 0)
			return r;
		if (event == CPIO_END ||
		    (event == CPIO_ENTRY && index >= catalog->count))
			return failure_set(failure, EBUSY,
					   "%s: changes while it is read",
					   w->file->name);
		if (event == CPIO_ENTRY)
			r = put_item(w, index++, failure);
		else if (event == CPIO_TRAILER)
			r = put_trailer(w, failure);
	}
	return r;
}

static uint32_t last_inode(const struct cpio_catalog *catalog, size_t segment)
{
	uint32_t last = 0;

	for (size_t i = 0; i < catalog->count; i++)
		if (catalog->items[i].segment == segment)
			last = MAX(last, catalog->items[i].entry.inode);
	return last;
}

/* As many zeros behind the trailer as make the length what it was a multiple
 * of. */
static int put_end_padding(struct writing *w,
			   const struct cpio_segment *segment,
			   struct failure *failure)
{
	static const uint8_t zeros[ALIGN_MAX];

	if (segment->compression == COMPRESSION_NONE ||
	    segment->unpacked % ALIGN_MAX != 0)
		return 0;
	return put(w, zeros, (size_t)(-w->plain & (ALIGN_MAX - 1)), failure);
}

/* What a segment is compressed by when it is written anew. */
static enum compression next_compression(const struct cpio_plan *plan,
					 const struct cpio_segment *segment)
{
	return plan->recompress && segment->compression != COMPRESSION_NONE
		       ? plan->compression
		       : segment->compression;
}

static int rewrite_segment(struct writing *w, size_t number, size_t first,
			   struct failure *failure)
{
	const struct cpio_segment *segment =
		&w->plan->catalog->segments[number];
	int r = begin_archive(w, next_compression(w->plan, segment), failure);

	if (r < 0)
		return r;
	w->inode = last_inode(w->plan->catalog, number);
	cpio_reader_seek(w->reader, segment);
	r = put_entries(w, first, failure);
	if (r == 0)
		r = put_end_padding(w, segment, failure);
	return r == 0 ? end_archive(w, failure) : r;
}

static int copy_bytes(struct writing *w, uint64_t from, uint64_t to,
		      struct failure *failure)
{
	int r = 0;

	for (uint64_t at = from; r == 0 && at < to; at += CHUNK) {
		size_t n = (size_t)MIN(CHUNK, to - at);

		r = reader_read(w->file, at, w->chunk, n, failure);
		if (r == 0)
			r = put_file(w, w->chunk, n, failure);
	}
	return r;
}

/* What stands between two segments: zeros. Behind one that is new the next one
 * comes at a multiple of what it came at before. */
static int put_between(struct writing *w, uint64_t from, uint64_t to,
		       bool changed, bool ended_by_zero,
		       struct failure *failure)
{
	static const uint8_t zeros[ALIGN_MIN];
	uint64_t align = ALIGN_MIN;
	int r = 0;

	if (!changed)
		return copy_bytes(w, from, to, failure);
	while (align < ALIGN_MAX && to % (align * 2) == 0)
		align *= 2;
	if (ended_by_zero)
		r = put_file(w, zeros, sizeof(zeros), failure);
	return r == 0 ? put_zeros_to(w, align, failure) : r;
}

/* --- deciding --- */

struct extent {
	size_t first;	/* item */
	bool any;	/* of its items stays */
	bool different; /* from what it was */
};

static struct extent look_at(const struct cpio_plan *plan, size_t segment,
			     size_t first)
{
	const struct cpio_catalog *catalog = plan->catalog;
	struct extent extent = { .first = first };

	extent.different =
		plan->recompress &&
		catalog->segments[segment].compression != COMPRESSION_NONE;
	for (size_t i = first;
	     i < catalog->count && catalog->items[i].segment == segment; i++) {
		extent.any |= plan->changes[i].fate != CPIO_DROP;
		extent.different |= plan->changes[i].fate != CPIO_KEEP;
	}
	return extent;
}

static int put_segments(struct writing *w, struct failure *failure)
{
	const struct cpio_catalog *catalog = w->plan->catalog;
	bool changed = w->written > 0, zero = false;
	uint64_t end = 0; /* of the segment before, in the file */
	size_t item = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < catalog->segment_count; i++) {
		const struct cpio_segment *segment = &catalog->segments[i];
		struct extent extent = look_at(w->plan, i, item);

		while (item < catalog->count &&
		       catalog->items[item].segment == i)
			item++;
		r = put_between(w, end, segment->offset, changed, zero,
				failure);
		end = segment->offset + segment->size;
		changed |= extent.different;
		zero = false;
		if (r < 0 || (extent.different && !extent.any))
			continue;
		r = extent.different
			    ? rewrite_segment(w, i, extent.first, failure)
			    : copy_bytes(w, segment->offset, end, failure);
		zero = extent.different &&
		       next_compression(w->plan, segment) == COMPRESSION_LZ4;
	}
	/* Zeros at the end stay too, if nothing has changed. */
	return r == 0 && !changed ? copy_bytes(w, end, catalog->limit, failure)
				  : r;
}

/* --- what is new --- */

static bool is_early(const char *path)
{
	static const char *const places[] = { "kernel/x86/microcode",
					      "kernel/firmware/acpi" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *rest = str_after(places[i], path);

		if (str_after(path, places[i]) ||
		    (rest && (*rest == '\0' || *rest == '/')))
			return true;
	}
	return false;
}

static bool is_in(const struct cpio_addition *addition, bool early)
{
	return !addition->dropped && is_early(addition->path) == early;
}

/* How many names each inode of this part has. */
static void count_links(const struct cpio_plan *plan, bool early,
			uint32_t *links)
{
	for (size_t i = 0; i < plan->addition_count; i++) {
		const struct cpio_addition *addition = &plan->additions[i];
		size_t first = addition->link_to;

		if (!is_in(addition, early))
			continue;
		links[i] += S_ISDIR(addition->entry.mode) ? 2 : 1;
		if (first != CPIO_ITEM_NONE &&
		    is_in(&plan->additions[first], early))
			links[first]++;
	}
}

static int put_addition(struct writing *w, size_t index, uint32_t *inodes,
			const uint32_t *links, struct failure *failure)
{
	const struct cpio_addition *addition = &w->plan->additions[index];
	const struct cpio_source nothing = { 0 };
	struct newc_entry entry = addition->entry;
	size_t first = addition->link_to;
	bool is_link = first != CPIO_ITEM_NONE && inodes[first] != 0;

	inodes[index] = is_link ? inodes[first] : ++w->inode;
	entry.inode = inodes[index];
	entry.links = is_link ? links[first] : links[index];
	entry.name = addition->path;
	entry.name_len = strlen(addition->path);
	return put_source(w, entry, is_link ? &nothing : &addition->source,
			  failure);
}

static int put_additions(struct writing *w, bool early, struct failure *failure)
{
	const struct cpio_plan *plan = w->plan;
	_cleanup_free uint32_t *inodes =
		calloc(plan->addition_count + 1, sizeof(*inodes));
	_cleanup_free uint32_t *links =
		calloc(plan->addition_count + 1, sizeof(*links));
	bool any = !plan->catalog && !early; /* an archive of nothing */
	int r;

	if (!inodes || !links)
		return failure_errno(failure, ENOMEM, "writing the initrd");
	for (size_t i = 0; i < plan->addition_count; i++)
		any |= is_in(&plan->additions[i], early);
	if (!any)
		return 0;
	count_links(plan, early, links);
	r = begin_archive(w, early ? COMPRESSION_NONE : plan->compression,
			  failure);
	w->inode = 0;
	for (size_t i = 0; r == 0 && i < plan->addition_count; i++)
		if (is_in(&plan->additions[i], early))
			r = put_addition(w, i, inodes, links, failure);
	if (r == 0)
		r = put_trailer(w, failure);
	return r == 0 ? end_archive(w, failure) : r;
}

/* Behind lz4 of the kernel's format four zeros say that it ends. */
static int put_end(struct writing *w, struct failure *failure)
{
	static const uint8_t zeros[ALIGN_MIN];
	const struct cpio_catalog *catalog = w->plan->catalog;
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < w->plan->addition_count; i++)
		any |= is_in(&w->plan->additions[i], false);
	if (any && w->written > 0) {
		r = put_zeros_to(w, ALIGN_MIN, failure);
		if (r == 0 && catalog)
			r = put_file(w, zeros, sizeof(zeros), failure);
	}
	if (r == 0)
		r = put_additions(w, false, failure);
	if (r == 0 && catalog && catalog->limit < w->file->size)
		r = copy_bytes(w, catalog->limit, w->file->size, failure);
	return r;
}

static int write_all(struct writing *w, struct failure *failure)
{
	const struct cpio_plan *plan = w->plan;
	int r = put_additions(w, true, failure);

	if (r == 0 && plan->catalog) {
		w->reader = cpio_reader_new(w->file, failure);
		if (!w->reader)
			return -EIO;
		r = cpio_stand_ins_find(&w->stand_ins, plan);
		r = r < 0 ? failure_errno(failure, -r, "writing the initrd")
			  : put_segments(w, failure);
	}
	return r == 0 ? put_end(w, failure) : r;
}

int cpio_plan_write(const struct cpio_plan *plan, const struct reader *file,
		    int fd, struct failure *failure)
{
	struct writing *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return failure_errno(failure, ENOMEM, "writing the initrd");
	w->plan = plan;
	w->file = file;
	w->fd = fd;
	r = write_all(w, failure);
	cpio_reader_free(w->reader);
	compressor_free(w->compressor);
	cpio_stand_ins_clear(&w->stand_ins);
	free(w);
	return r;
}
