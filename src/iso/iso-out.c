/* SPDX-License-Identifier: MIT */
#include "iso/iso-out.h"

#include <errno.h>
#include <string.h>

#include "wire/build.h"

#define DIRECTORY_SIZE ((size_t)ISO_OUT_DIRECTORY_BLOCKS * ISO_OUT_BLOCK)

#define TABLES	   2  /* least significant byte first, and most */
#define TABLE_SIZE 10 /* bytes: one entry, with a name of one byte */

#define RECORD_HEADER 33 /* bytes, before the name: ECMA-119, 9.1 */

/* Volume descriptors' types and what all begin with (8.1). */
#define TYPE_PRIMARY	1
#define TYPE_TERMINATOR 255

#define FLAG_DIRECTORY 0x02
#define FLAG_GOES_ON   0x80

/* Names of the directory itself and its parent (6.8.2.2). */
#define SELF   "\0"
#define PARENT "\1"

struct record {
	struct iso_out_piece piece;
	uint8_t flags;
	const char *name;
	size_t name_len;
};

/* A number in both byte orders (7.2.3, 7.3.3). */
static void put_both16(struct build *b, uint16_t value)
{
	build_le(b, value, 2);
	build_be16(b, value);
}

static void put_both32(struct build *b, uint64_t value)
{
	b->bad |= value > UINT32_MAX;
	build_le32(b, (uint32_t)value);
	build_be32(b, (uint32_t)value);
}

static void put_record(struct build *b, const struct record *record)
{
	size_t len = RECORD_HEADER + record->name_len;
	size_t pad = len % 2;

	/* None reaches across two blocks (6.8.1.1). */
	if (b->len % ISO_OUT_BLOCK + len + pad > ISO_OUT_BLOCK)
		build_zero(b, ISO_OUT_BLOCK - b->len % ISO_OUT_BLOCK);
	build_u8(b, (uint8_t)(len + pad));
	build_u8(b, 0); /* blocks of extended attributes */
	put_both32(b, record->piece.at / ISO_OUT_BLOCK);
	put_both32(b, record->piece.size);
	build_zero(b, 7); /* no date */
	build_u8(b, record->flags);
	build_zero(b, 2); /* not interleaved */
	put_both16(b, 1); /* the volume */
	build_u8(b, (uint8_t)record->name_len);
	build_bytes(b, record->name, record->name_len);
	build_zero(b, pad);
}

static void put_file(struct build *b, const struct iso_out_file *file)
{
	static const struct iso_out_piece empty;
	size_t count = file->count > 0 ? file->count : 1;

	b->bad |= strlen(file->name) >= ISO_OUT_NAME_MAX;
	for (size_t i = 0; i < count; i++)
		put_record(b, &(struct record){
				      file->count > 0 ? file->pieces[i] : empty,
				      i + 1 < count ? FLAG_GOES_ON : 0,
				      file->name, strlen(file->name) });
}

static void fill_block(struct build *b)
{
	build_zero(b, -b->len % ISO_OUT_BLOCK);
}

static void put_directory_record(struct build *b, struct iso_out_piece piece,
				 const char *name)
{
	put_record(b, &(struct record){ piece, FLAG_DIRECTORY, name, 1 });
}

static void begin_descriptor(struct build *b, uint8_t type)
{
	build_u8(b, type);
	build_bytes(b, "CD001", 5);
	build_u8(b, 1); /* version */
}

static void put_primary(struct build *b, uint64_t end,
			struct iso_out_piece directory)
{
	/* They are in front of it. */
	uint32_t tables = (uint32_t)(directory.at / ISO_OUT_BLOCK) - TABLES;

	begin_descriptor(b, TYPE_PRIMARY);
	build_zero(b, 73); /* no name, 8.4.4 to 8.4.7 */
	put_both32(b, DIV_ROUND_UP(end, ISO_OUT_BLOCK));
	build_zero(b, 32);
	put_both16(b, 1); /* volumes, */
	put_both16(b, 1); /* and the number of this one */
	put_both16(b, ISO_OUT_BLOCK);
	put_both32(b, TABLE_SIZE);
	build_le32(b, tables);
	build_le32(b, 0); /* no second one */
	build_be32(b, tables + 1);
	build_be32(b, 0);
	put_directory_record(b, directory, SELF);
	build_zero(b, 691); /* texts, dates: 8.4.19 to 8.4.30 */
	build_u8(b, 1);	    /* version of records */
	fill_block(b);
}

/* The table has the directory alone, which is its own parent (9.4). */
static void put_table(struct build *b, struct iso_out_piece directory,
		      void (*put)(struct build *b, uint64_t value,
				  size_t bytes))
{
	build_u8(b, 1); /* bytes of the name */
	build_u8(b, 0);
	put(b, directory.at / ISO_OUT_BLOCK, 4);
	put(b, 1, 2);
	build_bytes(b, SELF, 2);
	fill_block(b);
}

int iso_out_build(uint64_t at, uint64_t end, const struct iso_out_file *files,
		  size_t count, uint8_t ret[static ISO_OUT_SIZE])
{
	const struct iso_out_piece directory = {
		.at = at + ISO_OUT_SIZE - DIRECTORY_SIZE,
		.size = DIRECTORY_SIZE,
	};
	struct build b = build_over(ret, ISO_OUT_SIZE);

	put_primary(&b, end, directory);
	begin_descriptor(&b, TYPE_TERMINATOR);
	fill_block(&b);
	put_table(&b, directory, build_le);
	put_table(&b, directory, build_be);
	put_directory_record(&b, directory, SELF);
	put_directory_record(&b, directory, PARENT);
	for (size_t i = 0; i < count; i++)
		put_file(&b, &files[i]);
	if (b.bad)
		return -ENOBUFS;
	build_zero(&b, ISO_OUT_SIZE - b.len);
	return 0;
}
