/* SPDX-License-Identifier: MIT */
/*
 * A TFTP client with what packaged ones lack: windows (RFC 7440), losses, many
 * transfers at once from as many addresses, and bad behaviour. For
 * test-tftp.py and bench/tftp; prints "BYTES bytes SECONDS s".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "wire/tftp.h"

#define RECEIVE_MAX 65536
#define CLIENTS_MAX 2048
#define TRIES	    20

struct settings {
	struct sockaddr_in server;
	uint32_t first_address; /* of the clients; 0: any */
	const char *name;
	struct tftp_options options;
	unsigned int loss_percent;
	unsigned int clients;
	unsigned int repeat;
	uint64_t stop_after; /* blocks; 0: never */
	int timeout_ms;
	int out_fd;
};

struct client {
	const struct settings *settings;
	int fd;
	bool connected, done, stopped;
	uint32_t blksize, window;
	uint64_t arrived; /* blocks, in order */
	uint64_t acked;
	bool hole; /* told already */
	uint64_t bytes;
	unsigned int tries;
	int64_t sent_ms;
};

static uint64_t seed = 88172645463325252U;

static bool lose(const struct settings *settings)
{
	if (settings->loss_percent == 0)
		return false;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % 100 < settings->loss_percent;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void send_request(struct client *c)
{
	const struct settings *s = c->settings;
	uint8_t bytes[4096];
	struct build b = build_over(bytes, sizeof(bytes));

	tftp_build_request(&b, TFTP_RRQ, s->name, &s->options);
	if (!lose(s) &&
	    sendto(c->fd, bytes, b.len, 0, (const struct sockaddr *)&s->server,
		   sizeof(s->server)) < 0)
		die("sendto");
}

static void send_ack(struct client *c)
{
	uint8_t header[TFTP_HEADER];

	tftp_header(header, TFTP_ACK, (uint16_t)c->arrived);
	c->acked = c->arrived;
	if (!lose(c->settings) && send(c->fd, header, sizeof(header), 0) < 0 &&
	    errno != ECONNREFUSED)
		die("send");
}

static void send_again(struct client *c)
{
	if (++c->tries > TRIES) {
		fprintf(stderr, "no answer any more after block %" PRIu64 "\n",
			c->arrived);
		exit(1);
	}
	if (c->connected)
		send_ack(c);
	else
		send_request(c);
}

static void take_data(struct client *c, const struct tftp_packet *packet)
{
	if (packet->block != (uint16_t)(c->arrived + 1)) {
		/* Told once that something is missing. */
		if (!c->hole && c->window > 1)
			send_ack(c);
		c->hole = true;
		return;
	}
	c->hole = false;
	c->tries = 0;
	c->arrived++;
	c->bytes += packet->data.left;
	if (c->settings->out_fd >= 0 &&
	    fd_write_all(c->settings->out_fd, packet->data.at,
			 packet->data.left) < 0)
		die("write");
	c->done = packet->data.left < c->blksize;
	c->stopped = c->settings->stop_after > 0 &&
		     c->arrived >= c->settings->stop_after;
	if (!c->stopped && (c->done || c->arrived - c->acked == c->window))
		send_ack(c);
}

static void take_oack(struct client *c, const struct tftp_options *options)
{
	if (c->arrived > 0)
		return;
	if (options->blksize)
		c->blksize = options->blksize;
	if (options->windowsize)
		c->window = options->windowsize;
	send_ack(c);
}

static void take_packet(struct client *c, struct view bytes)
{
	struct tftp_packet packet;
	const char *why;

	if (lose(c->settings))
		return;
	if (tftp_parse(bytes, &packet, &why) < 0) {
		fprintf(stderr, "bad packet: %s\n", why);
		exit(1);
	}
	if (packet.opcode == TFTP_DATA) {
		take_data(c, &packet);
	} else if (packet.opcode == TFTP_OACK) {
		take_oack(c, &packet.options);
	} else {
		fprintf(stderr, "ERROR %u: %.*s\n", packet.error,
			(int)packet.message.left,
			(const char *)packet.message.at);
		exit(1);
	}
}

/* What the kernel joined (UDP_GRO) is taken apart. */
static size_t segment_size(struct msghdr *message, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	     c = CMSG_NXTHDR(message, c)) {
		int size;

		if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(c), sizeof(size));
		return (size_t)size;
	}
	return MAX(len, 1);
}

static bool receive(struct client *c, int flags)
{
	static uint8_t bytes[RECEIVE_MAX];
	char control[CMSG_SPACE(sizeof(int))];
	struct sockaddr_in peer;
	struct iovec piece = { bytes, sizeof(bytes) };
	struct msghdr message = {
		.msg_name = c->connected ? NULL : &peer,
		.msg_namelen = c->connected ? 0 : sizeof(peer),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = c->window > 1 ? control : NULL,
		.msg_controllen = c->window > 1 ? sizeof(control) : 0,
	};
	ssize_t n = recvmsg(c->fd, &message, flags);
	size_t size;

	if (n < 0)
		return false;
	if (!c->connected &&
	    connect(c->fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
		die("connect");
	c->connected = true;
	size = segment_size(&message, (size_t)n);
	for (size_t at = 0; at == 0 || at < (size_t)n; at += size)
		take_packet(c,
			    view_over(bytes + at, MIN(size, (size_t)n - at)));
	return true;
}

static void begin(struct client *c, const struct settings *settings,
		  unsigned int number)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr =
			settings->first_address
				? htonl(settings->first_address + number)
				: 0,
	};
	const int on = 1, room = 1 << 20;

	*c = (struct client){
		.settings = settings,
		.blksize = TFTP_BLKSIZE_DEFAULT,
		.window = 1,
		.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	};
	if (c->fd < 0 ||
	    bind(c->fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		die("socket");
	if (settings->options.windowsize > 1)
		(void)setsockopt(c->fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	send_request(c);
}

static bool ended(const struct client *c)
{
	return c->done || c->stopped;
}

/* One alone waits in its recv(), as packaged clients do. */
static void run_one(struct client *c)
{
	const struct settings *s = c->settings;
	const struct timeval wait = { s->timeout_ms / 1000,
				      s->timeout_ms % 1000 * 1000 };

	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		die("SO_RCVTIMEO");
	while (!ended(c))
		if (!receive(c, 0))
			send_again(c);
}

static void run_all(struct client *clients, unsigned int count)
{
	_cleanup_fd int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[64];
	unsigned int left = count;

	for (unsigned int i = 0; i < count; i++) {
		struct epoll_event event = { EPOLLIN, { .ptr = &clients[i] } };

		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, clients[i].fd, &event) <
		    0)
			die("epoll_ctl");
	}
	while (left > 0) {
		int n = epoll_wait(epoll_fd, events, ARRAY_SIZE(events),
				   clients->settings->timeout_ms);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (!ended(c) && receive(c, MSG_DONTWAIT) && ended(c))
				left--;
		}
		for (unsigned int i = 0; n == 0 && i < count; i++)
			if (!ended(&clients[i]))
				send_again(&clients[i]);
	}
}

static uint64_t fetch(const struct settings *settings)
{
	static struct client clients[CLIENTS_MAX];
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < settings->clients; i++)
		begin(&clients[i], settings, i);
	if (settings->clients == 1)
		run_one(clients);
	else
		run_all(clients, settings->clients);
	for (unsigned int i = 0; i < settings->clients; i++) {
		bytes += clients[i].bytes;
		fd_close(clients[i].fd);
	}
	return bytes;
}

static uint64_t number(const char *text, uint64_t max)
{
	uint64_t value;

	if (str_to_u64(text, max, &value) < 0) {
		fprintf(stderr, "%s is not a number up to %" PRIu64 "\n", text,
			max);
		exit(2);
	}
	return value;
}

static const char usage[] =
	"usage: tftp-client [-b BLKSIZE] [-w WINDOW] [-s] [-T SECONDS]\n"
	"         [-l LOSS%] [-n CLIENTS] [-a FIRST-ADDRESS] [-r REPEAT]\n"
	"         [-p PORT] [-t TIMEOUT-MS] [-x STOP-AFTER-BLOCKS] [-o FILE]\n"
	"         SERVER NAME\n";

static void take_option(struct settings *s, int option, const char *value)
{
	struct in_addr address;

	switch (option) {
	case 'b':
		s->options.blksize = (uint16_t)number(value, UINT16_MAX);
		break;
	case 'w':
		s->options.windowsize = (uint16_t)number(value, UINT16_MAX);
		break;
	case 's':
		s->options.has_tsize = true;
		break;
	case 'T':
		s->options.timeout_s = (uint8_t)number(value, UINT8_MAX);
		break;
	case 'l':
		s->loss_percent = (unsigned int)number(value, 100);
		break;
	case 'n':
		s->clients = (unsigned int)number(value, CLIENTS_MAX);
		break;
	case 'r':
		s->repeat = (unsigned int)number(value, UINT32_MAX);
		break;
	case 'p':
		s->server.sin_port = htons((uint16_t)number(value, UINT16_MAX));
		break;
	case 't':
		s->timeout_ms = (int)number(value, INT32_MAX);
		break;
	case 'x':
		s->stop_after = number(value, UINT64_MAX);
		break;
	case 'o':
		s->out_fd = open(
			value, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (s->out_fd < 0)
			die(value);
		break;
	case 'a':
		if (inet_pton(AF_INET, value, &address) != 1)
			die(value);
		s->first_address = ntohl(address.s_addr);
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct rlimit limit = { CLIENTS_MAX + 64, CLIENTS_MAX + 64 };
	struct settings s = {
		.server = { .sin_family = AF_INET,
			    .sin_port = htons(TFTP_PORT) },
		.clients = 1,
		.repeat = 1,
		.timeout_ms = 1000,
		.out_fd = FD_NONE,
	};
	uint64_t bytes = 0;
	int64_t begun;
	int option;

	while ((option = getopt(argc, argv, "b:w:sT:l:n:r:p:t:x:o:a:")) != -1)
		take_option(&s, option, optarg);
	if (argc - optind != 2 ||
	    inet_pton(AF_INET, argv[optind], &s.server.sin_addr) != 1) {
		fputs(usage, stderr);
		return 2;
	}
	s.name = argv[optind + 1];
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	begun = now_us();
	for (unsigned int i = 0; i < s.repeat; i++)
		bytes += fetch(&s);
	printf("%" PRIu64 " bytes %.6f s\n", bytes,
	       (double)(now_us() - begun) / 1e6);
	fd_close(s.out_fd);
	return 0;
}
