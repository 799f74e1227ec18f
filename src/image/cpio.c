/* SPDX-License-Identifier: MIT */
/*
 * Archive by archive, entry by entry, as init/initramfs.c of Linux does it.
 * Where the kernel passes over what is wrong, it is an error here: a machine
 * that boots with half a root is worse than one that is told no.
 *
 * Hard links. Entries with the same inode and more than one link are one file.
 * Writers put the content into the last of them (GNU cpio), the first, or
 * all. What comes before the content is handed on as an empty file,
 * and once more, as a link, when the content is there: a later entry replaces
 * an earlier one of its name.
 */
#include "image/cpio.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "image/cpio-links.h"
#include "image/cpio-source.h"

#define MAGIC_LEN 6

struct reader {
	struct cpio_source source;
	struct cpio_links links;
	const struct tar_sink *sink;
	const char *label;
	struct archive_entry *entry;
	uint8_t header[NEWC_ENTRY_MAX];
	char name_buf[TAR_NAME_MAX];
	const char *name; /* of the current entry, cleaned */
	bool open;	  /* in an archive: its trailer is to come */
	uint64_t entries;
};

static int truncated(const struct reader *reader, struct failure *failure)
{
	return failure_set(failure, EBADMSG,
			   "%s: the cpio archive ends early: image is "
			   "truncated",
			   reader->label);
}

static int damaged(const struct reader *reader, const char *what,
		   struct failure *failure)
{
	return failure_set(failure, EBADMSG,
			   "%s: the cpio archive is damaged (%s)",
			   reader->label, what);
}

static int no_memory(const struct reader *reader, struct failure *failure)
{
	return failure_errno(failure, ENOMEM, "%s: cannot read the archive",
			     reader->label);
}

/* --- bytes --- */

static int take(struct reader *reader, uint8_t *buf, size_t len,
		struct failure *failure)
{
	ssize_t n = cpio_source_take(&reader->source, buf, len, failure);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : truncated(reader, failure);
}

/* The padding behind the last byte of all may be missing. */
static int skip_padding(struct reader *reader, uint64_t len,
			struct failure *failure)
{
	uint8_t padding[4];
	ssize_t n = cpio_source_take(&reader->source, padding,
				     newc_padding(len), failure);

	return n < 0 ? (int)n : 0;
}

/* --- an entry and its data --- */

static int pass(struct reader *reader, const char *name, const char *link,
		struct failure *failure)
{
	return reader->sink->entry(reader->sink->context, reader->entry, name,
				   link, failure);
}

static int end(struct reader *reader, struct failure *failure)
{
	return reader->sink->end(reader->sink->context, failure);
}

/* The data of an entry; handed on when it is kept. */
static int pass_data(struct reader *reader, const struct newc_entry *entry,
		     bool kept, struct failure *failure)
{
	uint32_t offset = 0, sum = 0;

	while (offset < entry->size) {
		int r = cpio_source_fill(&reader->source, failure);
		struct view bytes;

		if (r <= 0)
			return r < 0 ? r : truncated(reader, failure);
		bytes = view_sub(&reader->source.at,
				 MIN(reader->source.at.left,
				     (size_t)(entry->size - offset)));
		for (size_t i = 0; entry->checked && i < bytes.left; i++)
			sum += bytes.at[i];
		r = kept ? reader->sink->data(reader->sink->context, bytes,
					      offset, failure)
			 : 0;
		if (r < 0)
			return r;
		offset += (uint32_t)bytes.left;
	}
	if (entry->checked && S_ISREG(entry->mode) && sum != entry->checksum)
		return failure_set(failure, EBADMSG,
				   "%s: the check sum of '%.128s' differs",
				   reader->label, reader->name);
	return skip_padding(reader, entry->size, failure);
}

static int pass_whole(struct reader *reader, const struct newc_entry *entry,
		      struct failure *failure)
{
	bool is_file = S_ISREG(entry->mode);
	int r = pass(reader, reader->name, NULL, failure);

	if (r == 0)
		r = pass_data(reader, entry, is_file, failure);
	return r < 0 ? r : end(reader, failure);
}

/* --- hard links --- */

static int pass_link(struct reader *reader, const char *name, const char *to,
		     struct failure *failure)
{
	int r = pass(reader, name, to, failure);

	return r < 0 ? r : end(reader, failure);
}

/* What was an empty file becomes what it is. */
static int link_earlier(struct reader *reader, struct cpio_inode *inode,
			struct failure *failure)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < inode->empty_len;
	     at += strlen(inode->empty + at) + 1)
		if (strcmp(inode->empty + at, reader->name) != 0)
			r = pass_link(reader, inode->empty + at, reader->name,
				      failure);
	free(inode->empty);
	inode->empty = NULL;
	inode->empty_len = 0;
	return r;
}

static int pass_first(struct reader *reader, const struct newc_entry *entry,
		      struct failure *failure)
{
	struct cpio_inode *inode =
		cpio_links_add(&reader->links, entry, reader->name);

	if (!inode || (!inode->filled && S_ISREG(entry->mode) &&
		       cpio_inode_add(inode, reader->name) < 0))
		return no_memory(reader, failure);
	return pass_whole(reader, entry, failure);
}

static int pass_content(struct reader *reader, struct cpio_inode *inode,
			const struct newc_entry *entry, struct failure *failure)
{
	int r = pass_whole(reader, entry, failure);

	if (r < 0)
		return r;
	if (cpio_inode_rename(inode, reader->name) < 0)
		return no_memory(reader, failure);
	inode->filled = true;
	return link_earlier(reader, inode, failure);
}

static int pass_linked(struct reader *reader, const struct newc_entry *entry,
		       struct failure *failure)
{
	struct cpio_inode *inode = cpio_links_find(&reader->links, entry);
	bool is_file = S_ISREG(entry->mode);
	int r;

	if (!inode)
		return pass_first(reader, entry, failure);
	if (is_file && entry->size > 0 && !inode->filled)
		return pass_content(reader, inode, entry, failure);
	if (is_file && !inode->filled &&
	    cpio_inode_add(inode, reader->name) < 0)
		return no_memory(reader, failure);
	/* Content that comes again is the same. */
	r = strcmp(reader->name, inode->name) == 0
		    ? 0
		    : pass_link(reader, reader->name, inode->name, failure);
	return r < 0 ? r : pass_data(reader, entry, false, failure);
}

/* --- kinds of entries --- */

static int pass_symlink(struct reader *reader, const struct newc_entry *entry,
			struct failure *failure)
{
	char target[PATH_MAX] = "";
	int r;

	if (entry->size == 0 || entry->size >= sizeof(target))
		return damaged(reader, "a symbolic link is too long, or empty",
			       failure);
	r = take(reader, (uint8_t *)target, entry->size, failure);
	if (r < 0)
		return r;
	if (strlen(target) != entry->size)
		return damaged(reader, "NUL in a symbolic link", failure);
	archive_entry_set_symlink(reader->entry, target);
	r = skip_padding(reader, entry->size, failure);
	if (r == 0)
		r = pass(reader, reader->name, NULL, failure);
	return r < 0 ? r : end(reader, failure);
}

static int pass_entry(struct reader *reader, const struct newc_entry *entry,
		      struct failure *failure)
{
	switch (entry->mode & S_IFMT) {
	case S_IFLNK:
		return pass_symlink(reader, entry, failure);
	case S_IFDIR:
		return pass_whole(reader, entry, failure);
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return entry->links > 1 ? pass_linked(reader, entry, failure)
					: pass_whole(reader, entry, failure);
	}
	return damaged(reader, "an entry is of no type that there is", failure);
}

static void describe(struct archive_entry *out, const struct newc_entry *entry,
		     const char *name)
{
	archive_entry_clear(out);
	archive_entry_set_pathname(out, name);
	archive_entry_set_mode(out, entry->mode);
	archive_entry_set_uid(out, entry->uid);
	archive_entry_set_gid(out, entry->gid);
	archive_entry_set_mtime(out, entry->mtime, 0);
	archive_entry_set_rdevmajor(out, entry->node_major);
	archive_entry_set_rdevminor(out, entry->node_minor);
	if (S_ISREG(entry->mode))
		archive_entry_set_size(out, entry->size);
}

/* Header, name and padding; MAGIC_LEN bytes of it are taken. */
static int read_header(struct reader *reader, struct newc_entry *ret_entry,
		       struct failure *failure)
{
	struct view v = view_over(reader->header, NEWC_HEADER);
	size_t size, padding;
	int r = take(reader, reader->header + MAGIC_LEN,
		     NEWC_HEADER - MAGIC_LEN, failure);

	if (r < 0)
		return r;
	if (newc_header_size(v, &size) < 0)
		return damaged(reader, "no header where one must be", failure);
	r = take(reader, reader->header + NEWC_HEADER, size - NEWC_HEADER,
		 failure);
	if (r == 0)
		r = skip_padding(reader, size, failure);
	if (r < 0)
		return r;
	padding = newc_padding(size);
	memset(reader->header + size, 0, padding);
	v = view_over(reader->header, size + padding);
	r = newc_parse_entry(&v, ret_entry);
	return r < 0 ? damaged(reader, "no header where one must be", failure)
		     : r;
}

static int read_entry(struct reader *reader, struct failure *failure)
{
	char name[NEWC_NAME_MAX + 1];
	struct newc_entry entry;
	int r = read_header(reader, &entry, failure);

	if (r < 0)
		return r;
	reader->open = r > 0;
	if (r == 0) {
		cpio_links_clear(&reader->links);
		return 0;
	}
	memcpy(name, entry.name, entry.name_len);
	name[entry.name_len] = '\0';
	r = tar_clean_name(reader->label, name, "entry", reader->name_buf,
			   &reader->name, failure);
	if (r < 0)
		return r;
	describe(reader->entry, &entry, reader->name);
	reader->entries++;
	return pass_entry(reader, &entry, failure);
}

/* --- archives --- */

static int skip_zeros(struct reader *reader, struct failure *failure)
{
	struct view *at = &reader->source.at;
	int r;

	while ((r = cpio_source_fill(&reader->source, failure)) > 0) {
		while (at->left > 0 && at->at[0] == 0)
			view_skip(at, 1);
		if (at->left > 0)
			break;
	}
	return r;
}

/* Something that is no entry. */
static int read_other(struct reader *reader, struct view head,
		      struct failure *failure)
{
	const struct decoder *decoder = decoder_of(kind_of(head));

	if (reader->open)
		return damaged(reader, "no header where one must be", failure);
	if (decoder && !reader->source.decoder)
		return cpio_source_decode(&reader->source, decoder, head,
					  failure);
	return failure_set(failure, EBADMSG,
			   "%s: behind a cpio archive is neither another one "
			   "nor one that is compressed by gzip, xz, zstd or "
			   "lz4",
			   reader->label);
}

static int read_all(struct reader *reader, struct failure *failure)
{
	for (;;) {
		int r = skip_zeros(reader, failure);
		ssize_t n;
		struct view head;

		if (r <= 0)
			return r;
		n = cpio_source_take(&reader->source, reader->header, MAGIC_LEN,
				     failure);
		if (n < 0)
			return (int)n;
		head = view_over(reader->header, (size_t)n);
		r = newc_starts(head) ? read_entry(reader, failure)
				      : read_other(reader, head, failure);
		if (r < 0)
			return r;
	}
}

static int check_end(const struct reader *reader, struct failure *failure)
{
	if (reader->open)
		return truncated(reader, failure);
	if (reader->entries == 0)
		return failure_set(failure, EBADMSG,
				   "%s: there is nothing in this archive",
				   reader->label);
	return 0;
}

int cpio_read(const struct input *input, const struct tar_sink *sink,
	      const char *label, struct failure *failure)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return failure_errno(failure, ENOMEM, "%s", label);
	reader->source.input = input;
	reader->source.label = label;
	reader->sink = sink;
	reader->label = label;
	reader->entry = archive_entry_new();
	r = reader->entry ? read_all(reader, failure)
			  : no_memory(reader, failure);
	if (r == 0)
		r = check_end(reader, failure);
	archive_entry_free(reader->entry);
	cpio_links_clear(&reader->links);
	cpio_source_close(&reader->source);
	free(reader);
	return r;
}
