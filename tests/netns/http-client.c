/* SPDX-License-Identifier: MIT */
/*
 * Many HTTP clients in one thread, for measuring servers.
 *
 * usage: http-client [-c] ADDRESS PORT PATH CONNECTIONS REQUESTS
 *
 * Fetches PATH REQUESTS times over CONNECTIONS connections at once; with -c
 * each request has a connection of its own. Bodies are counted and not looked
 * at. Prints "SECONDS BYTES".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

#define HEAD_MAX  2048
#define WAIT_MS	  20000
#define BODY_READ ((size_t)1 << 20)

struct connection {
	int fd;
	char head[HEAD_MAX]; /* as far as it has come */
	size_t head_len;
	bool in_body;
	bool closes; /* the server says that it will close it */
	uint64_t left;
};

struct load {
	int epoll_fd;
	struct sockaddr_in address;
	char request[512];
	uint64_t to_send, to_come, bytes;
};

static bool fail(const char *what)
{
	fprintf(stderr, "http-client: %s: %s\n", what, strerror(errno));
	return false;
}

static bool begin(struct load *load, struct connection *connection)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.ptr = connection };

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 ||
	    connect(connection->fd, (struct sockaddr *)&load->address,
		    sizeof(load->address)) < 0)
		return fail("connect");
	if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) <
	    0)
		return fail("epoll");
	return true;
}

static bool ask(struct load *load, struct connection *connection)
{
	size_t len = strlen(load->request);

	connection->in_body = false;
	connection->head_len = 0;
	load->to_send--;
	if (send(connection->fd, load->request, len, MSG_NOSIGNAL) !=
	    (ssize_t)len)
		return fail("send");
	return true;
}

/* The head is there up to its empty line. */
static bool read_head(struct load *load, struct connection *connection,
		      const char *end)
{
	const char *field = strcasestr(connection->head, "\nContent-Length:");
	char *after;

	if (!str_after(connection->head, "HTTP/1.1 200") || !field) {
		fprintf(stderr, "http-client: %s\n", connection->head);
		return false;
	}
	connection->left =
		strtoull(field + strlen("\nContent-Length:"), &after, 10);
	load->bytes += connection->left;
	connection->left -= (uint64_t)(connection->head + connection->head_len -
				       (end + strlen("\r\n\r\n")));
	connection->in_body = true;
	connection->closes =
		strcasestr(connection->head, "\nConnection: close") != NULL;
	return true;
}

static bool receive(struct load *load, struct connection *connection)
{
	static char body[BODY_READ];
	char *at = connection->head + connection->head_len;
	const char *end;
	ssize_t n;

	if (connection->in_body) {
		/* Thrown away by the kernel: it is the server's time that is
		 * measured. */
		n = recv(connection->fd, body, sizeof(body), MSG_TRUNC);
		if (n <= 0)
			return fail("a body");
		connection->left -= (uint64_t)n;
		return true;
	}
	n = recv(connection->fd, at, HEAD_MAX - 1 - connection->head_len, 0);
	if (n <= 0)
		return fail("a head");
	connection->head_len += (size_t)n;
	connection->head[connection->head_len] = '\0';
	end = strstr(connection->head, "\r\n\r\n");
	return !end || read_head(load, connection, end);
}

static bool go_on(struct load *load, struct connection *connection)
{
	if (!receive(load, connection))
		return false;
	if (!connection->in_body || connection->left > 0)
		return true;
	load->to_come--;
	if (connection->closes || load->to_send == 0)
		connection->fd = fd_close(connection->fd);
	if (load->to_send == 0)
		return true;
	if (connection->closes && !begin(load, connection))
		return false;
	return ask(load, connection);
}

static bool run(struct load *load, struct connection *connections,
		unsigned int count)
{
	struct epoll_event events[64];

	for (unsigned int i = 0; i < count && load->to_send > 0; i++)
		if (!begin(load, &connections[i]) ||
		    !ask(load, &connections[i]))
			return false;
	while (load->to_come > 0) {
		int n = epoll_wait(load->epoll_fd, events, 64, WAIT_MS);

		if (n <= 0) {
			errno = n < 0 ? errno : ETIMEDOUT;
			return fail("waiting");
		}
		for (int i = 0; i < n; i++)
			if (!go_on(load, events[i].data.ptr))
				return false;
	}
	return true;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct load load = { .address = { .sin_family = AF_INET } };
	struct connection *connections;
	uint64_t port, count, requests;
	double start;
	bool closes;

	closes = argc > 1 && str_eq(argv[1], "-c");
	argv += closes;
	argc -= closes;
	if (argc != 6 || !inet_aton(argv[1], &load.address.sin_addr) ||
	    str_to_u64(argv[2], UINT16_MAX, &port) < 0 ||
	    str_to_u64(argv[4], 4096, &count) < 0 ||
	    str_to_u64(argv[5], UINT32_MAX, &requests) < 0) {
		fprintf(stderr, "usage: http-client [-c] ADDRESS PORT PATH "
				"CONNECTIONS REQUESTS\n");
		return 2;
	}
	load.address.sin_port = htons((uint16_t)port);
	load.to_send = load.to_come = requests;
	snprintf(load.request, sizeof(load.request),
		 "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", argv[3], argv[1],
		 closes ? "Connection: close\r\n" : "");
	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc(count, sizeof(*connections));
	if (!connections)
		return 1;
	start = now_s();
	if (!run(&load, connections, (unsigned int)count))
		return 1;
	printf("%.6f %" PRIu64 "\n", now_s() - start, load.bytes);
	free(connections);
	return 0;
}
