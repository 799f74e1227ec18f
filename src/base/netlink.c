/* SPDX-License-Identifier: MIT */
#include "base/netlink.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel fills dump messages up to 32 KiB when the reader has the room
 * (netlink_dump() in net/netlink/af_netlink.c). */
#define RECEIVE_MAX	  (32 * 1024)
#define RECEIVE_TIMEOUT_S 5

int netlink_open(int family)
{
	const struct timeval timeout = { .tv_sec = RECEIVE_TIMEOUT_S };
	_cleanup_fd int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) <
	    0)
		return -errno;
	return TAKE_FD(fd);
}

/* Room for len bytes and the padding behind them, zeroed; NULL and bad when
 * there is none. */
static void *take(struct netlink_request *request, size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);

	if (request->bad || len > NETLINK_REQUEST_MAX ||
	    NLMSG_ALIGN(len) > NETLINK_REQUEST_MAX - at) {
		request->bad = true;
		return NULL;
	}
	request->header.nlmsg_len = (uint32_t)(at + len);
	return memset(request->bytes + at, 0, NLMSG_ALIGN(len));
}

void netlink_begin(struct netlink_request *request, uint16_t type,
		   uint16_t flags, const void *payload, size_t payload_len)
{
	void *at;

	request->bad = false;
	request->header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
	};
	at = take(request, payload_len);
	if (at)
		memcpy(at, payload, payload_len);
}

void netlink_attr(struct netlink_request *request, uint16_t type,
		  const void *data, size_t len)
{
	struct nlattr attr = { .nla_type = type };
	char *at;

	if (len > UINT16_MAX - NLA_HDRLEN) {
		request->bad = true;
		return;
	}
	attr.nla_len = (uint16_t)(NLA_HDRLEN + len);
	at = take(request, attr.nla_len);
	if (!at)
		return;
	memcpy(at, &attr, sizeof(attr));
	if (len > 0)
		memcpy(at + NLA_HDRLEN, data, len);
}

size_t netlink_begin_nest(struct netlink_request *request, uint16_t type)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);

	netlink_attr(request, type, NULL, 0);
	return at;
}

void netlink_end_nest(struct netlink_request *request, size_t nest)
{
	struct nlattr attr;

	if (request->bad)
		return;
	memcpy(&attr, request->bytes + nest, sizeof(attr));
	attr.nla_len = (uint16_t)(request->header.nlmsg_len - nest);
	memcpy(request->bytes + nest, &attr, sizeof(attr));
}

/* Sends the request under a number of its own, which its answers carry. */
static int send_request(int fd, struct netlink_request *request)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static uint32_t sequence;
	ssize_t n;

	if (request->bad)
		return -ENOBUFS;
	request->header.nlmsg_seq = ++sequence;
	n = sendto(fd, request->bytes, request->header.nlmsg_len, 0,
		   (const struct sockaddr *)&kernel, sizeof(kernel));
	return n < 0 ? -errno : 0;
}

/* One datagram from the kernel itself; what other processes send is left out.
 * Returns its length. */
static ssize_t receive(int fd, char *buf, size_t size)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, size, MSG_TRUNC,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (from.nl_pid != 0)
			continue;
		return (size_t)n > size ? -EMSGSIZE : n;
	}
}

/* What is known while answers are read. */
struct answers {
	uint32_t sequence;
	netlink_each each;
	void *context;
	int result;	  /* of each(), or the kernel's errno */
	bool interrupted; /* the tables changed during the dump */
	bool ended;
};

static void take_answer(struct answers *answers, const struct nlmsghdr *message)
{
	int32_t err;

	if (message->nlmsg_seq != answers->sequence)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answers->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		answers->ended = true;
		if (message->nlmsg_len < NLMSG_LENGTH(sizeof(err)))
			return;
		memcpy(&err, NLMSG_DATA(message), sizeof(err));
		if (err < 0)
			answers->result = err;
		return;
	}
	if (answers->each && answers->result == 0)
		answers->result = answers->each(message, answers->context);
}

/* Reads until the answers end. */
static int read_answers(int fd, struct answers *answers)
{
	_Alignas(struct nlmsghdr) char buf[RECEIVE_MAX];

	while (!answers->ended) {
		ssize_t n = receive(fd, buf, sizeof(buf));
		const struct nlmsghdr *message = (const void *)buf;

		if (n < 0)
			return (int)n;
		for (unsigned int left = (unsigned int)n;
		     NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left))
			take_answer(answers, message);
	}
	return 0;
}

static int ask(int fd, struct netlink_request *request, struct answers *answers)
{
	int r = send_request(fd, request);

	if (r < 0)
		return r;
	answers->sequence = request->header.nlmsg_seq;
	r = read_answers(fd, answers);
	if (r == 0)
		r = answers->result;
	return r == 0 && answers->interrupted ? -EAGAIN : r;
}

int netlink_talk(int fd, struct netlink_request *request)
{
	struct answers answers = { 0 };

	request->header.nlmsg_flags |= NLM_F_ACK;
	return ask(fd, request, &answers);
}

int netlink_dump(int fd, struct netlink_request *request, netlink_each each,
		 void *context)
{
	struct answers answers = { .each = each, .context = context };

	request->header.nlmsg_flags |= NLM_F_DUMP;
	return ask(fd, request, &answers);
}

const void *netlink_find(const void *attrs, size_t len, uint16_t type,
			 size_t *ret_len)
{
	const char *at = attrs;

	while (len >= NLA_HDRLEN) {
		struct nlattr attr;
		size_t step;

		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > len)
			return NULL;
		if ((attr.nla_type & NLA_TYPE_MASK) == type) {
			*ret_len = attr.nla_len - (size_t)NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		step = NLA_ALIGN(attr.nla_len);
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}
