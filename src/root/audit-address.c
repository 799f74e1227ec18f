/* SPDX-License-Identifier: MIT */
/*
 * Addresses of network links. What the kernel gives by itself (router
 * advertisements, privacy addresses) is no fact, nor is how long an address
 * is still valid; but that it became one with an end is: a DHCP client of the
 * target that renews our address would let it expire under us.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_addr.h>

#include "root/audit-netlink.h"

#define FLAGS_SET                                                        \
	((uint32_t)IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE | IFA_F_NODAD | \
	 IFA_F_MANAGETEMPADDR | IFA_F_HOMEADDRESS | IFA_F_MCAUTOJOIN)

/* linux/if_addr.h has them from 5.18 on. */
#define ATTR_PROTO	11
#define PROTO_KERNEL_RA 2

struct address_value {
	struct ifaddrmsg header; /* ifa_flags 0: they are in flags */
	uint32_t flags;
	uint32_t priority; /* of the route that comes with it */
	uint32_t len;	   /* of each address: 4 or 16 */
	uint8_t local[16];
	uint8_t address[16]; /* the peer's, or the same as local */
	uint8_t broadcast[16];
	bool has_broadcast;
	char label[IF_NAMESIZE];
};

static struct address_value address_value(const struct fact *fact)
{
	struct address_value value;

	memcpy(&value, fact->value, sizeof(value));
	return value;
}

/* Whether there was such an attribute, of the right length. */
static bool get_bytes(const void *attrs, size_t attrs_len, uint16_t type,
		      void *dst, size_t want)
{
	size_t len;
	const void *data = netlink_find(attrs, attrs_len, type, &len);

	if (!data || len != want)
		return false;
	memcpy(dst, data, want);
	return true;
}

static int address_add(struct facts *facts, const struct address_value *value)
{
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];
	char key[160], note[160];
	struct text text = text_over(note, sizeof(note));

	(void)inet_ntop(value->header.ifa_family, value->local, local,
			sizeof(local));
	(void)inet_ntop(value->header.ifa_family, value->address, peer,
			sizeof(peer));
	snprintf(key, sizeof(key), "%010" PRIu32 " %s/%u %s",
		 value->header.ifa_index, local, value->header.ifa_prefixlen,
		 peer);
	text_add(&text, "address %s/%u on ", local,
		 value->header.ifa_prefixlen);
	text_add_link(&text, value->header.ifa_index);
	return facts_add(facts, key, note, value, sizeof(*value));
}

/* A label that is nobody's choice is the link's name and follows it. */
static void clear_own_name(struct address_value *value)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(value->header.ifa_index, name) &&
	    str_eq(name, value->label))
		memset(value->label, 0, sizeof(value->label));
}

static int addresses_each(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *header = NLMSG_DATA(message);
	struct address_value value;
	size_t attrs_len, len;
	const void *attrs = message_attrs(message, sizeof(*header), &attrs_len);
	const void *data;
	uint32_t flags;
	uint8_t proto = 0;

	if (!attrs)
		return -EBADMSG;
	if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)
		return 0;
	/* All of it is compared, so the padding is zeroed too. */
	memset(&value, 0, sizeof(value));
	value.header = *header;
	value.header.ifa_flags = 0;
	flags = attr_u32(attrs, attrs_len, IFA_FLAGS, header->ifa_flags);
	value.flags = flags & FLAGS_SET;
	value.priority = attr_u32(attrs, attrs_len, IFA_RT_PRIORITY, 0);
	value.len = header->ifa_family == AF_INET ? 4 : 16;
	(void)get_bytes(attrs, attrs_len, ATTR_PROTO, &proto, sizeof(proto));
	if (header->ifa_family == AF_INET6 &&
	    (proto == PROTO_KERNEL_RA || (flags & IFA_F_TEMPORARY)))
		return 0;
	if (!get_bytes(attrs, attrs_len, IFA_ADDRESS, value.address, value.len))
		return 0;
	if (!get_bytes(attrs, attrs_len, IFA_LOCAL, value.local, value.len))
		memcpy(value.local, value.address, sizeof(value.local));
	value.has_broadcast = get_bytes(attrs, attrs_len, IFA_BROADCAST,
					value.broadcast, value.len);
	data = netlink_find(attrs, attrs_len, IFA_LABEL, &len);
	if (data)
		memcpy(value.label, data, MIN(len, sizeof(value.label) - 1));
	clear_own_name(&value);
	return address_add(context, &value);
}

static int addresses_take(struct facts *facts)
{
	const struct ifaddrmsg header = { .ifa_family = AF_UNSPEC };

	return network_dump(facts, NETLINK_ROUTE, RTM_GETADDR, &header,
			    sizeof(header), addresses_each);
}

/* An address that had an end and now has none is as good as before: that is
 * how one is restored. */
static bool is_only_longer(const struct change *change)
{
	struct address_value before = address_value(change->before);
	struct address_value now = address_value(change->now);

	before.flags |= IFA_F_PERMANENT;
	return memcmp(&before, &now, sizeof(now)) == 0;
}

/* IPv6 link-local addresses come with a link that is set up, and go with
 * it. One that was taken away is restored like any other. */
static bool addresses_matter(const struct change *change)
{
	struct address_value value;

	if (change->before)
		return !change->now || !is_only_longer(change);
	value = address_value(change->now);
	return value.header.ifa_family != AF_INET6 ||
	       value.header.ifa_scope != RT_SCOPE_LINK;
}

static int address_send(const struct address_value *value, uint16_t type,
			uint16_t flags)
{
	struct netlink_request request;

	netlink_begin(&request, type, flags, &value->header,
		      sizeof(value->header));
	netlink_attr(&request, IFA_LOCAL, value->local, value->len);
	netlink_attr(&request, IFA_ADDRESS, value->address, value->len);
	if (value->has_broadcast)
		netlink_attr(&request, IFA_BROADCAST, value->broadcast,
			     value->len);
	if (value->label[0])
		netlink_attr(&request, IFA_LABEL, value->label,
			     strlen(value->label) + 1);
	if (value->priority)
		netlink_attr(&request, IFA_RT_PRIORITY, &value->priority,
			     sizeof(value->priority));
	netlink_attr(&request, IFA_FLAGS, &value->flags, sizeof(value->flags));
	return network_talk(&request);
}

static int address_delete(const struct address_value *value)
{
	int r = address_send(value, RTM_DELADDR, 0);

	/* It went with its link, or with the primary address of its net. */
	return r == -EADDRNOTAVAIL || r == -ENODEV ? 0 : r;
}

static int addresses_undo(const struct audit_scope *scope,
			  const struct change *change)
{
	struct address_value want, now = { 0 };
	int r;

	(void)scope;
	if (change->now)
		now = address_value(change->now);
	if (!change->before)
		return address_delete(&now);
	want = address_value(change->before);
	if (change->now) {
		/* Lifetimes are replaced in place, all else is not. */
		now.flags = want.flags;
		if (memcmp(&now, &want, sizeof(now)) != 0) {
			r = address_delete(&now);
			if (r < 0)
				return r;
		}
	}
	return address_send(&want, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
}

static void addresses_describe(const struct change *change, struct text *what,
			       struct text *cure)
{
	const char *note =
		change->before ? change->before->note : change->now->note;

	if (!change->before) {
		text_add(what, "%s was left", note);
		text_add(cure, "removed");
	} else {
		text_add(what, "%s was %s", note,
			 change->now ? "changed" : "missing");
		text_add(cure, change->now ? "put back" : "restored");
	}
}

const struct probe probe_addresses = {
	.name = "addresses",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 60,
	.changes = CHANGE_ANY,
	.matters = addresses_matter,
	.take = addresses_take,
	.undo = addresses_undo,
	.describe = addresses_describe,
};
