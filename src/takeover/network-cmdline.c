/* SPDX-License-Identifier: MIT */
/*
 * The bootstrap knows one address for each link (wire/ipparam.h), so of each
 * link that is up the first one counts, or the one that its default route
 * sends from. The link of the best default route comes first. An address that
 * has an end is asked for again by DHCP.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_addr.h>
#include <net/if.h>

#include "base/text.h"
#include "root/replay.h"
#include "takeover/network-cmdline.h"
#include "takeover/network.h"
#include "wire/ipparam.h"
#include "wire/ipv4.h"

#define DUMP_TRIES 16

static struct network_link *find_link(struct network_view *view, uint32_t index)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->links[i].index == index)
			return &view->links[i];
	return NULL;
}

/* An IPv4 address in host order, or 0. */
static uint32_t attr_ipv4(const void *attrs, size_t attrs_len, uint16_t type)
{
	size_t len;
	const void *data = netlink_find(attrs, attrs_len, type, &len);
	uint32_t address;

	if (!data || len != sizeof(address))
		return 0;
	memcpy(&address, data, sizeof(address));
	return ntohl(address);
}

static int see_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	struct network_view *view = context;
	size_t attrs_len, len;
	const void *attrs = message_attrs(message, sizeof(*link), &attrs_len);
	const char *name;

	if (!attrs || !(link->ifi_flags & IFF_UP) ||
	    (link->ifi_flags & IFF_LOOPBACK) ||
	    view->count == ARRAY_SIZE(view->links))
		return 0;
	name = netlink_find(attrs, attrs_len, IFLA_IFNAME, &len);
	if (!name || !memchr(name, '\0', len))
		return 0;
	view->links[view->count] = (struct network_link){
		.index = (uint32_t)link->ifi_index,
		.metric = UINT32_MAX,
	};
	(void)str_copy(view->links[view->count++].name, IF_NAMESIZE, name);
	return 0;
}

static int see_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*route), &attrs_len);
	struct network_link *link;
	uint32_t metric;

	if (!attrs || route->rtm_family != AF_INET || route->rtm_dst_len != 0 ||
	    route->rtm_type != RTN_UNICAST ||
	    attr_u32(attrs, attrs_len, RTA_TABLE, route->rtm_table) !=
		    RT_TABLE_MAIN)
		return 0;
	link = find_link(context, attr_u32(attrs, attrs_len, RTA_OIF, 0));
	metric = attr_u32(attrs, attrs_len, RTA_PRIORITY, 0);
	if (link && (!link->has_default || metric < link->metric)) {
		link->has_default = true;
		link->metric = metric;
		link->gateway = attr_ipv4(attrs, attrs_len, RTA_GATEWAY);
		link->source = attr_ipv4(attrs, attrs_len, RTA_PREFSRC);
	}
	return 0;
}

static int see_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *header = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*header), &attrs_len);
	struct network_link *link;
	uint32_t address, flags;

	if (!attrs || header->ifa_family != AF_INET ||
	    header->ifa_scope >= RT_SCOPE_LINK)
		return 0;
	link = find_link(context, header->ifa_index);
	address = attr_ipv4(attrs, attrs_len, IFA_LOCAL);
	if (!link || !address || (link->address && link->source != address))
		return 0;
	flags = attr_u32(attrs, attrs_len, IFA_FLAGS, header->ifa_flags);
	link->address = address;
	link->prefix = header->ifa_prefixlen;
	link->leased = !(flags & IFA_F_PERMANENT);
	return 0;
}

static int see(struct network_view *view, uint16_t type, uint8_t family,
	       size_t header_len, netlink_each each)
{
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
	char header[sizeof(struct ifinfomsg)] = { (char)family };
	struct netlink_request request;
	int r = fd < 0 ? fd : -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
		netlink_begin(&request, type, 0, header, header_len);
		r = netlink_dump(fd, &request, each, view);
	}
	return r;
}

/* Those with a default route first, the best of them at the front. */
static void sort_links(struct network_view *view)
{
	for (size_t i = 1; i < view->count; i++) {
		struct network_link link = view->links[i];
		size_t at = i;

		for (; at > 0 && link.has_default &&
		       (!view->links[at - 1].has_default ||
			link.metric < view->links[at - 1].metric);
		     at--)
			view->links[at] = view->links[at - 1];
		view->links[at] = link;
	}
}

static void look(struct network_view *view)
{
	*view = (struct network_view){ 0 };
	/* What cannot be listed is as if it were not there. */
	(void)!see(view, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg),
		   see_link);
	(void)!see(view, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg),
		   see_route);
	(void)!see(view, RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg),
		   see_address);
	sort_links(view);
}

static void add_ipv4(struct text *text, uint32_t address)
{
	const struct in_addr in = { htonl(address) };
	char buf[INET_ADDRSTRLEN];

	if (address)
		text_add(text, "%s", inet_ntop(AF_INET, &in, buf, sizeof(buf)));
}

/* A name that would end the field or the word cannot be told. */
static bool is_sayable(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c == ':' || *c == '"' || *c == 0x7f)
			return false;
	return true;
}

static void add_link(struct text *text, const struct network_link *link)
{
	text_add(text, "%sip=", text->len ? " " : "");
	if (link->leased) {
		text_add(text, "%s:dhcp", link->name);
		return;
	}
	add_ipv4(text, link->address);
	text_add(text, "::");
	add_ipv4(text, link->gateway);
	text_add(text, ":%u::%s:off", link->prefix, link->name);
}

bool name_server_is_elsewhere(const char *server)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (inet_pton(AF_INET, server, &ipv4) == 1)
		return ntohl(ipv4.s_addr) >> 24 != 127 && ipv4.s_addr != 0;
	return inet_pton(AF_INET6, server, &ipv6) == 1 &&
	       !IN6_IS_ADDR_LOOPBACK(&ipv6) && !IN6_IS_ADDR_UNSPECIFIED(&ipv6);
}

bool name_server_in(const char *line, size_t len, char *server, size_t size)
{
	static const char word[] = "nameserver";
	struct text text = text_over(server, size);
	size_t at = sizeof(word) - 1;

	if (len < at || memcmp(line, word, at) != 0)
		return false;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at == sizeof(word) - 1)
		return false;
	for (; at < len && line[at] > ' '; at++)
		text_add(&text, "%c", line[at]);
	return text.len > 0 && !text.cut;
}

static void add_name_servers(struct text *text, const char *resolv_conf)
{
	char server[IPPARAM_SERVER_MAX];
	int count = 0;

	while (*resolv_conf && count < IPPARAM_NAMESERVERS) {
		size_t len = strcspn(resolv_conf, "\n");

		if (name_server_in(resolv_conf, len, server, sizeof(server)) &&
		    name_server_is_elsewhere(server)) {
			text_add(text, " nameserver=%s", server);
			count++;
		}
		resolv_conf += len + (resolv_conf[len] == '\n');
	}
}

void network_words(const struct network_view *view, const char *resolv_conf,
		   char *buf, size_t size)
{
	struct text text = text_over(buf, size);
	size_t count = 0;

	for (size_t i = 0; i < view->count && count < IPPARAM_MAX; i++) {
		const struct network_link *link = &view->links[i];

		if (!link->address || !is_sayable(link->name))
			continue;
		add_link(&text, link);
		count++;
	}
	if (count > 0)
		add_name_servers(&text, resolv_conf);
	/* Half a word would be a wrong one. */
	if (text.cut)
		buf[0] = '\0';
}

void network_cmdline(const char *resolv_conf, char *buf, size_t size)
{
	struct network_view view;

	look(&view);
	network_words(&view, resolv_conf, buf, size);
}

void network_describe(char *buf, size_t size)
{
	struct text text = text_over(buf, size);
	struct network_view view;

	text.buf[0] = '\0';
	look(&view);
	for (size_t i = 0; i < view.count; i++) {
		const struct network_link *link = &view.links[i];

		if (!link->address)
			continue;
		text_add(&text, "%s%s ", text.len ? ", " : "", link->name);
		add_ipv4(&text, link->address);
		text_add(&text, "/%u", link->prefix);
		if (link->gateway) {
			text_add(&text, " via ");
			add_ipv4(&text, link->gateway);
		}
	}
	str_make_printable(buf);
}
