/* SPDX-License-Identifier: MIT */
/*
 * What the kernel lists is written down as it comes, in the order in which it
 * can be made again: links, addresses, nexthop objects, routes, rules. Left
 * out is what comes with these by itself: the table of local addresses,
 * privacy addresses, and default routes that the kernel learns from routers'
 * advertisements. A daemon that does that in its place is gone in the new
 * system, so its routes are kept and their lifetimes are not.
 */
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <net/if.h>

#include "base/fd.h"
#include "base/text.h"
#include "root/replay.h"
#include "takeover/network-file.h"
#include "takeover/network.h"

#define DUMP_TRIES 16 /* of a table that keeps changing */
#define COPY_MAX   (64 * 1024)

struct saving {
	int fd;
	enum network_thing thing;
};

/* A number of /proc/sys/net/ipv6/conf, 0 when it cannot be read. */
static uint64_t ipv6_setting(const char *link, const char *name)
{
	char path[128], line[32];
	struct text text = text_over(path, sizeof(path));
	uint64_t value;

	text_add(&text, "/proc/sys/net/ipv6/conf/%s/%s", link, name);
	if (file_read_line(AT_FDCWD, path, line, sizeof(line)) < 0 ||
	    str_to_u64(line, UINT32_MAX, &value) < 0)
		return 0;
	return value;
}

/* Whether the kernel listens to routers on this link by itself: accept_ra in
 * Documentation/networking/ip-sysctl.rst. */
static bool kernel_asks_routers(uint32_t index)
{
	char link[IF_NAMESIZE];
	uint64_t accept;

	if (!if_indextoname(index, link))
		return false;
	accept = ipv6_setting(link, "accept_ra");
	return accept == 2 ||
	       (accept == 1 && ipv6_setting(link, "forwarding") == 0);
}

static bool expires(const void *attrs, size_t attrs_len)
{
	struct rta_cacheinfo info;
	size_t len;
	const void *data = netlink_find(attrs, attrs_len, RTA_CACHEINFO, &len);

	if (!data || len < sizeof(info))
		return false;
	memcpy(&info, data, sizeof(info));
	return info.rta_expires != 0;
}

static bool route_matters(const struct nlmsghdr *message, uint16_t *flags)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*route), &attrs_len);

	if (!attrs ||
	    (route->rtm_family != AF_INET && route->rtm_family != AF_INET6) ||
	    (route->rtm_flags & RTM_F_CLONED) ||
	    attr_u32(attrs, attrs_len, RTA_TABLE, route->rtm_table) ==
		    RT_TABLE_LOCAL)
		return false;
	if (route->rtm_family == AF_INET)
		return true;
	if (route->rtm_protocol == RTPROT_RA &&
	    kernel_asks_routers(attr_u32(attrs, attrs_len, RTA_OIF, 0)))
		return false;
	if (expires(attrs, attrs_len))
		*flags = NLM_F_REPLACE;
	return true;
}

static bool address_matters(const struct nlmsghdr *message, uint16_t *flags)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs =
		message_attrs(message, sizeof(*address), &attrs_len);
	uint32_t state;

	if (!attrs ||
	    (address->ifa_family != AF_INET && address->ifa_family != AF_INET6))
		return false;
	state = attr_u32(attrs, attrs_len, IFA_FLAGS, address->ifa_flags);
	if (address->ifa_family == AF_INET6 && (state & IFA_F_TEMPORARY))
		return false;
	if (!(state & IFA_F_PERMANENT))
		*flags = NLM_F_REPLACE;
	return true;
}

/* The rule that every network begins with has no priority that is told. */
static bool rule_matters(const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *rule = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*rule), &attrs_len);

	return attrs && attr_u32(attrs, attrs_len, FRA_PRIORITY, 0) > 0 &&
	       (rule->family == AF_INET || rule->family == AF_INET6);
}

static bool matters(enum network_thing thing, const struct nlmsghdr *message,
		    uint16_t *flags)
{
	switch (thing) {
	case NETWORK_LINKS:
	case NETWORK_NEXTHOPS:
		return true;
	case NETWORK_ADDRESSES:
		return address_matters(message, flags);
	case NETWORK_ROUTES:
		return route_matters(message, flags);
	case NETWORK_RULES:
		return rule_matters(message);
	case NETWORK_THINGS:
		break;
	}
	return false;
}

/* A message that is too long for a request, which could not send it back, is
 * left out. */
static int save_one(const struct nlmsghdr *message, void *context)
{
	/* A link's is long before it is copied. */
	static union {
		struct nlmsghdr header;
		char bytes[COPY_MAX];
	} copy;
	const struct saving *saving = context;
	const struct network_kind *kind = &network_kinds[saving->thing];
	uint16_t flags = 0;
	size_t len;
	int r;

	if (message->nlmsg_type != kind->make ||
	    message->nlmsg_len <
		    NLMSG_HDRLEN + NLMSG_ALIGN(kind->replay->header_len) ||
	    !matters(saving->thing, message, &flags))
		return 0;
	r = replay_copy(kind->replay, message, copy.bytes + NLMSG_HDRLEN,
			sizeof(copy) - NLMSG_HDRLEN, &len);
	if (r < 0)
		return r;
	len += NLMSG_HDRLEN;
	if (len > NETLINK_REQUEST_MAX)
		return 0;
	copy.header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)len,
		.nlmsg_type = kind->make,
		.nlmsg_flags = flags,
	};
	return fd_write_all(saving->fd, &copy, len);
}

static int save_thing(struct saving *saving, int netlink)
{
	const struct network_kind *kind = &network_kinds[saving->thing];
	/* Of all families, which each header begins with. */
	static const char header[sizeof(struct ifinfomsg)];
	off_t start = lseek(saving->fd, 0, SEEK_CUR);
	struct netlink_request request;
	int r = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
		/* What an interrupted dump listed is void. */
		if (start < 0 || ftruncate(saving->fd, start) < 0 ||
		    lseek(saving->fd, start, SEEK_SET) < 0)
			return -errno;
		netlink_begin(&request, kind->get, 0, header,
			      kind->replay->header_len);
		r = netlink_dump(netlink, &request, save_one, saving);
	}
	/* A kernel older than 5.3. */
	return saving->thing == NETWORK_NEXTHOPS && r == -EOPNOTSUPP ? 0 : r;
}

static int save_all(int fd)
{
	static const uint32_t header[2] = { NETWORK_MAGIC, 0 };
	_cleanup_fd int netlink = netlink_open(NETLINK_ROUTE);
	struct saving saving = { .fd = fd };
	int r = netlink;

	if (r >= 0)
		r = fd_write_all(fd, header, sizeof(header));
	for (int i = 0; i < NETWORK_THINGS && r >= 0; i++) {
		saving.thing = (enum network_thing)i;
		r = save_thing(&saving, netlink);
	}
	return r < 0 ? r : 0;
}

int network_save(const char *path, struct failure *failure)
{
	_cleanup_fd int fd =
		open(path,
		     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	int r = fd < 0 ? -errno : save_all(fd);

	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot save the network to %s", path);
	return 0;
}
