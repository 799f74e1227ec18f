/* SPDX-License-Identifier: MIT */
#include "takeover/network-file.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <net/if.h>
#include <string.h>

#include "root/replay.h"

/* linux/if_addr.h has it from 5.18 on. */
#define IFA_PROTOCOL 11

#define ENDLESS UINT32_MAX /* INFINITY_LIFE_TIME of the kernel */

/* The others say what became of the address. */
#define ADDRESS_FLAGS                                                       \
	((uint32_t)IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | \
	 IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

static void link_clean(void *header)
{
	struct ifinfomsg *link = header;

	link->ifi_flags &= IFF_UP;
	link->ifi_change = 0;
}

static bool link_keep(uint16_t type, _unused void *data, _unused size_t len,
		      _unused const void *attrs, _unused size_t attrs_len)
{
	return type == IFLA_IFNAME || type == IFLA_MTU;
}

static const struct replay replay_link = {
	.header_len = sizeof(struct ifinfomsg),
	.clean = link_clean,
	.keep = link_keep,
};

static void address_clean(void *header)
{
	struct ifaddrmsg *address = header;

	address->ifa_flags = 0;
}

/* Endless, because whoever renewed the lease ends with the old system. An
 * address that was not to be used any more still is not. */
static void make_endless(void *data)
{
	struct ifa_cacheinfo lifetimes;

	memcpy(&lifetimes, data, sizeof(lifetimes));
	if (lifetimes.ifa_prefered > 0)
		lifetimes.ifa_prefered = ENDLESS;
	lifetimes.ifa_valid = ENDLESS;
	lifetimes.cstamp = lifetimes.tstamp = 0;
	memcpy(data, &lifetimes, sizeof(lifetimes));
}

static bool address_keep(uint16_t type, void *data, size_t len,
			 _unused const void *attrs, _unused size_t attrs_len)
{
	uint32_t flags;

	switch (type) {
	case IFA_CACHEINFO:
		if (len == sizeof(struct ifa_cacheinfo))
			make_endless(data);
		return len == sizeof(struct ifa_cacheinfo);
	case IFA_FLAGS:
		if (len != sizeof(flags))
			return false;
		memcpy(&flags, data, sizeof(flags));
		flags &= ADDRESS_FLAGS;
		memcpy(data, &flags, sizeof(flags));
		return true;
	case IFA_LOCAL:
	case IFA_ADDRESS:
	case IFA_LABEL:
	case IFA_BROADCAST:
	case IFA_RT_PRIORITY:
	case IFA_PROTOCOL:
		return true;
	}
	return false;
}

static const struct replay replay_address = {
	.header_len = sizeof(struct ifaddrmsg),
	.clean = address_clean,
	.keep = address_keep,
};

static void nexthop_clean(void *header)
{
	struct nhmsg *nexthop = header;

	nexthop->nh_flags &= RTNH_F_ONLINK;
	/* It follows from the link's. The kernel refuses to be told. */
	nexthop->nh_scope = 0;
	nexthop->resvd = 0;
}

/* Newer kernels tell more of one than they take. */
static bool nexthop_keep(uint16_t type, _unused void *data, _unused size_t len,
			 _unused const void *attrs, _unused size_t attrs_len)
{
	switch (type & NLA_TYPE_MASK) {
	case NHA_ID:
	case NHA_GROUP:
	case NHA_GROUP_TYPE:
	case NHA_BLACKHOLE:
	case NHA_OIF:
	case NHA_GATEWAY:
	case NHA_ENCAP_TYPE:
	case NHA_ENCAP:
	case NHA_FDB:
		return true;
	}
	return false;
}

static const struct replay replay_nexthop = {
	.header_len = sizeof(struct nhmsg),
	.clean = nexthop_clean,
	.keep = nexthop_keep,
};

const struct network_kind network_kinds[NETWORK_THINGS] = {
	[NETWORK_LINKS] = { RTM_GETLINK, RTM_NEWLINK, RTM_DELLINK,
			    &replay_link },
	[NETWORK_ADDRESSES] = { RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR,
				&replay_address },
	[NETWORK_NEXTHOPS] = { RTM_GETNEXTHOP, RTM_NEWNEXTHOP, RTM_DELNEXTHOP,
			       &replay_nexthop },
	[NETWORK_ROUTES] = { RTM_GETROUTE, RTM_NEWROUTE, RTM_DELROUTE,
			     &replay_route },
	[NETWORK_RULES] = { RTM_GETRULE, RTM_NEWRULE, RTM_DELRULE,
			    &replay_rule },
};

const struct network_kind *network_kind_of(uint16_t type)
{
	for (size_t i = 0; i < NETWORK_THINGS; i++)
		if (network_kinds[i].make == type)
			return &network_kinds[i];
	return NULL;
}

int network_file_open(const void *bytes, size_t len,
		      struct network_file *ret_file)
{
	const uint32_t header[2] = { NETWORK_MAGIC, 0 };

	if (len < NETWORK_HEADER_LEN || memcmp(bytes, header, sizeof(header)))
		return -EBADMSG;
	*ret_file = (struct network_file){ bytes, len, NETWORK_HEADER_LEN };
	return 0;
}

int network_file_next(struct network_file *file,
		      const struct nlmsghdr **ret_message)
{
	const struct nlmsghdr *message = (const void *)(file->bytes + file->at);
	const struct network_kind *kind;
	size_t left = file->len - file->at;

	if (left == 0)
		return 0;
	if (left < sizeof(*message) || message->nlmsg_len > left ||
	    message->nlmsg_len > NETLINK_REQUEST_MAX ||
	    NLMSG_ALIGN(message->nlmsg_len) > left ||
	    (message->nlmsg_flags & ~NLM_F_REPLACE))
		return -EBADMSG;
	kind = network_kind_of(message->nlmsg_type);
	if (!kind ||
	    message->nlmsg_len <
		    NLMSG_HDRLEN + NLMSG_ALIGN(kind->replay->header_len))
		return -EBADMSG;
	file->at += NLMSG_ALIGN(message->nlmsg_len);
	*ret_message = message;
	return 1;
}
