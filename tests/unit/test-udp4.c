/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/udp4.h"

/* 192.0.2.1:67 to 192.0.2.2:68, "abc"; sums computed by another program. */
static const uint8_t good[] = {
	0x45, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb6,
	0xca, 192,  0,	  2,	1,    192,  0,	  2,	2,    0x00, 67,
	0x00, 68,   0x00, 0x0b, 0xb6, 0xea, 'a',  'b',	'c',
};

static const struct udp4_packet packet = {
	.source = 0xc0000201,
	.destination = 0xc0000202,
	.source_port = 67,
	.destination_port = 68,
	.payload = { .at = (const uint8_t *)"abc", .left = 3 },
};

static void test_build(void)
{
	uint8_t out[64];
	struct build b = build_over(out, sizeof(out));

	udp4_build(&b, &packet);
	ok(!b.bad && b.len == sizeof(good) && !memcmp(out, good, sizeof(good)),
	   "a packet is built to the byte");
	b = build_over(out, sizeof(good) - 1);
	udp4_build(&b, &packet);
	ok(b.bad, "a packet that does not fit is bad");
}

static void test_parse(void)
{
	struct udp4_packet p;
	uint8_t bytes[sizeof(good) + 15] = { 0 };

	memcpy(bytes, good, sizeof(good));
	ok_int(udp4_parse(view_over(bytes, sizeof(bytes)), false, &p), 0,
	       "a packet with Ethernet padding is read");
	ok(p.source == packet.source && p.destination == packet.destination &&
		   p.source_port == 67 && p.destination_port == 68,
	   "its addresses and ports");
	ok(p.payload.left == 3 && view_starts(p.payload, "abc", 3),
	   "its payload without the padding");
}

/* One byte changed, the header's checksum made right again unless that is the
 * change: all of these must be refused. */
static const struct {
	size_t at;
	uint8_t value;
	bool partial; /* what udp4_parse() says with checksum_partial */
	const char *what;
} changes[] = {
	{ 0, 0x65, false, "version 6" },
	{ 0, 0x44, false, "a header of 16 bytes" },
	{ 0, 0x4f, false, "a header longer than the packet" },
	{ 3, 0x20, false, "a length past the end" },
	{ 3, 0x10, false, "a length below the header's" },
	{ 6, 0x20, false, "a fragment" },
	{ 9, 6, false, "TCP" },
	{ 11, 0xcb, false, "a wrong header checksum" },
	{ 25, 0x0c, false, "a UDP length past the end" },
	{ 25, 0x07, false, "a UDP length below its header's" },
	{ 27, 0x00, true, "a wrong UDP checksum" },
	{ 30, 'd', true, "another payload" },
};

static void set_header_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (size_t i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void test_changed(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		uint8_t bytes[sizeof(good)];
		struct udp4_packet p;
		struct view v = view_over(bytes, sizeof(bytes));

		memcpy(bytes, good, sizeof(good));
		bytes[changes[i].at] = changes[i].value;
		if (changes[i].at != 11)
			set_header_checksum(bytes);
		ok_int(udp4_parse(v, false, &p), -EBADMSG, changes[i].what);
		ok_int(udp4_parse(v, true, &p) == 0, changes[i].partial,
		       "with a partial UDP checksum");
	}
}

static void test_cut(void)
{
	size_t accepted = 0;
	struct udp4_packet p;

	for (size_t n = 0; n < sizeof(good); n++)
		accepted += udp4_parse(view_over(good, n), true, &p) == 0;
	ok_int((int64_t)accepted, 0, "a packet cut anywhere is refused");
}

int main(void)
{
	test_build();
	test_parse();
	test_changed();
	test_cut();
	return tap_done();
}
