/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "wire/dhcp4.h"

#define COOKIE	   0x63825363u /* RFC 2131 section 3 */
#define CHADDR_LEN 16
#define SNAME_LEN  64
#define FILE_LEN   128
#define PART_MAX   255
/* More than any list of addresses or routes that makes sense. */
#define VALUE_MAX 1024

enum overload {
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2,
};

/*
 * The next option of an area. False at END, at the end of the bytes, and with
 * area->bad when an option runs past it; the area is done with then.
 */
static bool area_next(struct view *area, struct dhcp4_option *ret_option)
{
	while (area->left > 0) {
		uint8_t code = view_u8(area);
		struct view value;

		if (code == DHCP4_PAD)
			continue;
		if (code == DHCP4_END)
			break;
		value = view_sub(area, view_u8(area));
		if (area->bad)
			return false;
		*ret_option = (struct dhcp4_option){
			.code = code,
			.value = value,
		};
		return true;
	}
	return false;
}

static struct view text_field(struct view field)
{
	const uint8_t *nul = memchr(field.at, 0, field.left);

	if (nul)
		field.left = (size_t)(nul - field.at);
	return field;
}

/*
 * Walks through one area. Option overload counts in the options field only
 * (RFC 2132 section 9.3 knows no other place), so areas cannot name each
 * other in a loop.
 */
static int check_area(struct view area, uint8_t *overload)
{
	struct dhcp4_option option;

	while (area_next(&area, &option)) {
		if (!overload || option.code != DHCP4_OVERLOAD)
			continue;
		if (option.value.left != 1 || *option.value.at < 1 ||
		    *option.value.at > 3)
			return -EBADMSG;
		*overload = *option.value.at;
	}
	return area.bad ? -EBADMSG : 0;
}

static int assign_areas(struct dhcp4_message *m, struct view options)
{
	uint8_t overload = 0;
	int r = check_area(options, &overload);

	if (r < 0)
		return r;
	m->areas[DHCP4_AREA_OPTIONS] = options;
	if (overload & OVERLOAD_FILE) {
		m->areas[DHCP4_AREA_FILE] = m->file;
		m->file = (struct view){ 0 };
	} else {
		m->file = text_field(m->file);
	}
	if (overload & OVERLOAD_SNAME) {
		m->areas[DHCP4_AREA_SNAME] = m->sname;
		m->sname = (struct view){ 0 };
	} else {
		m->sname = text_field(m->sname);
	}
	r = check_area(m->areas[DHCP4_AREA_FILE], NULL);
	return r < 0 ? r : check_area(m->areas[DHCP4_AREA_SNAME], NULL);
}

int dhcp4_parse(struct view packet, struct dhcp4_message *ret_message)
{
	struct view v = packet;
	struct dhcp4_message m = {
		.op = view_u8(&v),
		.htype = view_u8(&v),
		.hlen = view_u8(&v),
		.hops = view_u8(&v),
		.xid = view_be32(&v),
		.secs = view_be16(&v),
		.flags = view_be16(&v),
		.ciaddr = view_be32(&v),
		.yiaddr = view_be32(&v),
		.siaddr = view_be32(&v),
		.giaddr = view_be32(&v),
	};
	uint32_t cookie;
	int r;

	view_copy(&v, m.chaddr, sizeof(m.chaddr));
	m.sname = view_sub(&v, SNAME_LEN);
	m.file = view_sub(&v, FILE_LEN);
	cookie = view_be32(&v);
	if (v.bad || cookie != COOKIE || m.hlen > CHADDR_LEN ||
	    (m.op != DHCP4_OP_REQUEST && m.op != DHCP4_OP_REPLY))
		return -EBADMSG;
	r = assign_areas(&m, v);
	if (r < 0)
		return r;
	*ret_message = m;
	return 0;
}

struct dhcp4_options dhcp4_options(const struct dhcp4_message *message)
{
	struct dhcp4_options options = { .area = 0 };

	memcpy(options.areas, message->areas, sizeof(options.areas));
	return options;
}

bool dhcp4_next(struct dhcp4_options *options, struct dhcp4_option *ret_option)
{
	for (; options->area < DHCP4_AREAS; options->area++) {
		struct view *area = &options->areas[options->area];

		while (area_next(area, ret_option))
			if (ret_option->code != DHCP4_OVERLOAD)
				return true;
	}
	return false;
}

int dhcp4_get(const struct dhcp4_message *message, uint8_t code, void *buf,
	      size_t size, size_t *ret_len)
{
	struct dhcp4_options options = dhcp4_options(message);
	struct build joined = build_over(buf, size);
	struct dhcp4_option option;
	bool found = false;

	while (dhcp4_next(&options, &option)) {
		if (option.code != code)
			continue;
		found = true;
		build_bytes(&joined, option.value.at, option.value.left);
	}
	if (!found)
		return -ENODATA;
	if (joined.bad)
		return -ENOBUFS;
	*ret_len = joined.len;
	return 0;
}

int dhcp4_get_number(const struct dhcp4_message *message, uint8_t code,
		     size_t bytes, uint32_t *ret_number)
{
	uint8_t buf[4];
	struct view v;
	size_t len;
	int r = dhcp4_get(message, code, buf, sizeof(buf), &len);

	if (r == -ENOBUFS || (r == 0 && len != bytes))
		return -EBADMSG;
	if (r < 0)
		return r;
	v = view_over(buf, len);
	*ret_number = (uint32_t)view_be(&v, bytes);
	return 0;
}

int dhcp4_get_addresses(const struct dhcp4_message *message, uint8_t code,
			uint32_t *addresses, size_t max)
{
	uint8_t buf[VALUE_MAX];
	struct view v;
	size_t len, n;
	int r = dhcp4_get(message, code, buf, sizeof(buf), &len);

	if (r == -ENOBUFS || (r == 0 && (len == 0 || len % 4 != 0)))
		return -EBADMSG;
	if (r < 0)
		return r;
	v = view_over(buf, len);
	for (n = 0; n < max && v.left > 0; n++)
		addresses[n] = view_be32(&v);
	return (int)n;
}

int dhcp4_get_text(const struct dhcp4_message *message, uint8_t code, char *buf,
		   size_t size)
{
	size_t len;
	int r = dhcp4_get(message, code, buf, size, &len);

	if (r < 0)
		return r;
	while (len > 0 && buf[len - 1] == '\0')
		len--;
	if (len == 0)
		return -ENODATA;
	if (len == size)
		return -ENOBUFS;
	if (memchr(buf, 0, len))
		return -EBADMSG;
	buf[len] = '\0';
	return (int)len;
}

/* RFC 3442: the prefix, as many octets of the destination as it covers, the
 * gateway. */
static struct dhcp4_route next_route(struct view *v)
{
	struct dhcp4_route route = { .prefix = view_u8(v) };
	size_t octets = DIV_ROUND_UP(route.prefix, 8u);

	if (octets > 4) {
		v->bad = true;
		return route;
	}
	/* In 64 bits, as shifting 32 bits by 32 is undefined. */
	route.destination = (uint32_t)(view_be(v, octets) << (32 - 8 * octets));
	route.destination &= (uint32_t)(UINT64_MAX << (32 - route.prefix));
	route.gateway = view_be32(v);
	return route;
}

int dhcp4_get_routes(const struct dhcp4_message *message,
		     struct dhcp4_route *routes, size_t max)
{
	uint8_t buf[VALUE_MAX];
	size_t len, n = 0;
	struct view v;
	int r = dhcp4_get(message, DHCP4_CLASSLESS_ROUTES, buf, sizeof(buf),
			  &len);

	if (r == -ENOBUFS || (r == 0 && len == 0))
		return -EBADMSG;
	if (r < 0)
		return r;
	v = view_over(buf, len);
	while (v.left > 0 && !v.bad) {
		struct dhcp4_route route = next_route(&v);

		if (!v.bad && n < max)
			routes[n++] = route;
	}
	return v.bad ? -EBADMSG : (int)n;
}

int dhcp4_find_in(struct view option, uint8_t code, struct view *ret_value)
{
	struct dhcp4_option inner;

	while (area_next(&option, &inner)) {
		if (inner.code != code)
			continue;
		*ret_value = inner.value;
		return 0;
	}
	return option.bad ? -EBADMSG : -ENODATA;
}

static void add_field(struct build *b, struct view text, size_t width)
{
	if (text.left > width) {
		b->bad = true;
		return;
	}
	build_bytes(b, text.at, text.left);
	build_zero(b, width - text.left);
}

void dhcp4_begin(struct build *b, const struct dhcp4_message *head)
{
	build_u8(b, head->op);
	build_u8(b, head->htype);
	build_u8(b, head->hlen);
	build_u8(b, head->hops);
	build_be32(b, head->xid);
	build_be16(b, head->secs);
	build_be16(b, head->flags);
	build_be32(b, head->ciaddr);
	build_be32(b, head->yiaddr);
	build_be32(b, head->siaddr);
	build_be32(b, head->giaddr);
	build_bytes(b, head->chaddr, sizeof(head->chaddr));
	add_field(b, head->sname, SNAME_LEN);
	add_field(b, head->file, FILE_LEN);
	build_be32(b, COOKIE);
}

void dhcp4_add(struct build *b, uint8_t code, const void *value, size_t len)
{
	struct view v = view_over(value, len);

	do {
		size_t part = MIN(v.left, (size_t)PART_MAX);

		build_u8(b, code);
		build_u8(b, (uint8_t)part);
		build_bytes(b, view_take(&v, part), part);
	} while (v.left > 0);
}

void dhcp4_add_number(struct build *b, uint8_t code, uint32_t number,
		      size_t bytes)
{
	build_u8(b, code);
	build_u8(b, (uint8_t)bytes);
	build_be(b, number, bytes);
}

void dhcp4_end(struct build *b)
{
	build_u8(b, DHCP4_END);
	if (b->len < DHCP4_BOOTP_MIN)
		build_zero(b, DHCP4_BOOTP_MIN - b->len);
}
