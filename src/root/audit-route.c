/* SPDX-License-Identifier: MIT */
/*
 * Routes of all tables and the rules that choose among them. Both are kept as
 * the kernel's own messages and sent back, so that what this file knows
 * nothing about (multipath, metrics, encapsulation) is restored too.
 *
 * Routes of the kernel's own making follow addresses and links, and those
 * from router advertisements come and expire by themselves: no facts.
 */
#include <inttypes.h>
#include <linux/fib_rules.h>

#include "root/audit-netlink.h"

static const char *const route_types[] = {
	[RTN_LOCAL] = "local ",		[RTN_BROADCAST] = "broadcast ",
	[RTN_ANYCAST] = "anycast ",	[RTN_MULTICAST] = "multicast ",
	[RTN_BLACKHOLE] = "blackhole ", [RTN_UNREACHABLE] = "unreachable ",
	[RTN_PROHIBIT] = "prohibit ",	[RTN_THROW] = "throw ",
};

/* What tells one route from another, for a person. */
static void route_text(struct text *text, const struct rtmsg *route,
		       const void *attrs, size_t attrs_len)
{
	uint32_t table =
		attr_u32(attrs, attrs_len, RTA_TABLE, route->rtm_table);
	uint32_t metric = attr_u32(attrs, attrs_len, RTA_PRIORITY, 0);
	const void *data;
	size_t len;

	if (route->rtm_type < ARRAY_SIZE(route_types) &&
	    route_types[route->rtm_type])
		text_add(text, "%s", route_types[route->rtm_type]);
	data = netlink_find(attrs, attrs_len, RTA_DST, &len);
	text_add_prefix(text, route->rtm_family, data, data ? len : 0,
			route->rtm_dst_len, "default");
	data = netlink_find(attrs, attrs_len, RTA_GATEWAY, &len);
	if (data) {
		text_add(text, " via ");
		text_add_prefix(text, route->rtm_family, data, len,
				route->rtm_family == AF_INET ? 32 : 128, "?");
	}
	if (table != RT_TABLE_MAIN)
		text_add(text, " table %" PRIu32, table);
	if (metric)
		text_add(text, " metric %" PRIu32, metric);
}

static int routes_each(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*route), &attrs_len);
	char key[192], note[192], name[128];
	struct text text = text_over(name, sizeof(name));
	uint32_t oif;

	if (!attrs)
		return -EBADMSG;
	if (route->rtm_family != AF_INET && route->rtm_family != AF_INET6)
		return 0;
	if ((route->rtm_flags & RTM_F_CLONED) ||
	    route->rtm_protocol == RTPROT_KERNEL ||
	    route->rtm_protocol == RTPROT_RA)
		return 0;
	oif = attr_u32(attrs, attrs_len, RTA_OIF, 0);
	route_text(&text, route, attrs, attrs_len);
	/* By its link's index it stays the same route when that is renamed. */
	snprintf(key, sizeof(key), "%u %s %u %" PRIu32, route->rtm_family, name,
		 route->rtm_tos, oif);
	text = text_over(note, sizeof(note));
	text_add(&text, "route %s", name);
	if (oif) {
		text_add(&text, " dev ");
		text_add_link(&text, oif);
	}
	return replay_add(&replay_route, context, message, key, note);
}

static int routes_take(struct facts *facts)
{
	const struct rtmsg route = { .rtm_family = AF_UNSPEC };

	return network_dump(facts, NETLINK_ROUTE, RTM_GETROUTE, &route,
			    sizeof(route), routes_each);
}

static int routes_undo(const struct audit_scope *scope,
		       const struct change *change)
{
	int r = 0;

	(void)scope;
	if (change->now)
		r = replay_send(&replay_route, change->now, RTM_DELROUTE, 0);
	if (r < 0 && r != -ESRCH)
		return r;
	return change->before
		       ? replay_send(&replay_route, change->before,
				     RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND)
		       : 0;
}

static void replay_describe(const struct change *change, struct text *what,
			    struct text *cure)
{
	if (!change->before) {
		text_add(what, "%s was left", change->now->note);
		text_add(cure, "removed");
	} else {
		text_add(what, "%s was %s", change->before->note,
			 change->now ? "changed" : "missing");
		text_add(cure, "restored");
	}
}

const struct probe probe_routes = {
	.name = "routes",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 60,
	.changes = CHANGE_ANY,
	.take = routes_take,
	.undo = routes_undo,
	.describe = replay_describe,
};

static void rule_text(struct text *text, const struct fib_rule_hdr *rule,
		      const void *attrs, size_t attrs_len)
{
	static const struct {
		uint16_t type;
		const char *word;
	} links[] = {
		{ FRA_IIFNAME, "iif" },
		{ FRA_OIFNAME, "oif" },
	};
	uint32_t mark = attr_u32(attrs, attrs_len, FRA_FWMARK, 0);
	const void *data;
	size_t len;

	text_add(text, "%" PRIu32 ": from ",
		 attr_u32(attrs, attrs_len, FRA_PRIORITY, 0));
	data = netlink_find(attrs, attrs_len, FRA_SRC, &len);
	text_add_prefix(text, rule->family, data, data ? len : 0, rule->src_len,
			"all");
	data = netlink_find(attrs, attrs_len, FRA_DST, &len);
	if (data) {
		text_add(text, " to ");
		text_add_prefix(text, rule->family, data, len, rule->dst_len,
				"all");
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		data = netlink_find(attrs, attrs_len, links[i].type, &len);
		if (data)
			text_add(text, " %s %.*s", links[i].word, (int)len,
				 (const char *)data);
	}
	if (mark)
		text_add(text, " fwmark 0x%" PRIx32, mark);
	text_add(text, " lookup %" PRIu32,
		 attr_u32(attrs, attrs_len, FRA_TABLE, rule->table));
}

static int rules_each(const struct nlmsghdr *message, void *context)
{
	const struct fib_rule_hdr *rule = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*rule), &attrs_len);
	char key[192], note[192], name[160];
	struct text text = text_over(name, sizeof(name));

	if (!attrs)
		return -EBADMSG;
	if (rule->family != AF_INET && rule->family != AF_INET6)
		return 0;
	rule_text(&text, rule, attrs, attrs_len);
	snprintf(key, sizeof(key), "%u %s", rule->family, name);
	snprintf(note, sizeof(note), "rule %s", name);
	return replay_add(&replay_rule, context, message, key, note);
}

static int rules_take(struct facts *facts)
{
	const struct fib_rule_hdr rule = { .family = AF_UNSPEC };

	return network_dump(facts, NETLINK_ROUTE, RTM_GETRULE, &rule,
			    sizeof(rule), rules_each);
}

static int rules_undo(const struct audit_scope *scope,
		      const struct change *change)
{
	int r = 0;

	(void)scope;
	if (change->now)
		r = replay_send(&replay_rule, change->now, RTM_DELRULE, 0);
	if (r < 0 && r != -ENOENT)
		return r;
	return change->before
		       ? replay_send(&replay_rule, change->before, RTM_NEWRULE,
				     NLM_F_CREATE | NLM_F_EXCL)
		       : 0;
}

const struct probe probe_rules = {
	.name = "rules",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 60,
	.changes = CHANGE_ANY,
	.take = rules_take,
	.undo = rules_undo,
	.describe = replay_describe,
};
