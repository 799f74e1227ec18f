/* SPDX-License-Identifier: MIT */
/* Initramfs images: what is handed on, told as a line, and what is refused. */
#include "image/cpio.h"

#include <errno.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/text.h"
#include "tap.h"
#include "wire/newc.h"

static uint8_t bytes[256 * KIB];
static struct build archive;

/* --- writing --- */

static void begin(void)
{
	archive = build_over(bytes, sizeof(bytes));
}

static void add_entry(struct newc_entry entry, const char *name,
		      const char *data)
{
	entry.name = name;
	entry.name_len = strlen(name);
	entry.size = (uint32_t)strlen(data);
	if (entry.links == 0)
		entry.links = 1;
	newc_build_entry(&archive, &entry);
	build_bytes(&archive, data, entry.size);
	build_zero(&archive, newc_padding(entry.size));
}

static void add(uint32_t mode, const char *name, const char *data)
{
	add_entry((struct newc_entry){ .mode = mode }, name, data);
}

static void add_linked(uint32_t inode, const char *name, const char *data)
{
	add_entry((struct newc_entry){ .mode = S_IFREG | 0644,
				       .inode = inode,
				       .links = 3 },
		  name, data);
}

static void end(void)
{
	newc_build_trailer(&archive);
}

/* --- reading --- */

struct reading {
	struct view rest;
	size_t piece;
	char told[4096];
	struct text text;
};

static int next(void *context, struct view *ret_bytes)
{
	struct reading *reading = context;

	*ret_bytes = view_sub(&reading->rest,
			      MIN(reading->rest.left, reading->piece));
	return ret_bytes->left > 0;
}

static int on_entry(void *context, struct archive_entry *entry,
		    const char *name, const char *link,
		    struct failure *failure _unused)
{
	struct text *text = &((struct reading *)context)->text;
	const char *target = archive_entry_symlink(entry);

	text_add(text, "%s:", name);
	if (link)
		text_add(text, "=%s", link);
	else
		text_add(text, "%o", archive_entry_mode(entry));
	if (target)
		text_add(text, ">%s", target);
	if (archive_entry_rdevmajor(entry) || archive_entry_rdevminor(entry))
		text_add(text, " %u,%u",
			 (unsigned int)archive_entry_rdevmajor(entry),
			 (unsigned int)archive_entry_rdevminor(entry));
	return 0;
}

static int on_data(void *context, struct view data, uint64_t offset _unused,
		   struct failure *failure _unused)
{
	text_add(&((struct reading *)context)->text, "%.*s", (int)data.left,
		 (const char *)data.at);
	return 0;
}

static int on_end(void *context, struct failure *failure _unused)
{
	text_add(&((struct reading *)context)->text, ";");
	return 0;
}

static int read_bytes(struct view whole, size_t piece, struct reading *reading,
		      struct failure *failure)
{
	const struct input input = { next, reading };
	const struct tar_sink sink = { on_entry, on_data, on_end, reading };

	*reading = (struct reading){ .rest = whole, .piece = piece };
	reading->text = text_over(reading->told, sizeof(reading->told));
	return cpio_read(&input, &sink, "test", failure);
}

/* In pieces of all sizes, where parsers of streams go wrong. */
static void reads_as(const char *told, const char *what)
{
	static const size_t pieces[] = { 1, 3, 64, 65536 };
	static struct reading reading;
	struct failure failure = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		ok_int(read_bytes(view_over(archive.start, archive.len),
				  pieces[i], &reading, &failure),
		       0, what);
		ok_str(reading.told, told, "  what was handed on");
	}
}

static void is_refused(const char *why, const char *what)
{
	static struct reading reading;
	struct failure failure = { 0 };

	ok_int(read_bytes(view_over(archive.start, archive.len), 64, &reading,
			  &failure),
	       -EBADMSG, what);
	if (!ok(strstr(failure.text, why) != NULL, "  and says why"))
		printf("# %s\n", failure.text);
}

/* --- tests --- */

static void test_entries(void)
{
	begin();
	add(S_IFDIR | 0755, ".", "");
	add(S_IFDIR | 01777, "/tmp", "");
	add(S_IFREG | 04755, "./bin/su", "abcde");
	add(S_IFLNK | 0777, "sh", "../bin/su");
	add_entry((struct newc_entry){ .mode = S_IFCHR | 0600,
				       .node_major = 5,
				       .node_minor = 1 },
		  "dev/console", "");
	add(S_IFIFO | 0600, "fifo", "");
	add(S_IFSOCK | 0600, "socket", "");
	end();
	reads_as(".:40755;tmp:41777;bin/su:104755abcde;sh:120777>../bin/su;"
		 "dev/console:20600 5,1;fifo:10600;socket:140600;",
		 "entries of all kinds");
}

static void test_checksums(void)
{
	const struct newc_entry entry = { .mode = S_IFREG | 0644,
					  .checked = true,
					  .checksum = 'a' + 'b' };

	begin();
	add_entry(entry, "f", "ab");
	end();
	reads_as("f:100644ab;", "a check sum that agrees");
	begin();
	add_entry(entry, "f", "ac");
	end();
	is_refused("check sum of 'f' differs", "one that does not");
}

static void test_links(void)
{
	begin();
	add_linked(1, "a", "");
	add_linked(1, "b", "");
	add_linked(1, "c", "xyz");
	end();
	reads_as("a:100644;b:=a;c:100644xyz;a:=c;b:=c;",
		 "the content comes last");
	begin();
	add_linked(1, "a", "xyz");
	add_linked(2, "other", "o");
	add_linked(1, "b", "");
	add_linked(1, "c", "xyz");
	end();
	reads_as("a:100644xyz;other:100644o;b:=a;c:=a;",
		 "first, and then once more");
	begin();
	add_linked(1, "a", "x");
	end();
	add_linked(1, "b", "y");
	end();
	reads_as("a:100644x;b:100644y;",
		 "an inode means nothing to the next archive");
}

static void test_many(void)
{
	begin();
	add(S_IFREG | 0644, "a", "1");
	end();
	build_zero(&archive, 512 - archive.len % 512);
	add(S_IFREG | 0644, "b", "2");
	end();
	build_zero(&archive, 1000);
	reads_as("a:1006441;b:1006442;", "two archives, zeros between");
}

/* What of the archive is behind start becomes a zstd stream. */
static void compress_from(size_t start)
{
	static uint8_t plain[sizeof(bytes)];
	size_t len = archive.len - start;

	memcpy(plain, bytes + start, len);
	archive.len =
		start + ZSTD_compress(bytes + start, sizeof(bytes) - start,
				      plain, len, 1);
}

static void test_compressed_rest(void)
{
	size_t early;

	begin();
	add(S_IFREG | 0644, "microcode", "m");
	end();
	build_zero(&archive, 512 - archive.len % 512);
	early = archive.len;
	add(S_IFREG | 0644, "a", "1");
	end();
	compress_from(early);
	reads_as("microcode:100644m;a:1006441;",
		 "a compressed one behind an early one");
	archive.len -= 4;
	is_refused("ends early", "whose end is missing");
	archive.len += 4;
	bytes[early + 5] ^= 0x55;
	is_refused("zstd stream in it", "which is damaged");
}

static void test_hostile(void)
{
	static char long_name[5000];

	begin();
	add(S_IFREG | 0644, "../etc/passwd", "x");
	end();
	is_refused("'../etc/passwd'", "a name that points outside");
	begin();
	add(S_IFREG | 0644, "a/../../b", "x");
	end();
	is_refused("a/../../b", "hidden in its middle");
	memset(long_name, 'x', 300);
	begin();
	add(S_IFREG | 0644, long_name, "");
	end();
	is_refused("too long", "a component that is too long");
	memset(long_name, 'x', sizeof(long_name) - 1);
	begin();
	add(S_IFLNK | 0777, "l", long_name);
	end();
	is_refused("symbolic link", "a symbolic link that is too long");
	begin();
	add(S_IFLNK | 0777, "l", "");
	end();
	is_refused("symbolic link", "one to nothing");
	begin();
	add(0644, "x", "");
	end();
	is_refused("no type", "an entry of no type");
	begin();
	end();
	is_refused("nothing in this archive", "an empty archive");
	begin();
	add(S_IFREG | 0644, "a", "1");
	is_refused("ends early", "no trailer");
	build_bytes(&archive, "\x1f\x8b\x08\0\0\0\0\0", 8);
	is_refused("damaged", "something compressed before it");
	begin();
	add(S_IFREG | 0644, "a", "1");
	end();
	build_bytes(&archive, "rubbish", 7);
	is_refused("behind a cpio archive", "rubbish behind it");
	begin();
	add(S_IFREG | 0644, "a", "1");
	end();
	memcpy(bytes + 54, "ffffffff", 8); /* the size of its data */
	is_refused("ends early", "a file of 4 GB that is not there");
	memcpy(bytes + 94, "ffffffff", 8); /* and that of its name */
	is_refused("damaged", "a name of 4 GB");
}

/* No length of an archive may be taken for a whole one. */
static void test_cut(void)
{
	static struct reading reading;
	struct failure failure;
	size_t taken = 0, whole;

	begin();
	add(S_IFREG | 0644, "file", "content");
	add_linked(1, "a", "");
	add_linked(1, "b", "x");
	end();
	whole = archive.len - 3; /* the padding of the trailer may be missing */
	for (size_t len = 0; len < whole; len++)
		taken += read_bytes(view_over(bytes, len), 50, &reading,
				    &failure) != -EBADMSG;
	ok_int((int64_t)taken, 0, "cut anywhere, it is refused");
	ok_int(read_bytes(view_over(bytes, whole), 50, &reading, &failure), 0,
	       "but for the padding at its end");
}

int main(void)
{
	test_entries();
	test_checksums();
	test_links();
	test_many();
	test_compressed_rest();
	test_hostile();
	test_cut();
	return tap_done();
}
