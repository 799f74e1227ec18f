/* SPDX-License-Identifier: MIT */
/*
 * boomerang initramfs list: what is in an initrd, as it is read. For a program
 * it is one JSON object, of which the parts are printed as they come, so that
 * an archive of any length takes no memory.
 */
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-initramfs.h"
#include "cli/commands.h"
#include "initramfs/cpio-read.h"

struct listing {
	struct cpio_reader *reader;
	bool full; /* -l */
	bool json;
	bool raw;	      /* names byte for byte, for another program */
	unsigned int segment; /* so far */
	bool first;	      /* nothing is in the array yet */
	char target[PATH_MAX];
};

/* --- for a person --- */

static void print_name(const struct listing *listing, const char *name)
{
	char shown[PATH_MAX];

	if (!listing->raw && str_copy(shown, sizeof(shown), name)) {
		str_make_printable(shown);
		name = shown;
	}
	fputs(name, stdout);
}

static char type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return 'l';
	case S_IFDIR:
		return 'd';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	}
	return '-';
}

/* "rwxr-xr-x", with the bits of ls(1) for set-user-ID and so on. */
static void mode_letters(uint32_t mode, char letters[static 11])
{
	static const struct {
		uint32_t special;
		char with_x, without;
	} thirds[] = {
		{ S_ISUID, 's', 'S' },
		{ S_ISGID, 's', 'S' },
		{ S_ISVTX, 't', 'T' },
	};

	letters[0] = type_letter(mode);
	for (size_t i = 0; i < ARRAY_SIZE(thirds); i++) {
		uint32_t bits = mode >> (6 - 3 * i);
		char *at = letters + 1 + 3 * i;

		at[0] = bits & 4 ? 'r' : '-';
		at[1] = bits & 2 ? 'w' : '-';
		at[2] = bits & 1 ? 'x' : '-';
		if (mode & thirds[i].special)
			at[2] = bits & 1 ? thirds[i].with_x : thirds[i].without;
	}
	letters[10] = '\0';
}

static void print_entry_full(const struct listing *listing,
			     const struct newc_entry *entry)
{
	char letters[11], size[24], date[32] = "";
	time_t when = (time_t)entry->mtime;
	struct tm tm;

	mode_letters(entry->mode, letters);
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		snprintf(size, sizeof(size), "%u,%u", entry->node_major,
			 entry->node_minor);
	else
		snprintf(size, sizeof(size), "%u", entry->size);
	if (gmtime_r(&when, &tm))
		(void)!strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	printf("%s %3u %5u %5u %10s %s ", letters, entry->links, entry->uid,
	       entry->gid, size, date);
	print_name(listing, entry->name);
	if (S_ISLNK(entry->mode)) {
		printf(" -> ");
		print_name(listing, listing->target);
	}
	putchar('\n');
}

static void print_entry(const struct listing *listing,
			const struct newc_entry *entry)
{
	if (listing->full) {
		print_entry_full(listing, entry);
		return;
	}
	print_name(listing, entry->name);
	putchar('\n');
}

static void print_segment(const struct listing *listing)
{
	const struct cpio_segment *segment =
		cpio_reader_segment(listing->reader);

	if (!listing->full)
		return;
	printf("segment %u at byte %llu: %s\n", listing->segment,
	       (unsigned long long)segment->offset,
	       segment->compression == COMPRESSION_NONE
		       ? "not compressed"
		       : compression_name(segment->compression));
}

static void print_segment_end(const struct listing *listing)
{
	const struct cpio_segment *segment =
		cpio_reader_segment(listing->reader);
	char size[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];

	if (!listing->full)
		return;
	printf("segment %u ends: %s", listing->segment,
	       size_text(segment->size, size));
	if (segment->compression != COMPRESSION_NONE)
		printf(", unpacked %s", size_text(segment->unpacked, unpacked));
	printf("\n\n");
}

/* --- for a program --- */

/* A name is bytes, JSON is text: what is no text is told as hexadecimal. */
static void set_name(json_t *object, const char *key, const char *hex_key,
		     const char *name)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * PATH_MAX + 1], shown[PATH_MAX];
	struct text text = text_over(hex, sizeof(hex));

	if (json_object_set_new(object, key, json_string(name)) == 0)
		return;
	str_copy(shown, sizeof(shown), name);
	str_make_printable(shown);
	json_object_set_new(object, key, json_string(shown));
	for (const char *at = name; *at; at++)
		text_add(&text, "%c%c", digits[(unsigned char)*at >> 4],
			 digits[*at & 15]);
	json_object_set_new(object, hex_key, json_string(hex));
}

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "symlink";
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "character";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	}
	return "file";
}

static json_t *entry_object(const struct listing *listing,
			    const struct newc_entry *entry)
{
	char mode[8];
	json_t *object;

	snprintf(mode, sizeof(mode), "%04o", entry->mode & 07777);
	object =
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "type",
			  type_name(entry->mode), "mode", mode, "uid",
			  (json_int_t)entry->uid, "gid", (json_int_t)entry->gid,
			  "size", (json_int_t)entry->size, "mtime",
			  (json_int_t)entry->mtime, "links",
			  (json_int_t)entry->links, "inode",
			  (json_int_t)entry->inode);
	if (!object)
		return NULL;
	set_name(object, "name", "name_hex", entry->name);
	if (S_ISLNK(entry->mode))
		set_name(object, "target", "target_hex", listing->target);
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode)) {
		json_object_set_new(object, "major",
				    json_integer(entry->node_major));
		json_object_set_new(object, "minor",
				    json_integer(entry->node_minor));
	}
	return object;
}

static void print_entry_json(struct listing *listing,
			     const struct newc_entry *entry)
{
	json_t *object = entry_object(listing, entry);

	printf(listing->first ? "\n" : ",\n");
	listing->first = false;
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
}

static void print_segment_json(struct listing *listing)
{
	const struct cpio_segment *segment =
		cpio_reader_segment(listing->reader);

	printf("%s\n{\"offset\":%llu,\"compression\":\"%s\",\"entries\":[",
	       listing->segment > 1 ? "," : "",
	       (unsigned long long)segment->offset,
	       compression_name(segment->compression));
	listing->first = true;
}

static void print_segment_end_json(const struct listing *listing)
{
	const struct cpio_segment *segment =
		cpio_reader_segment(listing->reader);

	printf("],\"size\":%llu,\"unpacked\":%llu}",
	       (unsigned long long)segment->size,
	       (unsigned long long)segment->unpacked);
}

/* --- both --- */

static int list_entry(struct listing *listing, struct failure *failure)
{
	const struct newc_entry *entry = cpio_reader_entry(listing->reader);
	int r = 0;

	if (S_ISLNK(entry->mode) && (listing->full || listing->json))
		r = cpio_reader_target(listing->reader, listing->target,
				       failure);
	if (r < 0)
		return r;
	if (listing->json)
		print_entry_json(listing, entry);
	else
		print_entry(listing, entry);
	return 0;
}

/* Returns 1, or 0 at the end. */
static int list_next(struct listing *listing, struct failure *failure)
{
	enum cpio_event event = CPIO_END;
	int r = cpio_reader_next(listing->reader, &event, failure);

	if (r < 0)
		return r;
	switch (event) {
	case CPIO_END:
		return 0;
	case CPIO_SEGMENT:
		listing->segment++;
		if (listing->json)
			print_segment_json(listing);
		else
			print_segment(listing);
		break;
	case CPIO_ENTRY:
		r = list_entry(listing, failure);
		break;
	case CPIO_TRAILER:
		break;
	case CPIO_SEGMENT_END:
		if (listing->json)
			print_segment_end_json(listing);
		else
			print_segment_end(listing);
		break;
	}
	return r < 0 ? r : 1;
}

static int list_all(struct listing *listing, const struct reader *file,
		    struct failure *failure)
{
	uint64_t limit;
	int r;

	listing->reader = cpio_reader_new(file, failure);
	if (!listing->reader)
		return -EIO;
	limit = cpio_reader_limit(listing->reader);
	if (listing->json)
		printf("{\"size\":%llu,\"bootconfig\":%llu,\"segments\":[",
		       (unsigned long long)file->size,
		       (unsigned long long)(file->size - limit));
	do {
		r = list_next(listing, failure);
	} while (r > 0);
	if (r == 0 && listing->segment == 0)
		r = failure_set(failure, EBADMSG,
				"%s: there is no archive in "
				"it",
				file->name);
	if (r == 0 && listing->json)
		printf("]}\n");
	if (r == 0 && listing->full && limit < file->size)
		printf("boot configuration: %llu bytes\n",
		       (unsigned long long)(file->size - limit));
	cpio_reader_free(listing->reader);
	return r;
}

static int list_file(struct listing *listing, const char *path)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct failure failure = { 0 };
	struct reader file;
	int r;

	if (fd < 0)
		r = failure_errno(&failure, errno, "%s", path);
	else
		r = reader_over_fd(&file, fd, path, &failure);
	if (r == 0)
		r = list_all(listing, &file, &failure);
	if (fflush(stdout) != 0 && r == 0)
		r = failure_errno(&failure, errno,
				  "the list cannot be "
				  "written");
	if (r < 0)
		log_error("%s", failure.text);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_initramfs_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { 0 }
	};
	struct listing listing = { .raw = !isatty(STDOUT_FILENO) };
	int option;

	while ((option = getopt_long(argc, argv, ":l", options, NULL)) != -1)
		if (option == 'l')
			listing.full = true;
		else if (option == 'j')
			listing.json = true;
		else
			return command_bad_option(option, argv);
	if (argc - optind != 1)
		return command_misuse(argv[0], "wants a file");
	return list_file(&listing, argv[optind]);
}
