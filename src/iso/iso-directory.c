/* SPDX-License-Identifier: MIT */
/*
 * A directory is a run of records, packed into sectors. The records of one file
 * of several extents stand one behind another; the first has its name. A
 * directory more than eight levels deep may be moved elsewhere: a record that
 * looks like a file (CL) then stands where it belongs, and the place where it
 * is has a mark (RE) not to show it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "iso/iso-internal.h"

/* Some 40000 files; none has more than a few hundred. */
#define DIRECTORY_MAX (4 * MIB)

/* How often the fields of one record may go on elsewhere. The longest name and
 * target need two. */
#define MORE_MAX 8

struct walk {
	const struct iso *iso;
	int (*each)(const struct iso_entry *entry, void *context);
	void *context;
	struct iso_entry entry; /* which is put together */
	bool goes_on;		/* the next record is of the same file */
	bool is_shown;
};

int iso_rock_read(const struct iso *iso, struct view fields, struct rock *rock,
		  struct failure *failure)
{
	uint8_t bytes[ISO_SECTOR];
	struct rock_more more;

	for (size_t i = 0; rock_parse(rock, fields, &more); i++) {
		uint64_t start =
			(uint64_t)more.block * iso->block_size + more.offset;
		int r;

		if (i == MORE_MAX || more.size > sizeof(bytes))
			return 0;
		r = reader_read(iso->reader, start, bytes, more.size, failure);
		if (r < 0)
			return r;
		fields = view_over(bytes, more.size);
	}
	return 0;
}

/* Of the directory that begins at start, as its own record says. */
static int directory_size(const struct iso *iso, uint64_t start,
			  uint64_t *ret_size, struct failure *failure)
{
	uint8_t bytes[UINT8_MAX]; /* the longest record */
	struct view v = view_over(bytes, sizeof(bytes));
	struct iso_record record;
	int r;

	r = reader_read(iso->reader, start, bytes, sizeof(bytes), failure);
	if (r < 0)
		return r;
	if (iso_record_parse(&v, iso->block_size, &record) < 0 ||
	    !record.is_dot || record.start != start)
		return iso_damaged(iso, "a directory is not where it should be",
				   failure);
	*ret_size = record.size;
	return 0;
}

static bool record_name(const struct iso *iso, const struct iso_record *record,
			const struct rock *rock, char ret[static NAME_MAX + 1])
{
	if (rock->name_bad || rock->name_len > 0) {
		memcpy(ret, rock->name, sizeof(rock->name));
		return !rock->name_bad && !str_eq(ret, ".") &&
		       !str_eq(ret, "..");
	}
	return iso->joliet ? iso_record_joliet_name(record->name, ret)
			   : iso_record_name(record->name, ret);
}

static enum iso_type record_type(const struct iso_record *record,
				 const struct rock *rock)
{
	if (record->is_directory || rock->has_child)
		return ISO_DIRECTORY;
	if (rock->is_link)
		return ISO_SYMLINK;
	if ((rock->has_mode && !S_ISREG(rock->mode)) || rock->is_coded ||
	    record->is_interleaved)
		return ISO_OTHER;
	return ISO_FILE;
}

/* The first record of a file. */
static int begin_entry(struct walk *walk, const struct iso_record *record,
		       struct failure *failure)
{
	struct iso_entry *entry = &walk->entry;
	struct view fields = record->fields;
	struct rock rock = { 0 };
	int r;

	memset(entry, 0, offsetof(struct iso_entry, extents));
	if (walk->iso->rock_ridge) {
		view_skip(&fields, walk->iso->susp_skip);
		r = iso_rock_read(walk->iso, fields, &rock, failure);
		if (r < 0)
			return r;
	}
	entry->type = record_type(record, &rock);
	if (!rock.target_bad)
		memcpy(entry->target, rock.target, sizeof(entry->target));
	walk->is_shown = !record->is_dot && !record->is_associated &&
			 !rock.is_moved &&
			 record_name(walk->iso, record, &rock, entry->name);
	if (!rock.has_child)
		return 0;
	entry->extent_count = 1;
	entry->extents[0].start = (uint64_t)rock.child * walk->iso->block_size;
	r = directory_size(walk->iso, entry->extents[0].start, &entry->size,
			   failure);
	entry->extents[0].size = entry->size;
	return r;
}

static int add_extent(struct walk *walk, const struct iso_record *record,
		      struct failure *failure)
{
	struct iso_entry *entry = &walk->entry;

	if (record->size == 0)
		return 0;
	if (entry->extent_count == ISO_EXTENTS_MAX)
		return iso_damaged(walk->iso, "a file is in too many pieces",
				   failure);
	entry->extents[entry->extent_count].start = record->start;
	entry->extents[entry->extent_count].size = record->size;
	entry->extent_count++;
	entry->size += record->size;
	return 0;
}

static int take_record(struct walk *walk, const struct iso_record *record,
		       struct failure *failure)
{
	bool is_first = !walk->goes_on;
	int r = 0;

	if (is_first)
		r = begin_entry(walk, record, failure);
	/* One that was moved has its extent already. */
	if (r == 0 && !(is_first && walk->entry.extent_count > 0))
		r = add_extent(walk, record, failure);
	if (r < 0)
		return r;
	walk->goes_on = record->goes_on;
	if (walk->goes_on || !walk->is_shown)
		return 0;
	return walk->each(&walk->entry, walk->context);
}

static int walk_sector(struct walk *walk, struct view sector,
		       struct failure *failure)
{
	struct iso_record record;
	int r;

	for (;;) {
		r = iso_record_parse(&sector, walk->iso->block_size, &record);
		if (r == -ENODATA)
			return 0;
		if (r < 0)
			return iso_damaged(walk->iso,
					   "what should be a directory is none",
					   failure);
		r = take_record(walk, &record, failure);
		if (r != 0)
			return r;
	}
}

int iso_list(const struct iso *iso, const struct iso_entry *directory,
	     int (*each)(const struct iso_entry *entry, void *context),
	     void *context, struct failure *failure)
{
	struct walk walk = { .iso = iso, .each = each, .context = context };
	uint64_t start = directory->extents[0].start;
	uint64_t size = directory->extents[0].size;
	uint8_t sector[ISO_SECTOR];
	int r;

	if (directory->type != ISO_DIRECTORY || directory->extent_count == 0)
		return failure_set(failure, ENOTDIR,
				   "%s: \"%s\" is no directory",
				   iso->reader->name, directory->name);
	if (size > DIRECTORY_MAX)
		return iso_damaged(iso, "a directory is too long", failure);
	for (uint64_t at = 0; at < size; at += sizeof(sector)) {
		size_t len = MIN(size - at, sizeof(sector));

		r = reader_read(iso->reader, start + at, sector, len, failure);
		if (r < 0)
			return r;
		r = walk_sector(&walk, view_over(sector, len), failure);
		if (r != 0)
			return r;
	}
	return 0;
}
