/* SPDX-License-Identifier: MIT */
#include "wire/router-advert.h"

#include <errno.h>

#define TYPE_ADVERT	 134
#define FLAG_MANAGED	 0x80
#define FLAG_OTHER	 0x40
#define OPTION_PREFIX	 3
#define OPTION_RDNSS	 25
#define OPTION_DNSSL	 31
#define OPTION_UNIT	 8 /* bytes that an option's length counts in */
#define PREFIX_OPTION	 32
#define PREFIX_AUTOMATIC 0x40

static struct ipv6 read_address(struct view *v)
{
	struct ipv6 address = { 0 };

	view_copy(v, address.bytes, sizeof(address.bytes));
	return address;
}

/* RFC 4861 section 4.6.2, behind type and length */
static void read_prefix(struct view v, struct router_advert *advert)
{
	struct router_prefix prefix = { .len = view_u8(&v) };

	prefix.autonomous = view_u8(&v) & PREFIX_AUTOMATIC;
	prefix.valid_s = view_be32(&v);
	view_skip(&v, 8); /* preferred life time, reserved */
	prefix.address = read_address(&v);
	if (!v.bad && prefix.len <= 128 &&
	    advert->prefix_count < ROUTER_ADVERT_PREFIXES)
		advert->prefixes[advert->prefix_count++] = prefix;
}

/* RFC 8106 section 5.1 */
static void read_dns(struct view v, struct router_advert *advert)
{
	uint32_t lifetime_s;

	view_skip(&v, 2);
	lifetime_s = view_be32(&v);
	while (v.left >= sizeof(struct ipv6) &&
	       advert->dns_count < ROUTER_ADVERT_DNS) {
		struct ipv6 address = read_address(&v);

		if (ipv6_is_host(&address))
			advert->dns[advert->dns_count++] = (struct router_dns){
				.address = address,
				.lifetime_s = lifetime_s,
			};
	}
}

/* RFC 8106 section 5.2 */
static void read_domains(struct view v, struct router_advert *advert)
{
	uint32_t lifetime_s;

	view_skip(&v, 2);
	lifetime_s = view_be32(&v);
	while (advert->domain_count < ROUTER_ADVERT_DOMAINS) {
		struct router_domain *domain =
			&advert->domains[advert->domain_count];

		if (!dns_name_next(&v, domain->name))
			return;
		domain->lifetime_s = lifetime_s;
		advert->domain_count++;
	}
}

static int read_option(struct view *message, struct router_advert *advert)
{
	uint8_t type = view_u8(message);
	size_t len = (size_t)view_u8(message) * OPTION_UNIT;
	struct view value;

	if (len == 0)
		return -EBADMSG;
	value = view_sub(message, len - 2);
	if (value.bad)
		return -EBADMSG;
	switch (type) {
	case OPTION_PREFIX:
		if (len == PREFIX_OPTION)
			read_prefix(value, advert);
		break;
	case OPTION_RDNSS:
		read_dns(value, advert);
		break;
	case OPTION_DNSSL:
		read_domains(value, advert);
		break;
	}
	return 0;
}

int router_advert_parse(struct view message, struct router_advert *ret_advert)
{
	struct router_advert advert = { 0 };
	uint8_t type = view_u8(&message), code = view_u8(&message), flags;

	view_skip(&message, 3); /* checksum, hop limit */
	flags = view_u8(&message);
	advert.managed = flags & FLAG_MANAGED;
	advert.other = flags & FLAG_OTHER;
	advert.lifetime_s = view_be16(&message);
	view_skip(&message, 8); /* reachable time, retransmission timer */
	if (message.bad)
		return -EBADMSG;
	if (type != TYPE_ADVERT || code != 0)
		return -ENOMSG;
	while (message.left > 0)
		if (read_option(&message, &advert) < 0)
			return -EBADMSG;
	*ret_advert = advert;
	return 0;
}
