/* SPDX-License-Identifier: MIT */
/* ISO images that no program writes, or only an old or a hostile one. */
#include <errno.h>

#include "base/text.h"
#include "iso/iso.h"
#include "tap.h"

#define SECTOR 2048

/* Where things are, in sectors. */
enum {
	PRIMARY = 16,
	SECOND,
	END,
	ROOT,
	BELOW,
	CATALOG,
	MORE,
	SECTORS,
};

#define DIRECTORY   0x02
#define ASSOCIATED  0x04
#define GOES_ON	    0x80
#define INTERLEAVED 26 /* of a record: the unit's size */

static uint8_t bytes[SECTORS * SECTOR];
static uint8_t *next; /* record */
static struct failure failure;

static uint8_t *sector(size_t number)
{
	return bytes + number * SECTOR;
}

static void put(uint8_t *at, uint32_t value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* Its fields are bytes of SUSP, behind the name. */
static uint8_t *add_record(const char *name, size_t name_len, uint32_t block,
			   uint32_t size, uint8_t flags, const void *fields,
			   size_t fields_len)
{
	uint8_t *record = next;
	size_t name_end = 33 + name_len + (name_len % 2 == 0);

	put(record, (uint32_t)(name_end + fields_len), 1);
	put(record + 2, block, 4);
	put(record + 10, size, 4);
	put(record + 25, flags, 1);
	put(record + 32, (uint32_t)name_len, 1);
	memcpy(record + 33, name, name_len);
	if (fields_len > 0)
		memcpy(record + name_end, fields, fields_len);
	next += name_end + fields_len;
	return record;
}

#define ADD(name, block, size, flags, fields)                      \
	add_record(name, strlen(name), block, size, flags, fields, \
		   sizeof(fields) - 1)
#define ADD_FILE(name, fields) ADD(name, MORE, 1, 0, fields)

#define SUSP "SP\x07\1\xbe\xef\0PX\x0c\1\xed\x41\0\0\0\0\x41\xed"
#define NAME "NM\x09\1\0" /* of four letters */

static void begin_directory(size_t number, const void *fields, size_t len)
{
	memset(sector(number), 0, SECTOR);
	next = sector(number);
	(void)add_record("\0", 1, (uint32_t)number, SECTOR, DIRECTORY, fields,
			 len);
	(void)add_record("\1", 1, ROOT, SECTOR, DIRECTORY, NULL, 0);
}

static void describe(size_t number, uint8_t type)
{
	uint8_t *at = sector(number);

	put(at, type, 1);
	memcpy(at + 1, "CD001\1", 6);
	put(at + 80, SECTORS, 4);
	put(at + 128, SECTOR, 2);
	next = at + 156;
	(void)add_record("\0", 1, ROOT, SECTOR, DIRECTORY, NULL, 0);
}

/* One whose root is empty, so far; records are added to it. */
static void begin(const void *fields, size_t len)
{
	memset(bytes, 0, sizeof(bytes));
	describe(PRIMARY, 1);
	put(sector(SECOND), 255, 1);
	memcpy(sector(SECOND) + 1, "CD001\1", 6);
	begin_directory(BELOW, "", 0);
	(void)ADD_FILE("X.;1", "");
	begin_directory(ROOT, fields, len);
}

#define BEGIN(fields) begin(fields, sizeof(fields) - 1)

static int read_bytes(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *not_needed)
{
	(void)reader;
	(void)not_needed;
	memcpy(buf, bytes + offset, len);
	return 0;
}

static const struct reader reader = {
	.name = "x",
	.size = sizeof(bytes),
	.read = read_bytes,
};

static int add_name(const struct iso_entry *entry, void *context)
{
	static const char marks[][2] = { "", "/", "@", "?" };

	text_add(context, "%s%s ", entry->name, marks[entry->type]);
	return 0;
}

/* The names in its root, or what is wrong. */
static const char *names(void)
{
	static char buf[1024];
	struct text text = text_over(buf, sizeof(buf));
	struct iso_entry root;
	struct iso iso;

	if (iso_open(&iso, &reader, &failure) < 0)
		return failure.text;
	root = iso_root(&iso);
	if (iso_list(&iso, &root, add_name, &text, &failure) < 0)
		return failure.text;
	return buf;
}

static int find(const char *path)
{
	struct iso_entry entry;
	struct iso iso;
	int r = iso_open(&iso, &reader, &failure);

	return r < 0 ? r : iso_find(&iso, path, &entry, &failure);
}

static void test_kinds(void)
{
	uint8_t *record;

	BEGIN("");
	(void)ADD_FILE("FILE.;1", "");
	(void)ADD("FILE.;1", MORE, 1, ASSOCIATED, "");
	record = ADD_FILE("WOVEN.;1", "");
	record[INTERLEAVED] = 1;
	(void)ADD("DIR", BELOW, SECTOR, DIRECTORY, "");
	(void)ADD_FILE("A/B.;1", "");
	ok_str(names(), "file woven? dir/ ", "what is not a file, or not it");
}

static void test_rock_ridge_kinds(void)
{
	BEGIN(SUSP);
	(void)ADD_FILE("A", NAME "plan");
	(void)ADD_FILE("B", NAME "zipsZF\x10\1pz\x04\x0f\0\0\0\0\0\0\0\0");
	(void)ADD_FILE("C", NAME "nullPX\x0c\1\xa4\x21\0\0\0\0\x21\xa4");
	(void)ADD_FILE("D", NAME "linkSL\x08\1\0\0\1a");
	(void)ADD_FILE("E", "NM\x07\1\0..");
	(void)ADD_FILE("F", "NM\x09\1\0a/bc");
	(void)ADD_FILE("G.;1", "");
	ok_str(names(), "plan zips? null? link@ g ", "what Rock Ridge has");
}

/* SUSP's fields may be behind others, of CD-ROM XA. */
static void test_skip(void)
{
	BEGIN("..............SP\x07\1\xbe\xef\x0ePX\x0c\1\xed\x41\0\0\0\0\0\0");
	(void)ADD_FILE("A", ".............." NAME "name");
	(void)ADD_FILE("B.;1", NAME "name");
	ok_str(names(), "name b ", "behind those of XA");
}

static void test_links(void)
{
	BEGIN(SUSP);
	(void)ADD("B", BELOW, SECTOR, DIRECTORY, "NM\x0a\1\0below");
	begin_directory(BELOW, "", 0);
	(void)ADD_FILE("X", "NM\x06\1\0x");
	(void)ADD_FILE("L", NAME "linkSL\x11\1\0\x08\0\0\5below\0\1x");
	(void)ADD_FILE("B", "NM\x08\1\0badSL\x08\1\0\0\2a");
	ok_int(find("/below/link"), 0, "a link from the root on");
	ok_int(find("/below/bad"), -ENOENT, "a damaged one");
}

/* A directory that is in itself. */
static void test_depth(void)
{
	char path[4 * 70 + 1] = "";
	struct text text = text_over(path, sizeof(path));

	BEGIN("");
	(void)ADD("DIR", ROOT, SECTOR, DIRECTORY, "");
	for (size_t i = 0; i < 63; i++)
		text_put(&text, "dir/");
	ok_int(find(path), 0, "63 deep");
	text_put(&text, "dir/");
	ok_int(find(path), -ENOENT, "64 are too deep");
}

static void test_pieces(void)
{
	BEGIN("");
	for (size_t i = 0; i < 40; i++)
		(void)ADD("F.;1", MORE, 1, GOES_ON, "");
	(void)ADD("F.;1", MORE, 1, 0, "");
	ok_str(names(), "f ", "41 pieces");
	put(sector(PRIMARY) + 156 + 10, 2 * SECTOR, 4);
	next = sector(ROOT) + SECTOR;
	for (size_t i = 0; i < 40; i++)
		(void)ADD("F.;1", MORE, 1, GOES_ON, "");
	ok_str(names(), "f ", "none has ended");
	sector(ROOT)[34 + 34 + 40 * 38 + 25] = GOES_ON;
	ok_str(names(),
	       "x is a damaged ISO image: a file is in too many pieces",
	       "80 are too many");
}

/* Fields that go on in themselves, behind the end, or where a directory is. */
static void test_more(void)
{
	static const char itself[] = "CE\x1c\1\x16\0\0\0\0\0\0\0"
				     "\0\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0";
	_Static_assert(MORE == 0x16, "as the fields say");

	BEGIN(SUSP);
	(void)ADD_FILE("A.;1", itself);
	memcpy(sector(MORE), itself, 28);
	ok_str(names(), "a ", "which go on in themselves");
	BEGIN(SUSP);
	(void)ADD_FILE("A.;1", "CE\x1c\1\x17\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\0");
	ok(strstr(names(), "names some behind them"), "behind the end");
	BEGIN(SUSP);
	(void)ADD_FILE("A.;1", "CE\x1c\1\x16\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0");
	ok_str(names(), "a ", "more than a sector");
}

static void test_moved(void)
{
	BEGIN(SUSP);
	(void)ADD_FILE("A", NAME "awayCL\x0c\1\x14\0\0\0\0\0\0\0");
	_Static_assert(BELOW == 0x14, "as the field says");
	ok_str(names(), "away/ ", "a directory that is elsewhere");
	ok_int(find("/away/x"), 0, "and what is in it");
	(void)ADD_FILE("B", NAME "lostCL\x0c\1\x16\0\0\0\0\0\0\0");
	ok_str(names(),
	       "x is a damaged ISO image: a directory is not where it should "
	       "be",
	       "but is not");
}

/* One that cannot be used is none. */
static void test_joliet(void)
{
	BEGIN("");
	(void)ADD_FILE("PRIMARY.;1", "");
	describe(SECOND, 2);
	memcpy(sector(SECOND) + 88, "%/E", 3);
	put(sector(SECOND) + 156 + 2, BELOW, 4);
	begin_directory(BELOW, "", 0);
	(void)add_record("\0J", 2, MORE, 1, 0, NULL, 0);
	ok_str(names(), "J ", "Joliet");
	put(sector(SECOND) + 128, 0, 2);
	ok_str(names(), "primary ", "which is damaged");
	put(sector(SECOND) + 128, SECTOR, 2);
	memcpy(sector(SECOND) + 88, "%/X", 3);
	ok_str(names(), "primary ", "another character set");
}

static void catalog_entry(size_t number, const char *entry, size_t len)
{
	memcpy(sector(CATALOG) + 32 * number, entry, len);
}

#define ENTRY(number, bytes) catalog_entry(number, bytes, sizeof(bytes) - 1)

static int boot_images(struct iso_boot_image images[static ISO_BOOT_IMAGES_MAX])
{
	struct iso iso;
	int r;

	memset(sector(SECOND), 0, SECTOR);
	memcpy(sector(SECOND), "\0CD001\1EL TORITO SPECIFICATION", 30);
	put(sector(SECOND) + 71, CATALOG, 4);
	ENTRY(0, "\1\0");
	memcpy(sector(CATALOG) + 28, "\xaa\x55\x55\xaa", 4);
	r = iso_open(&iso, &reader, &failure);
	return r < 0 ? r : iso_boot_images(&iso, images, &failure);
}

static void test_catalog(void)
{
	struct iso_boot_image images[ISO_BOOT_IMAGES_MAX];

	BEGIN("");
	ENTRY(1, "\x88\2\0\0\0\0\1\0\x16\0\0\0"); /* a floppy's image */
	ENTRY(2, "\x44");
	ENTRY(3, "\x90\xef\2\0");
	ENTRY(4, "\x88\0\0\0\0\0\4\0\x15\0\0\0");
	ENTRY(5, "\0\0\0\0\0\0\4\0\x15\0\0\0");
	ENTRY(6, "\x91\1\1\0");
	ENTRY(7, "\x88\0\0\0\0\0\4\0\x14\0\0\0");
	ENTRY(8, "\x91\xef\1\0");
	ENTRY(9, "\x88\0\0\0\0\0\4\0\x14\0\0\0");
	ok_int(boot_images(images), 4, "a boot catalog");
	ok(images[0].size == 1440 * KIB && images[0].platform == 0 &&
		   images[0].start == 0x16 * SECTOR,
	   "a floppy");
	ok(images[1].platform == ISO_BOOT_EFI && images[1].bootable &&
		   images[1].size == 2048 &&
		   images[2].platform == ISO_BOOT_EFI && !images[2].bootable &&
		   images[3].platform == 1,
	   "its sections");
	ENTRY(3, "\x91\xef\xff\xff");
	ok_int(boot_images(images), ISO_BOOT_IMAGES_MAX, "never too many");
}

int main(void)
{
	test_kinds();
	test_rock_ridge_kinds();
	test_skip();
	test_links();
	test_depth();
	test_pieces();
	test_more();
	test_moved();
	test_joliet();
	test_catalog();
	return tap_done();
}
