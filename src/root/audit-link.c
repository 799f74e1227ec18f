/* SPDX-License-Identifier: MIT */
/*
 * Network links. A link is known by its index, which it keeps when it is
 * renamed. Facts are what somebody sets: name, hardware address, MTU, master
 * and some flags; carrier, counters and the like come and go.
 */
#include <inttypes.h>

#include "root/audit-netlink.h"

#define FLAGS_SET (IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP)

struct link_value {
	uint32_t index;
	uint32_t flags;
	uint32_t mtu;
	uint32_t master;
	uint32_t mac_len;
	uint8_t mac[32];
	char name[IF_NAMESIZE];
	char kind[16];	  /* "": hardware, which nobody can make or delete */
	uint32_t vlan_id; /* 0: it is no VLAN */
	uint32_t lower;	  /* the link that a VLAN is on */
};

static struct link_value link_value(const struct fact *fact)
{
	struct link_value value;

	memcpy(&value, fact->value, sizeof(value));
	return value;
}

static void copy_name(char *dst, size_t size, const void *name, size_t len)
{
	memcpy(dst, name, MIN(len, size - 1));
}

static void read_kind(const void *info, size_t info_len,
		      struct link_value *value)
{
	size_t len, id_len;
	const void *kind = netlink_find(info, info_len, IFLA_INFO_KIND, &len);
	const void *data, *id;
	uint16_t vlan_id;

	if (!kind)
		return;
	copy_name(value->kind, sizeof(value->kind), kind, len);
	data = netlink_find(info, info_len, IFLA_INFO_DATA, &len);
	if (!data || !str_eq(value->kind, "vlan"))
		return;
	id = netlink_find(data, len, IFLA_VLAN_ID, &id_len);
	if (!id || id_len != sizeof(vlan_id))
		return;
	memcpy(&vlan_id, id, sizeof(vlan_id));
	value->vlan_id = vlan_id;
}

static int links_each(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct link_value value = { 0 };
	size_t attrs_len, len;
	const void *attrs = message_attrs(message, sizeof(*info), &attrs_len);
	const void *data;
	char key[16], note[IF_NAMESIZE + 8];

	if (!attrs)
		return -EBADMSG;
	value.index = (uint32_t)info->ifi_index;
	value.flags = info->ifi_flags & FLAGS_SET;
	value.mtu = attr_u32(attrs, attrs_len, IFLA_MTU, 0);
	value.master = attr_u32(attrs, attrs_len, IFLA_MASTER, 0);
	data = netlink_find(attrs, attrs_len, IFLA_ADDRESS, &len);
	if (data && len <= sizeof(value.mac)) {
		memcpy(value.mac, data, len);
		value.mac_len = (uint32_t)len;
	}
	data = netlink_find(attrs, attrs_len, IFLA_IFNAME, &len);
	if (data)
		copy_name(value.name, sizeof(value.name), data, len);
	data = netlink_find(attrs, attrs_len, IFLA_LINKINFO, &len);
	if (data)
		read_kind(data, len, &value);
	if (value.vlan_id)
		value.lower = attr_u32(attrs, attrs_len, IFLA_LINK, 0);
	snprintf(key, sizeof(key), "%010" PRIu32, value.index);
	snprintf(note, sizeof(note), "link %s", value.name);
	return facts_add(context, key, note, &value, sizeof(value));
}

static int links_take(struct facts *facts)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };

	return network_dump(facts, NETLINK_ROUTE, RTM_GETLINK, &info,
			    sizeof(info), links_each);
}

/* Devices that a module makes when it is loaded, and that cannot be deleted
 * without unloading it. */
static const char *const module_links[] = {
	"erspan0", "gre0",    "gretap0", "ip6_vti0", "ip6gre0",
	"ip6tnl0", "ip_vti0", "sit0",	 "tunl0",
};

/* A new link without a kind is hardware that was plugged in. */
static bool links_matter(const struct change *change)
{
	struct link_value now;

	if (change->before)
		return true;
	now = link_value(change->now);
	for (size_t i = 0; i < ARRAY_SIZE(module_links); i++)
		if (str_eq(now.name, module_links[i]))
			return false;
	return now.kind[0] != '\0';
}

static int link_delete(uint32_t index)
{
	const struct ifinfomsg info = { .ifi_index = (int)index };
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_DELLINK, 0, &info, sizeof(info));
	r = network_talk(&request);
	/* The other end of a veth pair went with its peer. */
	return r == -ENODEV ? 0 : r;
}

static int link_flags(uint32_t index, uint32_t flags, uint32_t mask)
{
	const struct ifinfomsg info = {
		.ifi_index = (int)index,
		.ifi_flags = flags,
		.ifi_change = mask,
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	return network_talk(&request);
}

static int link_attr_once(uint32_t index, uint16_t type, const void *value,
			  size_t len)
{
	const struct ifinfomsg info = { .ifi_index = (int)index };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_attr(&request, type, value, len);
	return network_talk(&request);
}

/* Some drivers, and renaming before Linux 6.2, want the link down. That also
 * drops routes and IPv6 addresses, which the later probes bring back. */
static int link_attr(uint32_t index, uint16_t type, const void *value,
		     size_t len, bool *down)
{
	int r = link_attr_once(index, type, value, len);

	if (r != -EBUSY)
		return r;
	r = link_flags(index, 0, IFF_UP);
	if (r < 0)
		return r;
	*down = true;
	return link_attr_once(index, type, value, len);
}

static int link_rename(const struct link_value *want, bool *down)
{
	char aside[IF_NAMESIZE];
	int r = link_attr(want->index, IFLA_IFNAME, want->name,
			  strlen(want->name) + 1, down);

	if (r != -EEXIST)
		return r;
	/* Two links that changed names wait for each other: this one steps
	 * aside and gets its name in the next round. */
	snprintf(aside, sizeof(aside), "aside%" PRIu32, want->index);
	(void)!link_attr(want->index, IFLA_IFNAME, aside, strlen(aside) + 1,
			 down);
	return r;
}

static bool same_mac(const struct link_value *a, const struct link_value *b)
{
	return a->mac_len == b->mac_len &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* An IPv6 link-local address made of the wrong hardware address would stay
 * with a link that is up, so it goes down even where that is not needed. */
static int link_readdress(const struct link_value *want, bool *down)
{
	int r = link_flags(want->index, 0, IFF_UP);

	if (r < 0)
		return r;
	*down = true;
	return link_attr(want->index, IFLA_ADDRESS, want->mac, want->mac_len,
			 down);
}

/* All that can be is put back; the first error is returned. */
static int link_restore(const struct link_value *want,
			const struct link_value *now)
{
	bool down = false;
	int r[5] = { 0 };

	if (!str_eq(want->name, now->name))
		r[0] = link_rename(want, &down);
	if (!same_mac(want, now))
		r[1] = link_readdress(want, &down);
	if (want->mtu != now->mtu)
		r[2] = link_attr(want->index, IFLA_MTU, &want->mtu,
				 sizeof(want->mtu), &down);
	if (want->master != now->master)
		r[3] = link_attr(want->index, IFLA_MASTER, &want->master,
				 sizeof(want->master), &down);
	if (want->flags != now->flags || down)
		r[4] = link_flags(want->index, want->flags, FLAGS_SET);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		if (r[i] < 0)
			return r[i];
	return 0;
}

/* Under its old index, by which its addresses and routes are known. */
static int vlan_remake(const struct link_value *want)
{
	const struct ifinfomsg info = { .ifi_index = (int)want->index };
	const uint16_t id = (uint16_t)want->vlan_id;
	struct netlink_request request;
	size_t kind, data;
	int r;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info,
		      sizeof(info));
	netlink_attr(&request, IFLA_IFNAME, want->name, strlen(want->name) + 1);
	netlink_attr(&request, IFLA_ADDRESS, want->mac, want->mac_len);
	netlink_attr(&request, IFLA_MTU, &want->mtu, sizeof(want->mtu));
	netlink_attr(&request, IFLA_LINK, &want->lower, sizeof(want->lower));
	kind = netlink_begin_nest(&request, IFLA_LINKINFO);
	netlink_attr(&request, IFLA_INFO_KIND, want->kind, strlen(want->kind));
	data = netlink_begin_nest(&request, IFLA_INFO_DATA);
	netlink_attr(&request, IFLA_VLAN_ID, &id, sizeof(id));
	netlink_end_nest(&request, data);
	netlink_end_nest(&request, kind);
	r = network_talk(&request);
	return r < 0 ? r : link_flags(want->index, want->flags, FLAGS_SET);
}

static int links_undo(const struct audit_scope *scope,
		      const struct change *change)
{
	struct link_value want, now;

	(void)scope;
	/* Hardware that was in a network namespace of the target's comes back
	 * when the kernel has torn that down. */
	if (!change->now) {
		want = link_value(change->before);
		return want.vlan_id ? vlan_remake(&want) : AUDIT_BY_ITSELF;
	}
	now = link_value(change->now);
	if (!change->before)
		return link_delete(now.index);
	want = link_value(change->before);
	return link_restore(&want, &now);
}

static void describe_changed(const struct link_value *want,
			     const struct link_value *now, struct text *what)
{
	text_add(what, "link %s was", want->name);
	if (!str_eq(want->name, now->name))
		text_add(what, " renamed to %s,", now->name);
	if ((want->flags ^ now->flags) & IFF_UP)
		text_add(what, " set %s,", now->flags & IFF_UP ? "up" : "down");
	if ((want->flags ^ now->flags) & IFF_PROMISC)
		text_add(what, " set %spromiscuous,",
			 now->flags & IFF_PROMISC ? "" : "not ");
	if ((want->flags ^ now->flags) & (IFF_ALLMULTI | IFF_NOARP))
		text_add(what, " given other flags,");
	if (want->mtu != now->mtu)
		text_add(what, " given MTU %" PRIu32 ",", now->mtu);
	if (want->master != now->master)
		text_add(what, " put %s,",
			 now->master ? "under another link"
				     : "out of its master");
	if (!same_mac(want, now))
		text_add(what, " given another hardware address,");
	if (what->len > 0 && what->buf[what->len - 1] == ',')
		what->buf[--what->len] = '\0';
}

static void links_describe(const struct change *change, struct text *what,
			   struct text *cure)
{
	struct link_value want, now;

	if (!change->now) {
		want = link_value(change->before);
		text_add(what, "%s is gone", change->before->note);
		text_add(cure, want.vlan_id ? "made anew" : "it came back");
		return;
	}
	now = link_value(change->now);
	if (!change->before) {
		text_add(what, "link %s (%s) was left", now.name, now.kind);
		text_add(cure, "deleted");
		return;
	}
	want = link_value(change->before);
	describe_changed(&want, &now, what);
	text_add(cure, "put back");
}

const struct probe probe_links = {
	.name = "links",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 60,
	.changes = CHANGE_ANY,
	.matters = links_matter,
	.take = links_take,
	.undo = links_undo,
	.describe = links_describe,
};
