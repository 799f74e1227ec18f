/* SPDX-License-Identifier: MIT */
/* Directory records and the fields of Rock Ridge, byte by byte. */
#include "iso/iso-record.h"

#include <errno.h>

#include "iso/iso-rock.h"
#include "tap.h"

/* --- fields --- */

#define FIELDS_OF(bytes)                                                   \
	{                                                                  \
		.at = (const uint8_t *)(bytes), .left = sizeof(bytes) - 1, \
	}
#define FIELDS(bytes) ((struct view)FIELDS_OF(bytes))

static struct rock parse(struct view fields)
{
	struct rock rock = { 0 };
	struct rock_more more;

	(void)rock_parse(&rock, fields, &more);
	return rock;
}

static void test_names(void)
{
	struct rock rock = parse(FIELDS("NM\x09\1\1usr-NM\x0b\1\0merged"));

	ok_str(rock.name, "usr-merged", "a name in two fields");
	ok(!rock.name_bad && rock.is_rock_ridge, "is one");
	rock = parse(FIELDS("NM\x05\1\2NM\x05\1\4"));
	ok(rock.name_len == 0 && !rock.name_bad, "\".\" and \"..\" are none");
	ok(parse(FIELDS("NM\x08\1\0a/b")).name_bad, "with a slash");
	ok(parse(FIELDS("NM\x08\1\0a\0b")).name_bad, "with a NUL");
	ok(!parse(FIELDS("NM\x04\1")).name_bad, "without its flags");
}

static void test_long_name(void)
{
	struct rock rock = { 0 };
	struct rock_more more;
	uint8_t field[5 + 200] = "NM\xcd\1\1";

	memset(field + 5, 'n', 200);
	(void)rock_parse(&rock, view_over(field, sizeof(field)), &more);
	ok(rock.name_len == 200 && !rock.name_bad, "200 bytes");
	field[2] = 5 + 55;
	(void)rock_parse(&rock, view_over(field, 5 + 55), &more);
	ok(rock.name_len == 255 && !rock.name_bad, "255 bytes");
	field[2] = 5 + 1;
	(void)rock_parse(&rock, view_over(field, 5 + 1), &more);
	ok(rock.name_len == 255 && rock.name_bad, "and not one more");
}

static const struct {
	struct view fields;
	const char *target;
	bool bad;
} links[] = {
	{ FIELDS_OF("SL\x08\1\0\0\1a"), "a", false },
	{ FIELDS_OF("SL\x0b\1\0\0\1a\0\1b"), "a/b", false },
	{ FIELDS_OF("SL\x0a\1\0\x08\0\0\1b"), "/b", false },
	{ FIELDS_OF("SL\x07\1\0\x08\0"), "/", false },
	{ FIELDS_OF("SL\x0e\1\0\4\0\4\0\2\0\0\1b"), "../.././b", false },
	/* A component, and a field, that go on. */
	{ FIELDS_OF("SL\x0b\1\0\1\1a\0\1b"), "ab", false },
	{ FIELDS_OF("SL\x08\1\1\1\1aSL\x08\1\0\0\1b"), "ab", false },
	{ FIELDS_OF("SL\x08\1\1\0\1aSL\x08\1\0\0\1b"), "a/b", false },
	{ FIELDS_OF("SL\x05\1\0"), "", false },
	{ FIELDS_OF("SL\x08\1\0\0\2a"), "", true },
	{ FIELDS_OF("SL\x06\1\0\0"), "", true },
	{ FIELDS_OF("SL\x04\1"), "", true },
	{ FIELDS_OF("SL\x0a\1\0\0\3a\0b"), "", true },
};

static void test_links(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct rock rock = parse(links[i].fields);

		ok_str(rock.target, links[i].target, "a target");
		ok(rock.is_link && rock.target_bad == links[i].bad,
		   links[i].bad ? "is damaged" : "is whole");
	}
}

static void test_long_link(void)
{
	struct rock rock = { 0 };
	struct rock_more more;
	uint8_t field[7 + 127] = "SL\x86\1\0\0\x7f";

	memset(field + 7, 't', 127);
	(void)rock_parse(&rock, view_over(field, sizeof(field)), &more);
	(void)rock_parse(&rock, view_over(field, sizeof(field)), &more);
	ok(rock.target_len == 255 && !rock.target_bad, "255 bytes");
	(void)rock_parse(&rock, FIELDS("SL\x08\1\0\1\1t"), &more);
	ok(rock.target_bad, "and not one more");
}

static void test_fields(void)
{
	struct rock_more more = { 7, 7, 7 };
	struct rock rock = { 0 };

	ok(parse(FIELDS("PX\x0c\1\xed\x41\0\0\0\0\x41\xed")).mode == 040755,
	   "a mode");
	ok(!parse(FIELDS("PX\x06\1\xed\x41")).has_mode, "which is cut");
	rock = parse(FIELDS("CL\x0c\1\1\2\0\0\0\0\2\1RE\x04\1"));
	ok(rock.has_child && rock.child == 0x201 && rock.is_moved, "moved");
	ok(parse(FIELDS("ZF\x05\1p")).is_coded, "compressed");
	rock = parse(FIELDS("SP\x07\1\xbe\xef\x0e"));
	ok(rock.is_shared && rock.skip == 14 && !rock.is_rock_ridge,
	   "SUSP alone");
	ok(!parse(FIELDS("SP\x07\1\xbe\xee\x0e")).is_shared, "or none");
	ok(!parse(FIELDS("ST\x04\1RE\x04\1")).is_moved, "the end");
	ok(!parse(FIELDS("XX\x03\1RE\x04\1")).is_moved, "no length");
	ok(!parse(FIELDS("RE\x05\1")).is_moved, "a length that is too long");
	ok(parse(FIELDS("XX\x05\1 RE\x04\1")).is_moved, "what is not known");
	ok(rock_parse(&rock,
		      FIELDS("CE\x1c\1\1\0\0\0\0\0\0\1\2\0\0\0\0\0\0\2"
			     "\3\0\0\0\0\0\0\3"),
		      &more) &&
		   more.block == 1 && more.offset == 2 && more.size == 3,
	   "what goes on");
	ok(!rock_parse(&rock, FIELDS("CE\x08\1\1\0\0\0"), &more) &&
		   more.block == 1,
	   "or does not");
}

/* --- records --- */

static uint8_t sector[ISO_SECTOR];

static struct view one_record(size_t len)
{
	static const uint8_t record[] = "\x30\1\x10\0\0\0\0\0\0\x10"
					"\5\0\0\0\0\0\0\5"
					"\x7b\1\1\0\0\0\0"
					"\x80\0\0\1\0\0\1"
					"\6VMLI.1\0NM\x08\1\0abc";

	memset(sector, 0, sizeof(sector));
	memcpy(sector, record, sizeof(record) - 1);
	return view_over(sector, len);
}

static void test_record(void)
{
	struct iso_record record;
	struct view v = one_record(sizeof(sector));
	int refused = 0;

	ok_int(iso_record_parse(&v, 2048, &record), 0, "a record");
	ok(record.start == 0x11 * 2048 && record.size == 5,
	   "where it is, behind its extended attributes");
	ok(record.goes_on && !record.is_directory && !record.is_dot,
	   "its flags");
	ok(record.name.left == 6 && record.fields.left == 8 &&
		   view_starts(record.fields, "NM", 2),
	   "its parts");
	ok_int(iso_record_parse(&v, 2048, &record), -ENODATA, "no other");
	for (size_t len = 1; len < 0x30; len++) {
		v = one_record(len);
		refused += iso_record_parse(&v, 2048, &record) == -EBADMSG;
	}
	ok_int(refused, 0x30 - 1, "one that is cut, anywhere");
}

static void test_bad_record(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *what;
	} damages[] = {
		{ 0, 1, "one byte" },
		{ 0, 33, "no name" },
		{ 32, 0, "an empty name" },
		{ 32, 255, "a name that is too long" },
	};
	struct iso_record record;

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct view v = one_record(sizeof(sector));

		sector[damages[i].at] = damages[i].value;
		ok_int(iso_record_parse(&v, 2048, &record), -EBADMSG,
		       damages[i].what);
	}
}

/* --- names --- */

static const struct {
	struct view is;
	const char *name; /* NULL: none */
} names[] = {
	{ FIELDS_OF("VMLINUZ.;1"), "vmlinuz" },
	{ FIELDS_OF("INITRD.GZ;1"), "initrd.gz" },
	{ FIELDS_OF("INITRD.GZ"), "initrd.gz" },
	{ FIELDS_OF("A;B;12"), "a;b" },
	{ FIELDS_OF("A;B"), "a;b" },
	{ FIELDS_OF("LIVE"), "live" },
	{ FIELDS_OF("."), NULL },
	{ FIELDS_OF(".."), NULL },
	{ FIELDS_OF("..;1"), NULL },
	{ FIELDS_OF(";1"), NULL },
	{ FIELDS_OF("A/B"), NULL },
	{ FIELDS_OF("A\0B"), NULL },
};

static const struct {
	struct view is;
	const char *name;
} joliet_names[] = {
	{ FIELDS_OF("\0V\0m\0;\0001"), "Vm" },
	{ FIELDS_OF("\0g\0\xfc\x20\xac"), "gü€" },
	{ FIELDS_OF("\xd8\x3d\xde\x80"), "🚀" },
	{ FIELDS_OF("\0a\xd8\x3d"), NULL },
	{ FIELDS_OF("\xd8\x3d\0a"), NULL },
	{ FIELDS_OF("\xde\x80\0a"), NULL },
	{ FIELDS_OF("\0a\0\0"), NULL },
	{ FIELDS_OF("\0a\0/"), NULL },
	{ FIELDS_OF("\0.\0."), NULL },
	{ FIELDS_OF(""), NULL },
};

static void test_spelling(void)
{
	char name[NAME_MAX + 1];
	uint8_t wide[2 * 86];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ok_str(iso_record_name(names[i].is, name) ? name : NULL,
		       names[i].name, "a name");
	for (size_t i = 0; i < ARRAY_SIZE(joliet_names); i++)
		ok_str(iso_record_joliet_name(joliet_names[i].is, name) ? name
									: NULL,
		       joliet_names[i].name, "a name of Joliet");
	memset(wide, 0x40, sizeof(wide)); /* three bytes each */
	ok(iso_record_joliet_name(view_over(wide, 2 * 85), name) &&
		   strlen(name) == 255,
	   "the longest");
	ok(!iso_record_joliet_name(view_over(wide, 2 * 86), name),
	   "and no longer one");
}

int main(void)
{
	test_names();
	test_long_name();
	test_links();
	test_long_link();
	test_fields();
	test_record();
	test_bad_record();
	test_spelling();
	return tap_done();
}
