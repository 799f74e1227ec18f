/* SPDX-License-Identifier: MIT */
#include "image/tar.h"

#include <archive.h>
#include <errno.h>

#include "base/text.h"
#include "image/name.h"

#define BLOCK 512

struct reader {
	struct archive *archive;
	const struct input *input;
	const struct tar_sink *sink;
	const char *label;
	int input_result; /* negative: why the input ended */
	uint64_t taken;	  /* bytes of the input */
	bool whole;	  /* all bytes of the current entry were handed on */
	uint64_t entries;
};

/*
 * Go's archive/tar takes an archive that ends behind the last byte of its last
 * file, and there are tools that write such layers (umoci insert): what is
 * missing are zeros to the end of a block, which libarchive insists on. A file
 * that is cut short never gets them.
 */
static ssize_t pad(struct reader *reader, const void **ret_bytes)
{
	static const uint8_t zeros[BLOCK];
	size_t missing = (size_t)(-reader->taken % BLOCK);

	if (!reader->whole || missing == 0)
		return 0;
	reader->taken += missing;
	*ret_bytes = zeros;
	return (ssize_t)missing;
}

static ssize_t read_input(struct archive *archive, void *context,
			  const void **ret_bytes)
{
	struct reader *reader = context;
	struct view bytes;
	int r = reader->input->next(reader->input->context, &bytes);

	if (r < 0) {
		reader->input_result = r;
		archive_set_error(archive, -r, "the input failed");
		return ARCHIVE_FATAL;
	}
	if (r == 0)
		return pad(reader, ret_bytes);
	reader->taken += bytes.left;
	*ret_bytes = bytes.at;
	return (ssize_t)bytes.left;
}

static int open_reader(struct reader *reader)
{
	reader->archive = archive_read_new();
	if (!reader->archive)
		return -ENOMEM;
	if (archive_read_support_format_tar(reader->archive) != ARCHIVE_OK)
		return -ENOSYS;
	if (archive_read_open(reader->archive, reader, NULL, read_input,
			      NULL) != ARCHIVE_OK)
		return reader->input_result < 0 ? reader->input_result
						: -EBADMSG;
	return 0;
}

/* libarchive knows what is wrong, but says it to programmers. */
static int explain(const struct reader *reader, struct failure *failure)
{
	const char *error = archive_error_string(reader->archive);

	if (reader->input_result < 0)
		return reader->input_result;
	if (!error)
		error = "unknown error";
	if (strstr(error, "nrecognized"))
		return failure_set(failure, EBADMSG,
				   "%s: this is not a tar archive",
				   reader->label);
	if (strstr(error, "runcated"))
		return failure_set(failure, EBADMSG,
				   "%s: the tar archive ends early: image is "
				   "truncated",
				   reader->label);
	return failure_set(failure, EBADMSG,
			   "%s: the tar archive is damaged (%s)", reader->label,
			   error);
}

int tar_clean_name(const char *label, const char *name, const char *of,
		   char buf[static TAR_NAME_MAX], const char **ret_name,
		   struct failure *failure)
{
	enum name_verdict verdict = NAME_TOO_LONG;

	if (str_copy(buf, TAR_NAME_MAX, name))
		verdict = name_clean(buf, ret_name);
	if (verdict == NAME_GOOD)
		return 0;
	/* A name may be a megabyte long; its start says enough. */
	return failure_set(failure, EBADMSG, "%s: %s '%.128s' %s", label, of,
			   name, name_verdict_text(verdict));
}

static int pass_data(struct reader *reader, struct archive_entry *entry,
		     struct failure *failure)
{
	/* Of a sparse file it is not known here how much is stored. */
	bool plain = archive_entry_sparse_count(entry) == 0;
	la_int64_t size = archive_entry_size(entry);
	const void *bytes;
	size_t len;
	la_int64_t offset;
	int r;

	for (;;) {
		r = archive_read_data_block(reader->archive, &bytes, &len,
					    &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return explain(reader, failure);
		if (len == 0)
			continue;
		r = reader->sink->data(reader->sink->context,
				       view_over(bytes, len), (uint64_t)offset,
				       failure);
		if (r < 0)
			return r;
		reader->whole = plain && offset + (la_int64_t)len == size;
	}
}

static int pass_entry(struct reader *reader, struct archive_entry *entry,
		      struct failure *failure)
{
	char name_buf[TAR_NAME_MAX], link_buf[TAR_NAME_MAX];
	const char *link = archive_entry_hardlink(entry);
	const char *name = archive_entry_pathname(entry);
	int r;

	reader->whole = false;
	r = tar_clean_name(reader->label, name ? name : "", "entry", name_buf,
			   &name, failure);
	if (r == 0 && link)
		r = tar_clean_name(reader->label, link, "hard link target",
				   link_buf, &link, failure);
	if (r == 0)
		r = reader->sink->entry(reader->sink->context, entry, name,
					link, failure);
	if (r == 0 && !link && archive_entry_filetype(entry) == AE_IFREG)
		r = pass_data(reader, entry, failure);
	if (r == 0)
		r = reader->sink->end(reader->sink->context, failure);
	reader->entries++;
	return r;
}

/* Padding behind the archive is fine, but what checks the stream stands at
 * its end. */
static int drain(struct reader *reader)
{
	struct view bytes;
	int r;

	do {
		r = reader->input->next(reader->input->context, &bytes);
	} while (r > 0);
	return r;
}

static int read_all(struct reader *reader, struct failure *failure)
{
	struct archive_entry *entry;
	int r = open_reader(reader);

	if (r == -ENOMEM || r == -ENOSYS)
		return failure_errno(failure, -r, "%s: cannot read archives",
				     reader->label);
	if (r < 0)
		return explain(reader, failure);
	for (;;) {
		r = archive_read_next_header(reader->archive, &entry);
		if (r == ARCHIVE_EOF)
			break;
		/* Warnings are about names in another character set, which
		 * arrive as the bytes they are. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return explain(reader, failure);
		r = pass_entry(reader, entry, failure);
		if (r < 0)
			return r;
	}
	if (reader->entries == 0)
		return failure_set(failure, EBADMSG,
				   "%s: there is nothing in this archive",
				   reader->label);
	return drain(reader);
}

int tar_read(const struct input *input, const struct tar_sink *sink,
	     const char *label, struct failure *failure)
{
	struct reader reader = { .input = input, .sink = sink, .label = label };
	int r = read_all(&reader, failure);

	archive_read_free(reader.archive);
	return r;
}
