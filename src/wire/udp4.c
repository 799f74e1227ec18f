/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "wire/udp4.h"

#define IP_HEADER     20
#define IP_TTL	      64
#define IP_FRAGMENT   0x3fff /* more fragments, or not the first */
#define UDP_HEADER    8
#define PROTOCOL_UDP  17
#define CHECKSUM_GOOD 0

/* Adds the bytes as 16-bit words, an odd last one padded (RFC 1071). */
static uint32_t add_words(uint32_t sum, struct view v)
{
	while (v.left >= 2)
		sum += view_be16(&v);
	if (v.left > 0)
		sum += (uint32_t)view_u8(&v) << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The pseudo header of RFC 768. */
static uint32_t pseudo_sum(uint32_t source, uint32_t destination, size_t len)
{
	return (source >> 16) + (source & 0xffff) + (destination >> 16) +
	       (destination & 0xffff) + PROTOCOL_UDP + (uint32_t)len;
}

/* Takes the IPv4 header off *bytes, which is then what it carries. */
static int take_ip(struct view *bytes, struct udp4_packet *packet)
{
	struct view whole = *bytes, header, v;
	uint8_t first = view_u8(&whole), protocol;
	size_t header_len = (first & 0x0f) * 4u, total;
	uint16_t fragment;

	if (first >> 4 != 4 || header_len < IP_HEADER)
		return -EBADMSG;
	v = header = view_sub(bytes, header_len);
	view_skip(&v, 2);
	total = view_be16(&v);
	view_skip(&v, 2);
	fragment = view_be16(&v);
	view_skip(&v, 1);
	protocol = view_u8(&v);
	view_skip(&v, 2);
	packet->source = view_be32(&v);
	packet->destination = view_be32(&v);
	if (v.bad || fold(add_words(0, header)) != CHECKSUM_GOOD ||
	    protocol != PROTOCOL_UDP || fragment & IP_FRAGMENT ||
	    total < header_len)
		return -EBADMSG;
	*bytes = view_sub(bytes, total - header_len);
	return bytes->bad ? -EBADMSG : 0;
}

int udp4_parse(struct view bytes, bool checksum_partial,
	       struct udp4_packet *ret_packet)
{
	struct udp4_packet packet = { 0 };
	struct view udp, v;
	uint16_t checksum;
	size_t len;
	int r = take_ip(&bytes, &packet);

	if (r < 0)
		return r;
	v = bytes;
	packet.source_port = view_be16(&v);
	packet.destination_port = view_be16(&v);
	len = view_be16(&v);
	checksum = view_be16(&v);
	if (v.bad || len < UDP_HEADER)
		return -EBADMSG;
	udp = view_sub(&bytes, len);
	if (udp.bad)
		return -EBADMSG;
	if (checksum != 0 && !checksum_partial &&
	    fold(add_words(pseudo_sum(packet.source, packet.destination, len),
			   udp)) != CHECKSUM_GOOD)
		return -EBADMSG;
	view_skip(&udp, UDP_HEADER);
	packet.payload = udp;
	*ret_packet = packet;
	return 0;
}

static void put_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void udp4_build(struct build *b, const struct udp4_packet *packet)
{
	size_t len = UDP_HEADER + packet->payload.left, start = b->len;
	uint8_t *ip, *udp;
	uint16_t checksum;

	if (IP_HEADER + len > UINT16_MAX)
		b->bad = true;
	build_be16(b, 0x4500); /* version, header length, no service */
	build_be16(b, (uint16_t)(IP_HEADER + len));
	build_be32(b, 0x4000); /* don't fragment */
	build_u8(b, IP_TTL);
	build_u8(b, PROTOCOL_UDP);
	build_be16(b, 0);
	build_be32(b, packet->source);
	build_be32(b, packet->destination);
	build_be16(b, packet->source_port);
	build_be16(b, packet->destination_port);
	build_be16(b, (uint16_t)len);
	build_be16(b, 0);
	build_bytes(b, packet->payload.at, packet->payload.left);
	if (b->bad)
		return;
	ip = b->start + start;
	udp = ip + IP_HEADER;
	put_be16(ip + 10, fold(add_words(0, view_over(ip, IP_HEADER))));
	checksum = fold(
		add_words(pseudo_sum(packet->source, packet->destination, len),
			  view_over(udp, len)));
	/* 0 would say that there is none (RFC 768). */
	put_be16(udp + 6, checksum ? checksum : UINT16_MAX);
}
