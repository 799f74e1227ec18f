/* SPDX-License-Identifier: MIT */
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/netlink.h"
#include "tap.h"

/* Attributes as numbers of 16 bits in host order: length, type, value. */
static const uint16_t attrs[] = { 8, 1,	   0x1111, 0x2222, 6, 2 | NLA_F_NESTED,
				  7, 0xee, 4,	   3 };

static void test_find(void)
{
	size_t len = 99;
	const char *value;

	value = netlink_find(attrs, sizeof(attrs), 1, &len);
	ok(value == (const char *)attrs + 4 && len == 4, "the first attribute");
	value = netlink_find(attrs, sizeof(attrs), 2, &len);
	ok(value == (const char *)attrs + 12 && len == 2,
	   "flags of the type are not looked at, padding is no value");
	value = netlink_find(attrs, sizeof(attrs), 3, &len);
	ok(value && len == 0, "an empty attribute at the very end");
	ok(!netlink_find(attrs, sizeof(attrs), 4, &len), "none of this type");
	ok(!netlink_find(attrs, 0, 1, &len), "none in no bytes");
	ok(!netlink_find(attrs, 3, 1, &len), "a header that is cut");
	ok(!netlink_find(attrs, 7, 1, &len), "a value that is cut");
	ok(netlink_find(attrs, 14, 2, &len) && len == 2,
	   "padding may be missing at the end");
	ok(!netlink_find(attrs, 15, 3, &len), "and is no attribute");
}

/* A length below the header's would never advance. */
static void test_find_bad_length(void)
{
	static const uint16_t zero[] = { 0, 1, 4, 2 }, past[] = { 9, 1, 4, 2 },
			      wrap[] = { 0xffff, 1, 4, 2 };
	size_t len;

	ok(!netlink_find(zero, sizeof(zero), 2, &len), "length 0");
	ok(!netlink_find(past, sizeof(past), 1, &len), "length past the end");
	ok(!netlink_find(wrap, sizeof(wrap), 2, &len), "length 65535");
}

static void test_request(void)
{
	const struct ifinfomsg link = { .ifi_index = 7 };
	struct netlink_request request;
	char big[NETLINK_REQUEST_MAX] = { 0 };

	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_attr(&request, IFLA_IFNAME, "lo", 3);
	netlink_attr(&request, IFLA_MTU, "\0\0\0\1", 4);
	ok_int(request.header.nlmsg_len, 16 + 16 + 8 + 8,
	       "attributes are aligned to 4 bytes");
	netlink_attr(&request, IFLA_ALT_IFNAME, big, sizeof(big));
	ok(request.bad, "what does not fit is remembered");
	netlink_attr(&request, IFLA_MTU, "\0\0\0\1", 4);
	ok_int(request.header.nlmsg_len, 48, "and nothing is added after it");
	ok_int(netlink_talk(FD_NONE, &request), -ENOBUFS, "nor is it sent");
	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_attr(&request, IFLA_IFNAME, big,
		     NETLINK_REQUEST_MAX - 16 - 16 - 4);
	ok(!request.bad && request.header.nlmsg_len == NETLINK_REQUEST_MAX,
	   "a request may fill its buffer");
}

static int find_loopback(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	if (link->ifi_flags & IFF_LOOPBACK)
		*(int *)context = link->ifi_index;
	return 0;
}

static int refuse(const struct nlmsghdr *message _unused, void *context)
{
	++*(int *)context;
	return -ECANCELED;
}

static void test_kernel(void)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
	struct netlink_request request;
	int found = 0, calls = 0;

	netlink_begin(&request, RTM_GETLINK, 0, &link, sizeof(link));
	ok_int(netlink_dump(fd, &request, find_loopback, &found), 0,
	       "links are listed");
	ok(found > 0, "the loopback is among them");
	netlink_begin(&request, RTM_GETLINK, 0, &link, sizeof(link));
	ok_int(netlink_dump(fd, &request, refuse, &calls), -ECANCELED,
	       "what each() says is returned");
	ok_int(calls, 1, "and it is not called again");
	link.ifi_index = 0x7ffffffe;
	netlink_begin(&request, RTM_GETLINK, 0, &link, sizeof(link));
	ok_int(netlink_talk(fd, &request), -ENODEV,
	       "the kernel's error is returned");
}

int main(void)
{
	test_find();
	test_find_bad_length();
	test_request();
	test_kernel();
	return tap_done();
}
