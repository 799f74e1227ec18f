/* SPDX-License-Identifier: MIT */
/*
 * The TFTP server alone, for test-tftp.py and the bench: everything around it
 * is a stand-in that prints what it is told, one line each. A text takes
 * TEXT_MS to be made, like one that a policy has to ask for. Ends when
 * standard input is closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "loop/loop.h"
#include "server/tftp-server.h"
#include "wire/ipv4.h"
#include "wire/tftp.h"

#define TEXT_MS 300

static struct loop loop;
static bool quiet;
static uint64_t malformed;

static void say(const char *what, const char *format, va_list args)
{
	if (quiet)
		return;
	printf("%s ", what);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}

void journal_line(_unused struct journal *journal,
		  _unused enum journal_level level, const char *subject,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(subject, format, args);
	va_end(args);
}

void journal_malformed(_unused struct journal *journal,
		       _unused const char *subject, const char *reason,
		       uint32_t from)
{
	char ip[IPV4_TEXT_MAX];

	/* The first, and every 10,000: that all of them come here. */
	if (malformed++ % 10000 == 0) {
		printf("malformed %" PRIu64 ": %s from %s\n", malformed, reason,
		       ipv4_text(from, ip));
		fflush(stdout);
	}
}

void timeline_note(_unused struct timeline *timeline,
		   _unused const struct mac *mac, _unused enum stage stage,
		   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("note", format, args);
	va_end(args);
}

void timeline_warn(_unused struct timeline *timeline,
		   _unused const struct mac *mac, _unused enum stage stage,
		   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning", format, args);
	va_end(args);
}

void timeline_address(_unused struct timeline *timeline,
		      _unused const struct mac *mac, _unused uint32_t address)
{
}

void timeline_expect(_unused struct timeline *timeline,
		     _unused const struct mac *mac,
		     _unused enum expectation expectation)
{
}

int timeline_find_address(_unused struct timeline *timeline,
			  _unused uint32_t address, _unused struct mac *ret_mac)
{
	return -ENOENT;
}

void machines_loader_fetched(_unused struct machines *machines,
			     const struct mac *mac)
{
	char text[MAC_TEXT_MAX];

	printf("loader fetched by %s\n", mac_text(mac, text));
	fflush(stdout);
}

void machines_script_asked(_unused struct machines *machines,
			   const struct mac *mac)
{
	char text[MAC_TEXT_MAX];

	printf("script asked by %s\n", mac_text(mac, text));
	fflush(stdout);
}

struct client machines_client(_unused const struct machines *machines,
			      const struct mac *mac)
{
	return (struct client){ .mac = *mac, .arch = ARCH_UNKNOWN };
}

const char *script_grub_start(void)
{
	return "configfile /grub/start\n";
}

struct delayed {
	struct timer timer;
	struct text_request *request;
};

static void make_text(struct timer *timer)
{
	struct delayed *delayed = container_of(timer, struct delayed, timer);
	struct text_request *request = delayed->request;
	struct failure failure;
	char mac[MAC_TEXT_MAX], text[256], *body;

	free(delayed);
	request->question.pending = NULL;
	mac_text(&request->question.client.mac, mac);
	if (str_after(mac, "ff:")) {
		failure_set(&failure, EIO, "nobody knows what %s boots", mac);
		request->made(request, -EIO, NULL, 0, &failure);
		return;
	}
	snprintf(text, sizeof(text), "#!ipxe\n# %s %s\n", mac,
		 request->base.http);
	body = strdup(text);
	request->made(request, 0, body, strlen(text), NULL);
}

void texts_ask(_unused struct policy *policy, struct text_request *request)
{
	struct delayed *delayed = calloc(1, sizeof(*delayed));

	if (!delayed)
		abort();
	delayed->request = request;
	delayed->timer.expired = make_text;
	request->question.pending = delayed;
	loop_timer(&loop, &delayed->timer, TEXT_MS);
}

void policy_cancel(_unused struct policy *policy, struct question *question)
{
	struct delayed *delayed = question->pending;

	if (!delayed)
		return;
	question->pending = NULL;
	loop_timer_off(&loop, &delayed->timer);
	free(delayed);
	printf("text cancelled\n");
	fflush(stdout);
}

static int open_port(void)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(TFTP_PORT),
	};
	const int on = 1, room = 1 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) <
		    0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return FD_NONE;
	return fd;
}

static void stop(_unused struct source *source, _unused uint32_t events)
{
	loop.stop = true;
}

static void raise_limit(void)
{
	const struct rlimit limit = { 3 * TFTP_SESSIONS, 3 * TFTP_SESSIONS };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(int root_fd)
{
	const struct serve_settings settings = { .http_port = 80 };
	struct loaders loaders = { 0 };
	struct signer signer = { 0 };
	const struct names names = {
		.signer = &signer,
		.loaders = &loaders,
		.tftp_root_fd = root_fd,
		.dir_fd = FD_NONE,
	};
	const struct serve_context context = {
		.loop = &loop,
		.settings = &settings,
		.names = &names,
	};
	struct source input = { .fd = STDIN_FILENO, .ready = stop };
	struct tftp_server *server;
	struct failure failure;
	sigset_t none;
	int r;

	sigemptyset(&none);
	r = loop_init(&loop, &none, NULL);
	if (r == 0)
		r = loop_add(&loop, &input, EPOLLIN);
	if (r == 0)
		r = tftp_server_new(&context, open_port(), &server, &failure);
	if (r < 0)
		return r;
	printf("ready\n");
	fflush(stdout);
	r = loop_run(&loop);
	tftp_server_free(server);
	loop_done(&loop);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_fd int root_fd = FD_NONE;

	if (argc < 2) {
		fprintf(stderr, "usage: %s ROOT [quiet]\n", argv[0]);
		return 2;
	}
	quiet = argc > 2;
	root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return 1;
	raise_limit();
	return serve(root_fd) < 0;
}
