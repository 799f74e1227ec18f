/* SPDX-License-Identifier: MIT */
/*
 * A walk over the headers of a tar (POSIX pax, "ustar Interchange Format" and
 * "pax Header Block"; GNU tar's manual, "Basic Tar Format"), which never reads
 * what the files hold: an archive of gigabytes takes as many reads as it has
 * files, and its layers are then read where they are, several at a time.
 *
 * libarchive is not used here because it does not say where the data of an
 * entry begins: that depends on extension headers of several forms, which only
 * it has seen. Those that image tools write are few: pax "path", "linkpath" and
 * "size", and GNU's long names. A sparse file is no file that an image's
 * archive may have, and refused.
 *
 * Everything is bounded: an extension by EXTENSION_MAX, the entries by
 * ARCHIVE_ENTRIES_MAX, and each step ends at least one block further on.
 */
#include "image/archive-index.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/name.h"
#include "wire/view.h"

#define BLOCK	      512
#define EXTENSION_MAX (64 * KIB)

enum {
	NAME_AT = 0,
	NAME_LEN = 100,
	SIZE_AT = 124,
	SUM_AT = 148,
	SUM_LEN = 8,
	NUMBER_LEN = 12,
	TYPE_AT = 156,
	LINK_AT = 157,
	MAGIC_AT = 257,
	PREFIX_AT = 345,
	PREFIX_LEN = 155,
};

/* What extension headers say of the next entry. */
struct extension {
	char name[ARCHIVE_NAME_MAX], link[ARCHIVE_NAME_MAX];
	bool has_name, has_link, has_size;
	bool too_long; /* one of the names is */
	uint64_t size;
};

struct walk {
	int fd;
	const char *name;
	struct failure *failure;
	uint64_t at, end;
	size_t entries;
	struct extension extension;
	struct archive_index index;
};

static int refuse(const struct walk *walk, const char *why)
{
	return failure_set(walk->failure, EBADMSG, "%s: %s (at byte %ju)",
			   walk->name, why, (uintmax_t)walk->at);
}

static int read_bytes(const struct walk *walk, uint64_t at, void *buf,
		      size_t len)
{
	ssize_t n;

	if (at > walk->end || len > walk->end - at)
		return refuse(walk, "the archive is truncated");
	do
		n = pread(walk->fd, buf, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_errno(walk->failure, errno, "%s: cannot read",
				     walk->name);
	return (size_t)n == len ? 0 : refuse(walk, "the archive is truncated");
}

/* Octal, or binary with the highest bit set (GNU). UINT64_MAX: neither. */
static uint64_t parse_number(const uint8_t *field, size_t len)
{
	uint64_t number = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		struct view v = view_over(field + 1, len - 1);
		uint64_t high = view_be(&v, len - 1 - 8);

		number = view_be(&v, 8);
		return (field[0] & 0x7f) || high ? UINT64_MAX : number;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		number = number * 8 + (field[i] - '0');
	return i == len || field[i] == '\0' || field[i] == ' ' ? number
							       : UINT64_MAX;
}

static bool sum_is_right(const uint8_t *block)
{
	uint64_t sum = SUM_LEN * ' ';

	for (size_t i = 0; i < BLOCK; i++)
		if (i < SUM_AT || i >= SUM_AT + SUM_LEN)
			sum += block[i];
	return parse_number(block + SUM_AT, SUM_LEN) == sum;
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

/* --- names --- */

static void set_name(struct extension *extension, bool link, struct view value)
{
	char *name = link ? extension->link : extension->name;

	if (value.left >= ARCHIVE_NAME_MAX) {
		extension->too_long = true;
		value.left = 0;
	}
	memcpy(name, value.at, value.left);
	name[value.left] = '\0';
	*(link ? &extension->has_link : &extension->has_name) = true;
}

static void header_name(const uint8_t *block, char *name)
{
	struct text text = text_over(name, ARCHIVE_NAME_MAX);
	bool has_prefix =
		memcmp(block + MAGIC_AT, "ustar\0", 6) == 0 && block[PREFIX_AT];

	if (has_prefix)
		text_add(&text, "%.*s/", PREFIX_LEN,
			 (const char *)block + PREFIX_AT);
	text_add(&text, "%.*s", NAME_LEN, (const char *)block + NAME_AT);
}

/* "./a//b/./c" is "a/b/c". False: it is nowhere in the archive. */
static bool normalise(char *name)
{
	const char *clean;
	char *to = name;
	bool first = true;

	if (name_clean(name, &clean) != NAME_GOOD)
		return false;
	while (*clean) {
		size_t len = strcspn(clean, "/");

		if (len > 0 && !(len == 1 && clean[0] == '.')) {
			if (!first)
				*to++ = '/';
			memmove(to, clean, len);
			to += len;
			first = false;
		}
		clean += len + strspn(clean + len, "/");
	}
	*to = '\0';
	return !first;
}

/* The target of a symbolic link, whose directory is that of its name: docker
 * save wrote "../ID/layer.tar". */
static bool resolve_link(const char *name, const char *target, char *ret_path)
{
	char path[2 * ARCHIVE_NAME_MAX];
	struct text text = text_over(path, sizeof(path));
	const char *slash = strrchr(name, '/');
	size_t depth = slash ? (size_t)(slash - name) : 0;
	const char *rest;

	while ((rest = str_after(target, "../"))) {
		if (depth == 0)
			return false;
		while (depth > 0 && name[depth - 1] != '/')
			depth--;
		depth -= depth > 0;
		target = rest;
	}
	text_add(&text, "%.*s/%s", (int)depth, name, target);
	return normalise(path) && str_copy(ret_path, ARCHIVE_NAME_MAX, path);
}

/* --- extension headers --- */

/* One record: "LENGTH KEY=VALUE\n". */
static bool parse_record(struct view *records, struct extension *extension)
{
	struct view record, value;
	uint64_t len = 0;
	size_t digits = 0;
	const char *equals;
	size_t key_len;

	while (digits < records->left && digits < 6 &&
	       records->at[digits] >= '0' && records->at[digits] <= '9')
		len = len * 10 + (records->at[digits++] - '0');
	record = view_sub(records, len);
	if (record.bad || digits == 0 || len < digits + 3 ||
	    record.at[digits] != ' ' || record.at[len - 1] != '\n')
		return false;
	view_skip(&record, digits + 1);
	record.left--;
	equals = memchr(record.at, '=', record.left);
	if (!equals)
		return false;
	key_len = (size_t)((const uint8_t *)equals - record.at);
	value = view_at(record, key_len + 1);
	if (memchr(value.at, '\0', value.left))
		return true; /* no name, no number */
	if (key_len == 4 && memcmp(record.at, "path", 4) == 0) {
		set_name(extension, false, value);
	} else if (key_len == 8 && memcmp(record.at, "linkpath", 8) == 0) {
		set_name(extension, true, value);
	} else if (key_len == 4 && memcmp(record.at, "size", 4) == 0) {
		char text[24] = "";

		extension->has_size = true;
		if (value.left >= sizeof(text))
			return false;
		memcpy(text, value.at, value.left);
		return str_to_u64(text, INT64_MAX, &extension->size) == 0;
	}
	return key_len < 11 || memcmp(record.at, "GNU.sparse.", 11) != 0;
}

static int read_extension(struct walk *walk, uint8_t type, uint64_t size)
{
	_cleanup_free uint8_t *bytes = NULL;
	struct view view;
	int r;

	if (size > EXTENSION_MAX)
		return refuse(walk, "an extension header is too large");
	bytes = malloc((size_t)size + 1);
	if (!bytes)
		return failure_errno(walk->failure, ENOMEM, "%s", walk->name);
	r = read_bytes(walk, walk->at, bytes, (size_t)size);
	if (r < 0)
		return r;
	view = view_over(bytes, (size_t)size);
	if (type == 'L' || type == 'K') {
		view.left = strnlen((const char *)bytes, view.left);
		set_name(&walk->extension, type == 'K', view);
		return 0;
	}
	while (view.left > 0)
		if (!parse_record(&view, &walk->extension))
			return refuse(walk, "an extension header is damaged");
	return 0;
}

/* --- entries --- */

static int keep(struct walk *walk, const char *name, const char *link,
		uint64_t length)
{
	struct archive_index *index = &walk->index;
	struct archive_file *file;

	if (index->count == index->room) {
		size_t room = index->room ? 2 * index->room : 64;
		struct archive_file *files =
			reallocarray(index->files, room, sizeof(*files));

		if (!files)
			return failure_errno(walk->failure, ENOMEM, "%s",
					     walk->name);
		index->files = files;
		index->room = room;
	}
	file = &index->files[index->count];
	*file = (struct archive_file){
		.name = strdup(name),
		.link = link ? strdup(link) : NULL,
		.offset = walk->at,
		.length = length,
	};
	index->count++;
	if (!file->name || (link && !file->link))
		return failure_errno(walk->failure, ENOMEM, "%s", walk->name);
	return 0;
}

static int read_entry(struct walk *walk, const uint8_t *block, uint64_t size)
{
	struct extension *extension = &walk->extension;
	char name[ARCHIVE_NAME_MAX], link[ARCHIVE_NAME_MAX];
	uint8_t type = block[TYPE_AT];

	if (type == 'S')
		return refuse(walk, "it has a sparse file, as no image's "
				    "archive has");
	if (extension->too_long || !strchr("0712", type))
		return 0; /* '\0' is in it too: a file from before POSIX */
	if (extension->has_name)
		str_copy(name, sizeof(name), extension->name);
	else
		header_name(block, name);
	if (!normalise(name))
		return 0;
	if (type != '1' && type != '2')
		return keep(walk, name, NULL, size);
	if (extension->has_link)
		str_copy(link, sizeof(link), extension->link);
	else
		(void)snprintf(link, sizeof(link), "%.*s", NAME_LEN,
			       (const char *)block + LINK_AT);
	if (type == '1' ? !normalise(link) : !resolve_link(name, link, link))
		return 0;
	return keep(walk, name, link, 0);
}

static bool is_extension(uint8_t type)
{
	return type == 'x' || type == 'L' || type == 'K' || type == 'g';
}

/* Links have no data, whatever their size says; as libarchive and tar. */
static uint64_t data_size(const struct walk *walk, const uint8_t *block)
{
	uint8_t type = block[TYPE_AT];

	if (type >= '1' && type <= '6')
		return 0;
	if (walk->extension.has_size && !is_extension(type))
		return walk->extension.size;
	return parse_number(block + SIZE_AT, NUMBER_LEN);
}

/* One header and what belongs to it. 0 at the end of the archive. */
static int step(struct walk *walk)
{
	uint8_t block[BLOCK], type;
	uint64_t size, left;
	int r;

	if (walk->at == walk->end && walk->entries > 0)
		return 0;
	r = read_bytes(walk, walk->at, block, sizeof(block));
	if (r < 0)
		return r;
	if (is_zero(block))
		return 0;
	if (!sum_is_right(block))
		return refuse(walk, "this is not a tar, or it is damaged");
	if (++walk->entries > ARCHIVE_ENTRIES_MAX)
		return refuse(walk, "more files than an image's archive has");
	type = block[TYPE_AT];
	size = data_size(walk, block);
	walk->at += BLOCK;
	left = walk->end - walk->at;
	if (size > left)
		return refuse(walk, "the archive is truncated");
	if (type == 'g')
		r = 0; /* of all that follow; no tool puts names there */
	else if (is_extension(type))
		r = read_extension(walk, type, size);
	else
		r = read_entry(walk, block, size);
	if (r < 0)
		return r;
	if (!is_extension(type))
		walk->extension = (struct extension){ 0 };
	walk->at += MIN(left, DIV_ROUND_UP(size, BLOCK) * BLOCK);
	return 1;
}

int archive_index_read(int fd, const char *name,
		       struct archive_index *ret_index, struct failure *failure)
{
	struct walk walk = { .fd = fd, .name = name, .failure = failure };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot read", name);
	walk.end = (uint64_t)st.st_size;
	do
		r = step(&walk);
	while (r > 0);
	if (r < 0)
		archive_index_free(&walk.index);
	else
		*ret_index = walk.index;
	return r;
}

void archive_index_free(struct archive_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		free(index->files[i].name);
		free(index->files[i].link);
	}
	free(index->files);
	*index = (struct archive_index){ 0 };
}

static const struct archive_file *find(const struct archive_index *index,
				       const char *name)
{
	for (size_t i = index->count; i > 0; i--)
		if (str_eq(index->files[i - 1].name, name))
			return &index->files[i - 1];
	return NULL;
}

const struct archive_file *archive_index_find(const struct archive_index *index,
					      const char *name)
{
	const struct archive_file *file = find(index, name);

	if (file && file->link)
		file = find(index, file->link);
	return file && !file->link ? file : NULL;
}

/* --- what an archive is --- */

enum {
	SEEN_LAYOUT = 1,
	SEEN_INDEX = 2,
	SEEN_MANIFEST = 4,
	SEEN_OTHER = 8,
};

static const struct {
	const char *name;
	unsigned int seen;
} marks[] = {
	{ "oci-layout", SEEN_LAYOUT },
	{ "index.json", SEEN_INDEX },
	{ "manifest.json", SEEN_MANIFEST },
	{ "repositories", 0 },
	{ "blobs", 0 },
};

static bool is_part(const char *name, size_t len)
{
	/* HEX/…, HEX.json, HEX.tar, sha256:HEX, HEX.tar.gz */
	return len >= 64 && (strspn(name, "0123456789abcdef") >= 64 ||
			     str_after(name, "sha256:"));
}

void archive_guess_add(struct archive_guess *guess, const char *name)
{
	const char *rest = str_after(name, "./");
	size_t len;

	name = rest ? rest : name;
	len = strcspn(name, "/");
	if (len == 0 || str_eq(name, "."))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strlen(marks[i].name) == len &&
		    strncmp(name, marks[i].name, len) == 0) {
			guess->seen |= marks[i].seen;
			return;
		}
	if (!is_part(name, len))
		guess->seen |= SEEN_OTHER;
}

const char *archive_guess_transport(const struct archive_guess *guess)
{
	if (guess->seen & SEEN_OTHER)
		return NULL;
	if ((guess->seen & SEEN_LAYOUT) && (guess->seen & SEEN_INDEX))
		return "oci-archive";
	return guess->seen & SEEN_MANIFEST ? "docker-archive" : NULL;
}
