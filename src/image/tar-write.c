/* SPDX-License-Identifier: MIT */
/*
 * An entry is up to four things, each of whole blocks: an extended header (a
 * header of its own, then records), the ustar header, the map of a file with
 * holes, the content. An extended header is begun for every entry and taken
 * back when it stayed empty.
 *
 * Who does not know extended headers sees a name that is cut, numbers that are
 * as large as they can be (no owner turns into root), and of a file with holes
 * its map and pieces under a name that says so.
 */
#include "image/tar-write.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define END_BYTES    10240 /* an archive is a multiple of it, as tar(1)'s */
#define BUFFER_BYTES (64 * KIB)
#define NUMBER_MAX   24 /* bytes of decimal digits, sign and NUL */
#define RECORDS_MAX \
	512 /* bytes of an entry's, without names and tar_record() */

/* pax(1), ustar Header Block */
struct ustar {
	char name[100];
	char mode[8], uid[8], gid[8], size[12], mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char pad[12];
};
static_assert(sizeof(struct ustar) == TAR_BLOCK_BYTES, "one block");

static const uint8_t zeros[END_BYTES];

static size_t padding(uint64_t len, size_t unit)
{
	return (size_t)(unit - len % unit) % unit;
}

/* --- records --- */

static size_t digits_of(uint64_t number)
{
	size_t digits = 1;

	while (number /= 10)
		digits++;
	return digits;
}

void tar_record(struct build *records, const char *prefix, const char *keyword,
		const void *value, size_t len)
{
	size_t rest = strlen(prefix) + strlen(keyword) + len + 3; /* " =\n" */
	size_t all = rest + digits_of(rest);
	char start[NUMBER_MAX];

	/* The length counts its own digits. */
	all = rest + digits_of(all);
	snprintf(start, sizeof(start), "%zu ", all);
	build_bytes(records, start, strlen(start));
	build_bytes(records, prefix, strlen(prefix));
	build_bytes(records, keyword, strlen(keyword));
	build_u8(records, '=');
	build_bytes(records, value, len);
	build_u8(records, '\n');
}

static void record_text(struct build *records, const char *keyword,
			const char *value)
{
	tar_record(records, "", keyword, value, strlen(value));
}

static void record_number(struct build *records, const char *keyword,
			  uint64_t value)
{
	char digits[NUMBER_MAX];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	record_text(records, keyword, digits);
}

/* --- names --- */

static bool is_ascii(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name >= 0x80)
			return false;
	return true;
}

/* Cuts what does not fit; what is not ASCII becomes '_'. */
static void put_ascii(char *field, size_t size, const char *name)
{
	size_t len = strnlen(name, size);

	for (size_t i = 0; i < len; i++)
		field[i] = (unsigned char)name[i] < 0x80 ? name[i] : '_';
}

/* "DIRECTORY/" and the last part of the path: for what is no file of the tree,
 * but looks like one to who does not know it. */
static void put_special(char *field, size_t size, const char *directory,
			const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = strlen(directory);

	memcpy(field, directory, len);
	put_ascii(field + len, size - len, slash ? slash + 1 : path);
}

/* Whether the name fits into name, or behind a slash that is the end of
 * prefix. */
static bool put_name(struct ustar *ustar, const char *name)
{
	size_t len = strlen(name), cut = 0;

	put_ascii(ustar->name, sizeof(ustar->name), name);
	if (len <= sizeof(ustar->name))
		return is_ascii(name);
	if (len > sizeof(ustar->prefix) + 1 + sizeof(ustar->name) ||
	    !is_ascii(name))
		return false;
	/* The slash at the end of a directory is not one to cut at. */
	for (size_t i = 1; i < len - 1 && i <= sizeof(ustar->prefix); i++)
		if (name[i] == '/')
			cut = i;
	if (cut == 0 || len - cut - 1 > sizeof(ustar->name))
		return false;
	memset(ustar->name, 0, sizeof(ustar->name));
	memcpy(ustar->name, name + cut + 1, len - cut - 1);
	memcpy(ustar->prefix, name, cut);
	return true;
}

/* Values are UTF-8, unless a record before them says that they are not. */
static void record_names(struct build *records, struct ustar *ustar,
			 const struct tar_entry *entry, const char *name)
{
	const char *link = entry->link ? entry->link : "";
	bool fits = !entry->sparse && put_name(ustar, name);
	bool link_fits = strlen(link) <= sizeof(ustar->link) && is_ascii(link);

	put_ascii(ustar->link, sizeof(ustar->link), link);
	if ((!fits && !str_is_printable(name)) ||
	    (!link_fits && !str_is_printable(link)))
		record_text(records, "hdrcharset", "BINARY");
	if (!link_fits)
		record_text(records, "linkpath", link);
	if (entry->sparse)
		put_special(ustar->name, sizeof(ustar->name),
			    "GNUSparseFile.0/", name);
	else if (!fits)
		record_text(records, "path", name);
}

/* --- numbers --- */

/* As many octal digits as there is room for, and a NUL. Whether it fits. */
static bool put_octal(char *field, size_t size, uint64_t value)
{
	uint64_t most = ((uint64_t)1 << 3 * (size - 1)) - 1;
	bool fits = value <= most;

	value = fits ? value : most;
	field[size - 1] = '\0';
	for (size_t i = size - 1; i > 0; i--, value >>= 3)
		field[i - 1] = (char)('0' + (value & 7));
	return fits;
}

/* Seconds, with a fraction where there is one: a sign counts for both. */
static void record_mtime(struct build *records, const struct timespec *mtime)
{
	bool negative = mtime->tv_sec < 0;
	uint64_t seconds = (uint64_t)mtime->tv_sec;
	long ns = mtime->tv_nsec;
	char digits[2 * NUMBER_MAX];
	size_t len;

	if (negative) {
		seconds = -seconds - (ns > 0);
		ns = ns > 0 ? 1000000000 - ns : 0;
	}
	snprintf(digits, sizeof(digits), "%s%" PRIu64 ".%09ld",
		 negative ? "-" : "", seconds, ns);
	len = strlen(digits);
	while (digits[len - 1] == '0')
		len--;
	len -= digits[len - 1] == '.';
	tar_record(records, "", "mtime", digits, len);
}

/* size: of what follows the header. */
static void record_numbers(struct build *records, struct ustar *ustar,
			   const struct tar_entry *entry, uint64_t size)
{
	const struct {
		char *field;
		size_t len;
		uint64_t value;
		const char *keyword; /* NULL: it always fits */
	} numbers[] = {
		{ ustar->mode, sizeof(ustar->mode), entry->mode & 07777, NULL },
		{ ustar->uid, sizeof(ustar->uid), entry->uid, "uid" },
		{ ustar->gid, sizeof(ustar->gid), entry->gid, "gid" },
		{ ustar->size, sizeof(ustar->size), size, "size" },
		{ ustar->major, sizeof(ustar->major), entry->major, NULL },
		{ ustar->minor, sizeof(ustar->minor), entry->minor, NULL },
	};
	const struct timespec *mtime = &entry->mtime;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!put_octal(numbers[i].field, numbers[i].len,
			       numbers[i].value) &&
		    numbers[i].keyword)
			record_number(records, numbers[i].keyword,
				      numbers[i].value);
	if (!put_octal(ustar->mtime, sizeof(ustar->mtime),
		       (uint64_t)MAX(mtime->tv_sec, (time_t)0)) ||
	    mtime->tv_sec < 0 || mtime->tv_nsec > 0)
		record_mtime(records, mtime);
}

/* --- holes --- */

/* Such a file has an empty piece there, or GNU tar would not make it as long as
 * it is. */
static bool ends_in_hole(const struct tar_entry *entry)
{
	const struct tar_piece *last;

	if (entry->piece_count == 0)
		return true;
	last = &entry->pieces[entry->piece_count - 1];
	return last->at + last->len < entry->size;
}

static struct tar_piece piece_at(const struct tar_entry *entry, size_t i)
{
	return i < entry->piece_count ? entry->pieces[i]
				      : (struct tar_piece){ entry->size, 0 };
}

/* How many, then where and how long each is, a number a line. */
static void put_map(struct build *map, const struct tar_entry *entry)
{
	size_t count = entry->piece_count + ends_in_hole(entry);
	char lines[2 * NUMBER_MAX];
	size_t start = map->len;

	snprintf(lines, sizeof(lines), "%zu\n", count);
	build_bytes(map, lines, strlen(lines));
	for (size_t i = 0; i < count; i++) {
		struct tar_piece piece = piece_at(entry, i);

		snprintf(lines, sizeof(lines), "%" PRIu64 "\n%" PRIu64 "\n",
			 piece.at, piece.len);
		build_bytes(map, lines, strlen(lines));
	}
	build_zero(map, padding(map->len - start, TAR_BLOCK_BYTES));
}

/* Of the map and the pieces. */
static uint64_t sparse_size(const struct tar_entry *entry)
{
	size_t count = entry->piece_count + ends_in_hole(entry);
	uint64_t map = digits_of(count) + 1, content = 0;

	for (size_t i = 0; i < count; i++) {
		struct tar_piece piece = piece_at(entry, i);

		map += digits_of(piece.at) + digits_of(piece.len) + 2;
		content += piece.len;
	}
	return map + padding(map, TAR_BLOCK_BYTES) + content;
}

static void record_sparse(struct build *records, const struct tar_entry *entry)
{
	record_text(records, "GNU.sparse.major", "1");
	record_text(records, "GNU.sparse.minor", "0");
	record_text(records, "GNU.sparse.name", entry->path);
	record_number(records, "GNU.sparse.realsize", entry->size);
}

/* --- headers --- */

static void finish(struct ustar *ustar, char type)
{
	const uint8_t *bytes = (const uint8_t *)ustar;
	unsigned int sum = 0;

	ustar->type = type;
	memcpy(ustar->magic, "ustar", 6);
	memcpy(ustar->version, "00", 2);
	memset(ustar->checksum, ' ', sizeof(ustar->checksum));
	for (size_t i = 0; i < sizeof(*ustar); i++)
		sum += bytes[i];
	put_octal(ustar->checksum, sizeof(ustar->checksum) - 1, sum);
}

/* The header in front of len bytes of records. */
static void put_extended(struct ustar *ustar, const struct tar_entry *entry,
			 uint64_t len)
{
	struct build none = build_over(NULL, 0);
	const struct tar_entry extended = { .mode = 0644 };

	*ustar = (struct ustar){ 0 };
	put_special(ustar->name, sizeof(ustar->name), "PaxHeaders/",
		    entry->path);
	record_numbers(&none, ustar, &extended, len);
	finish(ustar, 'x');
}

size_t tar_header_max(const struct tar_entry *entry)
{
	size_t names =
		strlen(entry->path) + (entry->link ? strlen(entry->link) : 0);

	return 4 * TAR_BLOCK_BYTES + RECORDS_MAX + 2 * names +
	       entry->records.left + (entry->piece_count + 2) * 2 * NUMBER_MAX;
}

void tar_header(const struct tar_entry *entry, struct build *header)
{
	uint64_t size = entry->sparse ? sparse_size(entry) : entry->size;
	size_t start = header->len, begin;
	uint8_t *extended = build_take(header, TAR_BLOCK_BYTES);
	struct ustar ustar = { 0 }, extension;
	char name[PATH_MAX + 1];
	struct text text = text_over(name, sizeof(name));

	text_put(&text, entry->path);
	if (entry->type == TAR_DIRECTORY)
		text_put(&text, "/");
	begin = header->len;
	record_names(header, &ustar, entry, name);
	record_numbers(header, &ustar, entry, size);
	if (entry->sparse)
		record_sparse(header, entry);
	build_bytes(header, entry->records.at, entry->records.left);
	header->bad |= text.cut;
	if (header->len == begin) {
		header->len = start;
	} else if (extended) {
		put_extended(&extension, entry, header->len - begin);
		memcpy(extended, &extension, sizeof(extension));
		build_zero(header,
			   padding(header->len - begin, TAR_BLOCK_BYTES));
	}
	finish(&ustar, (char)entry->type);
	build_bytes(header, &ustar, sizeof(ustar));
	if (entry->sparse)
		put_map(header, entry);
}

/* --- the archive --- */

static int flush(struct tar_write *tar)
{
	size_t len = tar->buf_len;

	tar->buf_len = 0;
	return len > 0 ? tar->write(tar->context, tar->buf, len, tar->failure)
		       : 0;
}

/* Headers and small files are collected, large pieces pass. */
int tar_write_content(struct tar_write *tar, const void *bytes, size_t len)
{
	int r = 0;

	if (!tar->buf && !(tar->buf = malloc(BUFFER_BYTES)))
		return failure_errno(tar->failure, ENOMEM, "%s", tar->name);
	if (len > BUFFER_BYTES - tar->buf_len)
		r = flush(tar);
	if (r < 0)
		return r;
	tar->len += len;
	if (len > BUFFER_BYTES)
		return tar->write(tar->context, bytes, len, tar->failure);
	if (len > 0)
		memcpy(tar->buf + tar->buf_len, bytes, len);
	tar->buf_len += len;
	return 0;
}

static int pad(struct tar_write *tar, size_t unit)
{
	return tar_write_content(tar, zeros, padding(tar->len, unit));
}

static int write_header(struct tar_write *tar, const struct build *header,
			const char *path)
{
	int r;

	if (!header->start || header->bad)
		return failure_errno(tar->failure,
				     header->start ? ENAMETOOLONG : ENOMEM,
				     "%s: '%.128s'", tar->name, path);
	r = pad(tar, TAR_BLOCK_BYTES);
	return r < 0 ? r : tar_write_content(tar, header->start, header->len);
}

int tar_write_entry(struct tar_write *tar, const struct tar_entry *entry)
{
	size_t size = tar_header_max(entry);
	struct build header = build_over(malloc(size), size);
	int r;

	if (header.start)
		tar_header(entry, &header);
	r = write_header(tar, &header, entry->path);
	free(header.start);
	return r;
}

int tar_write_end(struct tar_write *tar)
{
	int r = pad(tar, TAR_BLOCK_BYTES);

	if (r == 0)
		r = tar_write_content(tar, zeros, (size_t)2 * TAR_BLOCK_BYTES);
	if (r == 0)
		r = pad(tar, END_BYTES);
	return r < 0 ? r : flush(tar);
}

void tar_write_free(struct tar_write *tar)
{
	free(tar->buf);
	tar->buf = NULL;
	tar->buf_len = 0;
}
