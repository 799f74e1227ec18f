/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/dhcp4.h"

#define HEADER	240 /* with the cookie */
#define SNAME	44
#define FILE_AT 108

struct packet {
	uint8_t bytes[1500];
	size_t len;
};

/* A reply with these option bytes, by hand. */
static struct packet reply(const void *options, size_t len)
{
	struct packet p = {
		.bytes = { 2, 1,    6,	 0,   0x12, 0x34, 0x56, 0x78, 0,
			   5, 0x80, 0,	 192, 0,    2,	  1,	192,  0,
			   2, 2,    192, 0,   2,    3,	  192,	0,    2,
			   4, 2,    0,	 0,   0,    0,	  1 },
		.len = HEADER + len,
	};

	memcpy(p.bytes + HEADER - 4, "\x63\x82\x53\x63", 4);
	memcpy(p.bytes + HEADER, options, len);
	return p;
}

/* Options given as a literal, without the NUL at its end. */
#define REPLY(text) reply(text, sizeof(text) - 1)

static int parse(const struct packet *p, struct dhcp4_message *m)
{
	return dhcp4_parse(view_over(p->bytes, p->len), m);
}

static void test_fixed(void)
{
	struct packet p = REPLY("\x35\1\5\xff");
	struct dhcp4_message m;

	memcpy(p.bytes + SNAME, "server", 6);
	memset(p.bytes + FILE_AT, 'f', 128);
	ok_int(parse(&p, &m), 0, "a reply is read");
	ok(m.op == DHCP4_OP_REPLY && m.htype == 1 && m.hlen == 6,
	   "op, htype, hlen");
	ok(m.xid == 0x12345678 && m.secs == 5 &&
		   m.flags == DHCP4_FLAG_BROADCAST,
	   "xid, secs, flags");
	ok(m.ciaddr == 0xc0000201 && m.yiaddr == 0xc0000202 &&
		   m.siaddr == 0xc0000203 && m.giaddr == 0xc0000204,
	   "addresses");
	ok(m.chaddr[0] == 2 && m.chaddr[5] == 1, "chaddr");
	ok(m.sname.left == 6 && view_starts(m.sname, "server", 6),
	   "sname ends at its NUL");
	ok_int((int64_t)m.file.left, 128, "file without NUL is whole");
}

/* What cannot be read at all. */
static void test_refused(void)
{
	static const struct {
		const char *what;
		const char *options;
		size_t len;
	} rows[] = {
		{ "a length past the end", "\x35\2\5", 3 },
		{ "a code without length at the end", "\x35\1\5\x0c", 4 },
		{ "END as a value, the length past it", "\x0c\5ab\xff", 5 },
		{ "an overload of no length", "\x34\0\xff", 3 },
		{ "an overload of 4", "\x34\1\4\xff", 4 },
		{ "an overload of 0", "\x34\1\0\xff", 4 },
	};
	struct dhcp4_message m;
	struct packet p;
	size_t accepted = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		p = reply(rows[i].options, rows[i].len);
		ok_int(parse(&p, &m), -EBADMSG, rows[i].what);
	}
	p = REPLY("\xff");
	p.bytes[HEADER - 1] ^= 1;
	ok_int(parse(&p, &m), -EBADMSG, "another cookie");
	p = REPLY("\xff");
	p.bytes[0] = 3;
	ok_int(parse(&p, &m), -EBADMSG, "another op");
	p = REPLY("\xff");
	p.bytes[2] = 17;
	ok_int(parse(&p, &m), -EBADMSG, "an hlen past chaddr");
	p = REPLY("");
	for (p.len = 0; p.len < HEADER; p.len++)
		accepted += parse(&p, &m) == 0;
	ok_int((int64_t)accepted, 0, "a header cut anywhere");
	p = REPLY("\x34\1\1\xff");
	memset(p.bytes + FILE_AT, 0x0c, 128);
	ok_int(parse(&p, &m), -EBADMSG, "an option that runs past file");
}

static size_t count(const struct dhcp4_message *m)
{
	struct dhcp4_options options = dhcp4_options(m);
	struct dhcp4_option option;
	size_t n = 0;

	while (dhcp4_next(&options, &option))
		n++;
	return n;
}

static void test_options(void)
{
	struct packet p = REPLY("\0\0\x35\1\2\0\x0c\2ab\x50\0");
	struct dhcp4_message m;
	uint8_t buf[300];
	size_t len = 99;

	ok_int(parse(&p, &m), 0, "a missing END is tolerated");
	ok_int((int64_t)count(&m), 3, "PAD is hidden, an empty last one kept");
	ok_int(dhcp4_get(&m, 0x50, buf, sizeof(buf), &len), 0,
	       "the empty option is there");
	ok_int((int64_t)len, 0, "and has length 0");
	ok_int(dhcp4_get(&m, 1, buf, sizeof(buf), &len), -ENODATA,
	       "another is absent");
	p = REPLY("\x35\1\2\xff\x0c\2ab\xff");
	ok(parse(&p, &m) == 0 && count(&m) == 1, "nothing follows END");
	p = REPLY("\x0c\1\xff\x35\1\xff\xff");
	ok(parse(&p, &m) == 0 && count(&m) == 2, "255 is a fine value");
}

/* Options in all three areas, one of them in three parts. */
static void test_overload(void)
{
	struct packet p = REPLY("\x0c\1a\x34\1\3\xff");
	struct dhcp4_message m;
	char text[8];

	memcpy(p.bytes + SNAME, "\x0c\1c\x34\1\1\xff", 7);
	memcpy(p.bytes + FILE_AT, "\x0c\1b\x34\1\3\xff", 7);
	ok_int(parse(&p, &m), 0, "areas that name each other are read once");
	ok_int((int64_t)count(&m), 3, "overload itself is hidden");
	ok(m.file.left == 0 && m.sname.left == 0, "fields are no text then");
	ok_int(dhcp4_get_text(&m, 0x0c, text, sizeof(text)), 3,
	       "parts are joined");
	ok_str(text, "abc", "in the order of RFC 3396");
	ok_int(dhcp4_get_text(&m, 0x0c, text, 3), -ENOBUFS,
	       "a small buffer is refused");
}

static void test_getters(void)
{
	struct packet p = REPLY("\x33\4\0\1\0\2\x1a\2\5\xdc"
				"\6\x0c\1\1\1\1\2\2\2\2\3\3\3\3"
				"\3\3\1\2\3\x0c\4ab\0\0\x0f\3a\0b\x38\1\0\xff");
	uint32_t number = 0, addresses[2];
	struct dhcp4_message m;
	char text[16];

	ok_int(parse(&p, &m), 0, "options of all kinds");
	ok(dhcp4_get_number(&m, 51, 4, &number) == 0 && number == 65538,
	   "four bytes");
	ok(dhcp4_get_number(&m, 26, 2, &number) == 0 && number == 1500,
	   "two bytes");
	ok_int(dhcp4_get_number(&m, 26, 4, &number), -EBADMSG,
	       "two bytes are not four");
	ok_int(dhcp4_get_number(&m, 6, 4, &number), -EBADMSG, "nor are twelve");
	ok(dhcp4_get_addresses(&m, 6, addresses, 2) == 2 &&
		   addresses[1] == 0x02020202,
	   "as many addresses as fit");
	ok_int(dhcp4_get_addresses(&m, 3, addresses, 2), -EBADMSG,
	       "three bytes are no address");
	ok_int(dhcp4_get_text(&m, 12, text, sizeof(text)), 2,
	       "NULs at the end are removed");
	ok_int(dhcp4_get_text(&m, 15, text, sizeof(text)), -EBADMSG,
	       "NULs inside are refused");
	ok_int(dhcp4_get_text(&m, 56, text, sizeof(text)), -ENODATA,
	       "nothing but NUL is no text");
}

static void test_routes(void)
{
	struct dhcp4_route routes[2];
	struct dhcp4_message m;
	struct packet p = REPLY("\x79\x15\0\1\1\1\1\x09\x0a\xff\2\2\2\2"
				"\x20\1\2\3\4\0\0\0\0\xff");

	ok(parse(&p, &m) == 0 && dhcp4_get_routes(&m, routes, 2) == 2,
	   "as many routes as fit");
	ok(routes[0].prefix == 0 && routes[0].destination == 0 &&
		   routes[0].gateway == 0x01010101,
	   "the default route");
	ok(routes[1].prefix == 9 && routes[1].destination == 0x0a800000 &&
		   routes[1].gateway == 0x02020202,
	   "bits behind the prefix are cleared");
	p = REPLY("\x79\6\x21\1\2\3\4\5\xff");
	ok(parse(&p, &m) == 0 && dhcp4_get_routes(&m, routes, 2) == -EBADMSG,
	   "a prefix of 33");
	p = REPLY("\x79\6\x18\1\2\3\4\5\xff");
	ok(parse(&p, &m) == 0 && dhcp4_get_routes(&m, routes, 2) == -EBADMSG,
	   "a route that is cut");
	p = REPLY("\x79\0\xff");
	ok(parse(&p, &m) == 0 && dhcp4_get_routes(&m, routes, 2) == -EBADMSG,
	   "an empty option");
}

static void test_build(void)
{
	struct dhcp4_message m, head = {
		.op = DHCP4_OP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = 7,
		.chaddr = { 2, 3 },
		.file = view_over("boot", 4),
	};
	uint8_t out[1200], value[600], back[600];
	struct build b = build_over(out, sizeof(out));
	uint32_t number;
	size_t len;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)i;
	dhcp4_begin(&b, &head);
	dhcp4_add_number(&b, DHCP4_MESSAGE_TYPE, DHCP4_DISCOVER, 1);
	dhcp4_add(&b, 80, "", 0);
	dhcp4_end(&b);
	ok(!b.bad && b.len == DHCP4_BOOTP_MIN, "padded to the BOOTP minimum");
	ok_int(dhcp4_parse(view_over(out, b.len), &m), 0, "and read back");
	ok(m.xid == 7 && m.chaddr[1] == 3 && view_starts(m.file, "boot", 4),
	   "with its fields");
	ok(dhcp4_get_number(&m, DHCP4_MESSAGE_TYPE, 1, &number) == 0 &&
		   number == DHCP4_DISCOVER,
	   "and its type");
	ok_int((int64_t)count(&m), 2, "and the empty option");

	b = build_over(out, sizeof(out));
	dhcp4_begin(&b, &head);
	dhcp4_add(&b, DHCP4_VENDOR, value, sizeof(value));
	dhcp4_end(&b);
	ok(!b.bad && b.len == HEADER + 600 + 3 * 2 + 1, "600 bytes in 3 parts");
	ok(dhcp4_parse(view_over(out, b.len), &m) == 0 && count(&m) == 3 &&
		   dhcp4_get(&m, DHCP4_VENDOR, back, 600, &len) == 0 &&
		   len == 600 && !memcmp(back, value, 600),
	   "are joined again");
	b = build_over(out, b.len - 1);
	dhcp4_begin(&b, &head);
	dhcp4_add(&b, DHCP4_VENDOR, value, sizeof(value));
	dhcp4_end(&b);
	ok(b.bad, "no room for END is noticed");
	head.sname = view_over(value, 65);
	b = build_over(out, sizeof(out));
	dhcp4_begin(&b, &head);
	ok(b.bad, "an sname of 65 bytes is noticed");
}

int main(void)
{
	test_fixed();
	test_refused();
	test_options();
	test_overload();
	test_getters();
	test_routes();
	test_build();
	return tap_done();
}
