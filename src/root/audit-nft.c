/* SPDX-License-Identifier: MIT */
/*
 * nftables: the tables that a target left. A table holds all its chains, sets
 * and rules, so it is deleted whole. One that was deleted, or replaced under
 * the same name (its handle differs), cannot be put back from here.
 *
 * Legacy iptables rules are not seen: their interface lists nothing without
 * knowing every match and target, and iptables has been nftables in the
 * distributions since 2019.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "root/audit-netlink.h"

struct table_value {
	uint8_t handle[8]; /* never given twice */
	uint8_t family;
	char name[NFT_TABLE_MAXNAMELEN];
};

static const char *const family_names[] = {
	[NFPROTO_INET] = "inet",     [NFPROTO_IPV4] = "ip",
	[NFPROTO_ARP] = "arp",	     [NFPROTO_NETDEV] = "netdev",
	[NFPROTO_BRIDGE] = "bridge", [NFPROTO_IPV6] = "ip6",
};

/*
 * Asking a kernel that has not loaded nf_tables would make it load it. When
 * it has no modules at all it can only be built in, and asking is free.
 */
static bool is_available(void)
{
	return access("/sys/module/nf_tables", F_OK) == 0 ||
	       access("/proc/modules", F_OK) < 0;
}

static int tables_each(const struct nlmsghdr *message, void *context)
{
	const struct nfgenmsg *header = NLMSG_DATA(message);
	const char *attrs = (const char *)(header + 1);
	struct table_value value;
	char key[NFT_TABLE_MAXNAMELEN + 16];
	const char *family = NULL;
	const void *data;
	size_t attrs_len, len;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return -EBADMSG;
	attrs_len = message->nlmsg_len - NLMSG_LENGTH(sizeof(*header));
	memset(&value, 0, sizeof(value));
	value.family = header->nfgen_family;
	data = netlink_find(attrs, attrs_len, NFTA_TABLE_NAME, &len);
	if (!data)
		return 0;
	memcpy(value.name, data, MIN(len, sizeof(value.name) - 1));
	data = netlink_find(attrs, attrs_len, NFTA_TABLE_HANDLE, &len);
	if (data)
		memcpy(value.handle, data, MIN(len, sizeof(value.handle)));
	if (value.family < ARRAY_SIZE(family_names))
		family = family_names[value.family];
	snprintf(key, sizeof(key), "%s %s", family ? family : "unknown",
		 value.name);
	return facts_add(context, key, NULL, &value, sizeof(value));
}

static int tables_take(struct facts *facts)
{
	const struct nfgenmsg header = { .version = NFNETLINK_V0 };
	int r;

	if (!is_available())
		return 0;
	r = network_dump(facts, NETLINK_NETFILTER,
			 NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, &header,
			 sizeof(header), tables_each);
	/* The kernel was built without nfnetlink, or without nf_tables. */
	return r == -EPROTONOSUPPORT || r == -EINVAL ? 0 : r;
}

/*
 * Changes are taken in batches only (nfnetlink_rcv_batch()): a begin, the
 * request, an end, in one datagram. The request alone asks for an answer.
 */
static int batch_talk(struct netlink_request *request)
{
	const struct nfgenmsg header = {
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};
	struct netlink_request begin, end;
	struct iovec parts[3] = {
		{ .iov_base = begin.bytes },
		{ .iov_base = request->bytes },
		{ .iov_base = end.bytes },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
	_cleanup_fd int fd = netlink_open(NETLINK_NETFILTER);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;

	if (fd < 0)
		return fd;
	netlink_begin(&begin, NFNL_MSG_BATCH_BEGIN, 0, &header, sizeof(header));
	netlink_begin(&end, NFNL_MSG_BATCH_END, 0, &header, sizeof(header));
	request->header.nlmsg_flags |= NLM_F_ACK;
	parts[0].iov_len = NLMSG_ALIGN(begin.header.nlmsg_len);
	parts[1].iov_len = NLMSG_ALIGN(request->header.nlmsg_len);
	parts[2].iov_len = NLMSG_ALIGN(end.header.nlmsg_len);
	if (request->bad)
		return -ENOBUFS;
	if (sendmsg(fd, &message, 0) < 0)
		return -errno;
	/* The answer repeats our message behind what is read of it. */
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer))
		return -EIO;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error
						       : -EBADMSG;
}

static int tables_undo(const struct audit_scope *scope,
		       const struct change *change)
{
	struct nfgenmsg header = { .version = NFNETLINK_V0 };
	struct netlink_request request;
	struct table_value value;
	int r;

	(void)scope;
	if (change->before)
		return -ENOTSUP;
	memcpy(&value, change->now->value, sizeof(value));
	header.nfgen_family = value.family;
	netlink_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0,
		      &header, sizeof(header));
	netlink_attr(&request, NFTA_TABLE_NAME, value.name,
		     strlen(value.name) + 1);
	r = batch_talk(&request);
	return r == -ENOENT ? 0 : r;
}

static void tables_describe(const struct change *change, struct text *what,
			    struct text *cure)
{
	text_add(what, "nftables table %s was %s", change_fact(change)->key,
		 !change->before ? "left"
		 : change->now	 ? "replaced"
				 : "deleted");
	text_add(cure, change->before ? "it came back" : "deleted");
}

const struct probe probe_nftables = {
	.name = "nftables",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 60,
	.changes = CHANGE_ANY,
	.take = tables_take,
	.undo = tables_undo,
	.describe = tables_describe,
};
