/* SPDX-License-Identifier: MIT */
/*
 * Sends back what network-save.c wrote, as often as that brings anything new:
 * a route can need another one, a group of nexthops its members. Links are
 * found by their names, for an index may have changed hands.
 */
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/netlink.h"
#include "base/text.h"
#include "root/replay.h"
#include "takeover/network-file.h"
#include "takeover/network.h"

#define PASSES_MAX 4
#define LINKS_MAX  1024 /* whose index may have changed */

struct link_index {
	uint32_t saved, now;
};

struct restoring {
	int netlink;
	struct network_file file;
	struct link_index links[LINKS_MAX];
	size_t link_count;
};

/* A message that is being made ready to be sent. */
struct outgoing {
	const struct network_kind *kind;
	uint16_t flags;
	size_t len; /* of what follows the message's header */
	_Alignas(struct nlmsghdr) char bytes[NETLINK_REQUEST_MAX];
};

static uint32_t index_now(const struct restoring *restoring, uint32_t saved)
{
	for (size_t i = 0; i < restoring->link_count; i++)
		if (restoring->links[i].saved == saved)
			return restoring->links[i].now;
	return saved;
}

static void remember_index(struct restoring *restoring, uint32_t saved,
			   uint32_t now)
{
	if (index_now(restoring, saved) != now &&
	    restoring->link_count < LINKS_MAX)
		restoring->links[restoring->link_count++] =
			(struct link_index){ saved, now };
}

static void remap_u32(const struct restoring *restoring, void *data, size_t len)
{
	uint32_t index;

	if (len != sizeof(index))
		return;
	memcpy(&index, data, sizeof(index));
	index = index_now(restoring, index);
	memcpy(data, &index, sizeof(index));
}

static void remap_hops(const struct restoring *restoring, char *at, size_t len)
{
	struct rtnexthop hop;

	while (len >= sizeof(hop)) {
		memcpy(&hop, at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) ||
		    (size_t)RTNH_ALIGN(hop.rtnh_len) > len)
			return;
		hop.rtnh_ifindex =
			(int)index_now(restoring, (uint32_t)hop.rtnh_ifindex);
		memcpy(at, &hop, sizeof(hop));
		at += RTNH_ALIGN(hop.rtnh_len);
		len -= (size_t)RTNH_ALIGN(hop.rtnh_len);
	}
}

static void remap_attribute(const struct restoring *restoring, uint16_t make,
			    uint16_t type, void *data, size_t len)
{
	if (make == RTM_NEWROUTE && type == RTA_MULTIPATH)
		remap_hops(restoring, data, len);
	else if ((make == RTM_NEWROUTE &&
		  (type == RTA_OIF || type == RTA_IIF)) ||
		 (make == RTM_NEWNEXTHOP && type == NHA_OIF))
		remap_u32(restoring, data, len);
}

/* Puts the indexes of today in the place of those that were saved. */
static void remap(const struct restoring *restoring, struct outgoing *outgoing)
{
	size_t skip = NLMSG_ALIGN(outgoing->kind->replay->header_len);
	struct ifaddrmsg *address = (void *)outgoing->bytes;
	char *attrs = outgoing->bytes + skip;
	const struct rtattr *attr;

	if (outgoing->kind->make == RTM_NEWADDR)
		address->ifa_index = index_now(restoring, address->ifa_index);
	for (size_t at = 0; (attr = attr_at(attrs, outgoing->len - skip, at));
	     at += RTA_ALIGN(attr->rta_len))
		remap_attribute(restoring, outgoing->kind->make,
				attr->rta_type & NLA_TYPE_MASK,
				attrs + at + RTA_LENGTH(0), RTA_PAYLOAD(attr));
}

static int send_with(const struct restoring *restoring,
		     const struct outgoing *outgoing, uint16_t flags)
{
	struct netlink_request request;

	replay_begin(&request, outgoing->kind->replay->header_len,
		     outgoing->kind->make, flags, outgoing->bytes,
		     outgoing->len);
	return netlink_talk(restoring->netlink, &request);
}

static int send_link(struct restoring *restoring, struct outgoing *outgoing)
{
	const struct ifinfomsg *saved = (const void *)outgoing->bytes;
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;
	size_t skip = NLMSG_ALIGN(sizeof(link)), len;
	const char *name =
		netlink_find(outgoing->bytes + skip, outgoing->len - skip,
			     IFLA_IFNAME, &len);
	uint32_t mtu = attr_u32(outgoing->bytes + skip, outgoing->len - skip,
				IFLA_MTU, 0);
	int sized = 0, set_up = 0;

	if (!name || !memchr(name, '\0', len))
		return -EBADMSG;
	link.ifi_index = (int)if_nametoindex(name);
	if (link.ifi_index == 0)
		return -ENODEV;
	remember_index(restoring, (uint32_t)saved->ifi_index,
		       (uint32_t)link.ifi_index);
	if (mtu) {
		netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
		netlink_attr(&request, IFLA_MTU, &mtu, sizeof(mtu));
		sized = netlink_talk(restoring->netlink, &request);
	}
	if (saved->ifi_flags & IFF_UP) {
		link.ifi_flags = link.ifi_change = IFF_UP;
		netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
		set_up = netlink_talk(restoring->netlink, &request);
	}
	return set_up < 0 ? set_up : sized;
}

static void set_flags(struct outgoing *outgoing, uint32_t flags)
{
	size_t skip = NLMSG_ALIGN(sizeof(struct ifaddrmsg));
	char *attrs = outgoing->bytes + skip;
	const struct rtattr *attr;

	for (size_t at = 0; (attr = attr_at(attrs, outgoing->len - skip, at));
	     at += RTA_ALIGN(attr->rta_len))
		if (attr->rta_type == IFA_FLAGS &&
		    RTA_PAYLOAD(attr) == sizeof(flags))
			memcpy(attrs + at + RTA_LENGTH(0), &flags,
			       sizeof(flags));
}

/*
 * An address of IPv6 that was ours a moment ago needs no search for others
 * that have it; during that, nothing could be sent from it, and routes that
 * prefer it as their source would be refused. One that is there and had an end
 * loses that and keeps its flags.
 */
static int send_address(struct restoring *restoring, struct outgoing *outgoing)
{
	const struct ifaddrmsg *address = (const void *)outgoing->bytes;
	size_t skip = NLMSG_ALIGN(sizeof(*address));
	uint32_t flags = attr_u32(outgoing->bytes + skip, outgoing->len - skip,
				  IFA_FLAGS, 0);
	int r;

	if (address->ifa_family == AF_INET6)
		set_flags(outgoing, flags | IFA_F_NODAD);
	r = send_with(restoring, outgoing, NLM_F_CREATE | NLM_F_EXCL);
	if (r != -EEXIST)
		return r;
	if (!(outgoing->flags & NLM_F_REPLACE))
		return 0;
	set_flags(outgoing, flags);
	return send_with(restoring, outgoing, NLM_F_CREATE | NLM_F_REPLACE);
}

/* NLM_F_APPEND adds another route beside one that differs in its gateway, and
 * none beside one that is the same. */
static int send_other(const struct restoring *restoring,
		      const struct outgoing *outgoing)
{
	uint16_t flags = outgoing->flags;
	int r;

	if (!flags)
		flags = outgoing->kind->make == RTM_NEWROUTE ? NLM_F_APPEND
							     : NLM_F_EXCL;
	r = send_with(restoring, outgoing, NLM_F_CREATE | flags);
	return r == -EEXIST ? 0 : r;
}

static int restore_one(struct restoring *restoring,
		       const struct nlmsghdr *message)
{
	struct outgoing outgoing = {
		.kind = network_kind_of(message->nlmsg_type),
		.flags = message->nlmsg_flags,
		.len = message->nlmsg_len - NLMSG_HDRLEN,
	};

	memcpy(outgoing.bytes, NLMSG_DATA(message), outgoing.len);
	if (message->nlmsg_type == RTM_NEWLINK)
		return send_link(restoring, &outgoing);
	remap(restoring, &outgoing);
	if (message->nlmsg_type == RTM_NEWADDR)
		return send_address(restoring, &outgoing);
	return send_other(restoring, &outgoing);
}

/* All of it once. Returns how many were refused, or -EBADMSG. */
static int restore_pass(struct restoring *restoring)
{
	struct network_file file = restoring->file;
	const struct nlmsghdr *message;
	int r, refused = 0;

	while ((r = network_file_next(&file, &message)) > 0)
		if (restore_one(restoring, message) < 0)
			refused++;
	return r < 0 ? r : refused;
}

/* A file that is cut is restored as far as it is whole. */
static int restore(const void *bytes, size_t len)
{
	static struct restoring restoring;
	int r, before = INT32_MAX;

	restoring.link_count = 0;
	r = network_file_open(bytes, len, &restoring.file);
	if (r < 0)
		return r;
	r = restoring.netlink = netlink_open(NETLINK_ROUTE);
	if (r < 0)
		return r;
	for (int i = 0; i < PASSES_MAX; i++) {
		r = restore_pass(&restoring);
		if (r <= 0 || r == before)
			break;
		before = r;
	}
	fd_close(restoring.netlink);
	return r;
}

int network_restore(const char *path, struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *bytes;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s", path);
	bytes = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ,
				      MAP_PRIVATE, fd, 0)
			       : MAP_FAILED;
	if (bytes == MAP_FAILED)
		r = st.st_size > 0 ? -errno : -EBADMSG;
	else
		r = restore(bytes, (size_t)st.st_size);
	if (bytes != MAP_FAILED)
		(void)munmap(bytes, (size_t)st.st_size);
	if (r == -EBADMSG)
		return failure_set(failure, EBADMSG,
				   "%s: not a saved network, or a broken one",
				   path);
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot restore the network from %s",
				     path);
	return r;
}
