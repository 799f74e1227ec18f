/* SPDX-License-Identifier: MIT */
/*
 * Plain BIOS machines switched on in the same moment: DISCOVER, a menu, port
 * 4011, the loader by TFTP, DISCOVER of iPXE, the script by HTTP.
 *
 * usage: boot-crowd INTERFACE SERVER FIRST-ADDRESS COUNT
 *
 * Each machine has an address of its own, which the host must accept as local
 * (ip route add local PREFIX dev lo). They repeat themselves as firmware does,
 * but never pause. Prints how many got their script, and how long the one in
 * the middle and the slowest took; ends with 1 when one got none in LIMIT_MS.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "loop/loop.h"
#include "wire/dhcp4.h"
#include "wire/pxe43.h"

#define LIMIT_MS      60000
#define TICK_MS	      100
#define DHCP_AGAIN_MS 4000
#define TFTP_AGAIN_MS 1000
#define HTTP_AGAIN_MS 10000
#define BUFFER_BYTES  (16 * 1024 * 1024)
#define BLOCK	      1468
#define TEXT_MAX      2048
#define PXE_PORT      4011
#define TFTP_PORT     69
#define MACHINES_MAX  30000

enum state {
	WAITS_MENU,
	WAITS_LOADER,
	FETCHES_LOADER,
	WAITS_SCRIPT,
	FETCHES_SCRIPT,
	BOOTED,
};

struct machine {
	enum state state;
	uint8_t mac[6];
	uint32_t xid;
	uint32_t address;
	char file[129];
	int64_t again_ms; /* when it repeats itself; 0: never */
	int64_t booted_ms;
	unsigned int repeats;
	struct source source; /* TFTP or HTTP */
	struct sockaddr_in peer;
	uint16_t block;
	uint8_t last[512]; /* TFTP packet */
	size_t last_len;
	char text[TEXT_MAX];
	size_t text_len;
};

static struct loop loop;
static struct source dhcp;
static struct timer tick;
static struct machine *machines;
static size_t count, booted;
static uint32_t server;
static int link_index;
static int64_t started_ms;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* From the machine's own address, or from none. */
static void send_dhcp(const struct machine *m, uint32_t to, uint16_t port,
		      const void *bytes, size_t len)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { 0 };
	const struct in_pktinfo info = {
		.ipi_ifindex = link_index,
		.ipi_spec_dst.s_addr = htonl(m->address),
	};
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(to),
	};
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	const struct msghdr header = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (sendmsg(dhcp.fd, &header, 0) < 0 && errno != EAGAIN)
		die("sendmsg");
}

static void ask_dhcp(struct machine *m)
{
	bool to_4011 = m->state == WAITS_LOADER;
	struct dhcp4_message head = {
		.op = DHCP4_OP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = m->xid,
		.ciaddr = to_4011 ? m->address : 0,
	};
	uint8_t bytes[DHCP4_PACKET_MIN], item[8];
	struct build b = build_over(bytes, sizeof(bytes));
	struct build v = build_over(item, sizeof(item));

	memcpy(head.chaddr, m->mac, sizeof(m->mac));
	dhcp4_begin(&b, &head);
	dhcp4_add_number(&b, DHCP4_MESSAGE_TYPE,
			 to_4011 ? DHCP4_REQUEST : DHCP4_DISCOVER, 1);
	dhcp4_add_number(&b, DHCP4_MAX_SIZE, 1472, 2);
	dhcp4_add_number(&b, DHCP4_CLIENT_ARCH, 0, 2);
	dhcp4_add(&b, DHCP4_CLIENT_NDI, "\1\2\1", 3);
	dhcp4_add(&b, DHCP4_VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001",
		  32);
	if (m->state == WAITS_SCRIPT)
		dhcp4_add(&b, DHCP4_USER_CLASS, "iPXE", 4);
	if (to_4011) {
		pxe43_add_item(&v, (struct pxe43_item){ PXE43_TYPE_VENDOR, 0 });
		pxe43_end(&v);
		dhcp4_add(&b, DHCP4_VENDOR, item, v.len);
	}
	dhcp4_end(&b);
	m->again_ms = clock_ms() + DHCP_AGAIN_MS;
	if (to_4011)
		send_dhcp(m, server, PXE_PORT, bytes, b.len);
	else
		send_dhcp(m, INADDR_BROADCAST, DHCP4_SERVER_PORT, bytes, b.len);
}

/* Ends what it had open. */
static void hang_up(struct machine *m)
{
	loop_remove(&loop, &m->source);
	m->source.fd = fd_close(m->source.fd);
}

static void open_socket(struct machine *m, int type, uint16_t port,
			void (*ready)(struct source *source, uint32_t events),
			uint32_t events)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(m->address),
	};

	hang_up(m);
	m->peer = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(server),
	};
	m->source = (struct source){
		.fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.ready = ready,
	};
	if (m->source.fd < 0 ||
	    bind(m->source.fd, (const struct sockaddr *)&here, sizeof(here)) <
		    0 ||
	    loop_add(&loop, &m->source, events) < 0)
		die("socket");
}

static void send_tftp(struct machine *m)
{
	m->again_ms = clock_ms() + TFTP_AGAIN_MS;
	(void)sendto(m->source.fd, m->last, m->last_len, 0,
		     (const struct sockaddr *)&m->peer, sizeof(m->peer));
}

static void acknowledge(struct machine *m, uint16_t block)
{
	struct build b = build_over(m->last, sizeof(m->last));

	m->block = block;
	build_be16(&b, 4);
	build_be16(&b, block);
	m->last_len = b.len;
	send_tftp(m);
}

static void tftp_ready(struct source *source, uint32_t events)
{
	struct machine *m = container_of(source, struct machine, source);
	uint8_t bytes[BLOCK + 4];
	socklen_t peer_len = sizeof(m->peer);
	ssize_t n = recvfrom(source->fd, bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&m->peer, &peer_len);
	struct view v = view_over(bytes, n < 0 ? 0 : (size_t)n);
	uint16_t code = view_be16(&v), block = view_be16(&v);

	(void)events;
	if (n < 4)
		return;
	if (code == 6) {
		acknowledge(m, 0);
	} else if (code == 3 && block == (uint16_t)(m->block + 1)) {
		acknowledge(m, block);
		if (n < (ssize_t)sizeof(bytes)) {
			hang_up(m);
			m->state = WAITS_SCRIPT;
			m->xid ^= 0x40000000;
			ask_dhcp(m);
		}
	} else if (code == 5) {
		fprintf(stderr, "TFTP error: %.*s\n", (int)n - 4, bytes + 4);
		exit(2);
	}
}

static void ask_tftp(struct machine *m)
{
	static const char options[] = "octet\0blksize\0001468";
	struct build b = build_over(m->last, sizeof(m->last));

	open_socket(m, SOCK_DGRAM, TFTP_PORT, tftp_ready, EPOLLIN);
	m->state = FETCHES_LOADER;
	m->block = 0;
	build_be16(&b, 1);
	build_bytes(&b, m->file, strlen(m->file) + 1);
	build_bytes(&b, options, sizeof(options));
	m->last_len = b.len;
	send_tftp(m);
}

static void ask_http(struct machine *m);

static void http_ready(struct source *source, uint32_t events)
{
	struct machine *m = container_of(source, struct machine, source);
	char request[256];
	ssize_t n;

	if (events & EPOLLOUT) {
		n = snprintf(request, sizeof(request),
			     "GET %s HTTP/1.1\r\nHost: boot\r\n"
			     "Connection: close\r\n\r\n",
			     strchr(m->file + 7, '/'));
		if (send(source->fd, request, (size_t)n, MSG_NOSIGNAL) != n ||
		    loop_change(&loop, source, EPOLLIN) < 0)
			ask_http(m);
		return;
	}
	n = recv(source->fd, m->text + m->text_len,
		 sizeof(m->text) - 1 - m->text_len, 0);
	if (n > 0) {
		m->text_len += (size_t)n;
		return;
	}
	m->text[m->text_len] = '\0';
	if (!str_after(m->text, "HTTP/1.1 200") || !strstr(m->text, "#!ipxe")) {
		fprintf(stderr, "no script: %s\n", m->text);
		exit(2);
	}
	hang_up(m);
	m->state = BOOTED;
	m->again_ms = 0;
	m->booted_ms = clock_ms() - started_ms;
	if (++booted == count)
		loop.stop = true;
}

static void ask_http(struct machine *m)
{
	open_socket(m, SOCK_STREAM, 80, http_ready, EPOLLOUT);
	m->state = FETCHES_SCRIPT;
	m->text_len = 0;
	m->again_ms = clock_ms() + HTTP_AGAIN_MS;
	if (connect(m->source.fd, (const struct sockaddr *)&m->peer,
		    sizeof(m->peer)) < 0 &&
	    errno != EINPROGRESS)
		die("connect");
}

static void take_answer(struct machine *m, const struct dhcp4_message *answer)
{
	memcpy(m->file, answer->file.at, answer->file.left);
	m->file[answer->file.left] = '\0';
	if (m->state == WAITS_MENU) {
		m->state = WAITS_LOADER;
		ask_dhcp(m);
	} else if (m->state == WAITS_LOADER && m->file[0]) {
		ask_tftp(m);
	} else if (m->state == WAITS_SCRIPT && str_after(m->file, "http://")) {
		ask_http(m);
	}
}

static void dhcp_ready(struct source *source, uint32_t events)
{
	struct dhcp4_message answer;
	uint8_t bytes[1500];
	ssize_t n;

	(void)events;
	while ((n = recv(source->fd, bytes, sizeof(bytes), 0)) > 0) {
		struct machine *m;
		size_t number;

		if (dhcp4_parse(view_over(bytes, (size_t)n), &answer) < 0 ||
		    answer.op != DHCP4_OP_REPLY)
			continue;
		number = (size_t)answer.chaddr[4] << 8 | answer.chaddr[5];
		if (number >= count)
			continue;
		m = &machines[number];
		if (answer.xid == m->xid)
			take_answer(m, &answer);
	}
}

static void repeat(struct machine *m)
{
	m->repeats++;
	switch (m->state) {
	case WAITS_MENU:
	case WAITS_LOADER:
	case WAITS_SCRIPT:
		ask_dhcp(m);
		break;
	case FETCHES_LOADER:
		send_tftp(m);
		break;
	case FETCHES_SCRIPT:
		ask_http(m);
		break;
	case BOOTED:
		break;
	}
}

static void tick_expired(struct timer *timer)
{
	int64_t now_ms = clock_ms();

	for (size_t i = 0; i < count; i++)
		if (machines[i].again_ms != 0 && now_ms > machines[i].again_ms)
			repeat(&machines[i]);
	if (now_ms - started_ms > LIMIT_MS)
		loop.stop = true;
	loop_timer(&loop, timer, TICK_MS);
}

static void open_dhcp(const char *interface)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(DHCP4_CLIENT_PORT),
	};
	const int on = 1, size = BUFFER_BYTES;

	link_index = (int)if_nametoindex(interface);
	dhcp.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	dhcp.ready = dhcp_ready;
	if (dhcp.fd < 0 ||
	    setsockopt(dhcp.fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) <
		    0 ||
	    setsockopt(dhcp.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) < 0 ||
	    /* One socket is all machines'; each alone would have room. */
	    setsockopt(dhcp.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size,
		       sizeof(size)) < 0 ||
	    bind(dhcp.fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    loop_add(&loop, &dhcp, EPOLLIN) < 0)
		die("port 68");
}

static int by_time(const void *a, const void *b)
{
	int64_t left = ((const struct machine *)a)->booted_ms;
	int64_t right = ((const struct machine *)b)->booted_ms;

	return left < right ? -1 : left > right;
}

/* Those that did not boot are the slowest. */
static int report(void)
{
	unsigned int repeats = 0;

	for (size_t i = 0; i < count; i++) {
		repeats += machines[i].repeats;
		if (machines[i].state != BOOTED)
			machines[i].booted_ms = LIMIT_MS;
	}
	qsort(machines, count, sizeof(*machines), by_time);
	printf("%zu of %zu booted, median %.2f s, slowest %.2f s, %u repeats\n",
	       booted, count, (double)machines[count / 2].booted_ms / 1000,
	       (double)machines[count - 1].booted_ms / 1000, repeats);
	return booted != count;
}

int main(int argc, char **argv)
{
	sigset_t none;
	struct in_addr address, first;
	uint64_t number;

	sigemptyset(&none);
	if (argc != 5 || inet_pton(AF_INET, argv[2], &address) != 1 ||
	    inet_pton(AF_INET, argv[3], &first) != 1 ||
	    str_to_u64(argv[4], MACHINES_MAX, &number) < 0) {
		fprintf(stderr, "usage: %s INTERFACE SERVER FIRST COUNT\n",
			argv[0]);
		return 2;
	}
	server = ntohl(address.s_addr);
	count = (size_t)number;
	machines = calloc(count, sizeof(*machines));
	if (!machines || loop_init(&loop, &none, NULL) < 0)
		die("memory");
	open_dhcp(argv[1]);
	started_ms = clock_ms();
	for (size_t i = 0; i < count; i++) {
		struct machine *m = &machines[i];

		*m = (struct machine){
			.mac = { 0x52, 0x54, 0, 0xbb, (uint8_t)(i >> 8),
				 (uint8_t)i },
			.xid = (uint32_t)(i + 1) * 0x101,
			.address = ntohl(first.s_addr) + (uint32_t)i,
			.source.fd = FD_NONE,
		};
		ask_dhcp(m);
	}
	tick.expired = tick_expired;
	loop_timer(&loop, &tick, TICK_MS);
	if (loop_run(&loop) < 0)
		die("loop");
	return report();
}
