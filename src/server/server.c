/* SPDX-License-Identifier: MIT */
/*
 * Three times, in this order: what needs privileges (ports, directories) is
 * opened; privileges are dropped; threads are started. What fails before the
 * end of that ends the program with one line, and nothing was served.
 */
#include "server/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "loop/loop.h"
#include "server/dhcp-server.h"
#include "server/http-server.h"
#include "server/journal.h"
#include "server/plan-text.h"
#include "server/policy-place.h"
#include "server/policy.h"
#include "server/ports.h"
#include "server/privileges.h"
#include "server/tftp-server.h"

#define CHECK_MS 1000

/* Each HTTP connection and the file that it is sent, the two sockets of a TFTP
 * transfer, and what is open besides. */
#define DESCRIPTORS (2 * HTTP_CONNECTIONS + 2 * TFTP_SESSIONS + 1024)

struct server {
	struct serve_context context;
	struct loop loop;
	struct timer check;
	struct signer signer;
	struct loaders loaders;
	struct names names;
	struct machines machines;
	struct ports ports;
	struct dhcp_server *dhcp;
	struct tftp_server *tftp;
	struct http_server *http;
};

static void close_server(struct server *server)
{
	/* Who asks goes before who is asked. */
	server->http = http_server_free(server->http);
	server->tftp = tftp_server_free(server->tftp);
	server->dhcp = dhcp_server_free(server->dhcp);
	server->context.policy = policy_free(server->context.policy);
	server->context.timeline = timeline_free(server->context.timeline);
	server->context.journal = journal_free(server->context.journal);
	machines_done(&server->machines);
	ports_close(&server->ports);
	loaders_close(&server->loaders);
	server->names.dir_fd = fd_close(server->names.dir_fd);
	server->names.tftp_root_fd = fd_close(server->names.tftp_root_fd);
	loop_done(&server->loop);
}

static int open_directory(const char *path, int *ret_fd,
			  struct failure *failure)
{
	*ret_fd = FD_NONE;
	if (!path)
		return 0;
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return failure_errno(failure, errno, "cannot serve %s", path);
	return 0;
}

static void stop_or_reload(struct loop *loop, int number)
{
	struct server *server = container_of(loop, struct server, loop);
	struct failure failure = { 0 };

	if (number != SIGHUP) {
		loop->stop = true;
		return;
	}
	if (policy_reload(server->context.policy, &failure) < 0)
		journal_line(server->context.journal, JOURNAL_ERROR, "serve",
			     "kept what was in force: %s", failure.text);
	else
		journal_line(server->context.journal, JOURNAL_INFO, "serve",
			     "read again; kept answers are forgotten");
}

/* What both a server and --dry-run need. */
static int open_common(struct server *server, struct failure *failure)
{
	const struct serve_settings *settings = server->context.settings;
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	r = loop_init(&server->loop, &signals, stop_or_reload);
	if (r < 0)
		return failure_errno(failure, -r, "cannot start");
	r = signer_init(&server->signer);
	if (r < 0)
		return failure_set(failure, -r, "libsodium does not start");
	r = machines_init(&server->machines);
	if (r < 0)
		return failure_errno(failure, -r, "table of machines");
	/* First, as it says how to make what is not there. */
	r = policy_new(&server->loop, settings, &server->context.policy,
		       failure);
	if (r < 0)
		return r;
	r = open_directory(settings->dir, &server->names.dir_fd, failure);
	if (r < 0)
		return r;
	r = open_directory(settings->tftp_root, &server->names.tftp_root_fd,
			   failure);
	if (r < 0)
		return r;
	r = loaders_open(&server->loaders, settings, failure);
	if (r < 0)
		return r;
	server->names.signer = &server->signer;
	server->names.loaders = &server->loaders;
	server->context.loop = &server->loop;
	server->context.names = &server->names;
	server->context.machines = &server->machines;
	return 0;
}

static int open_journal(struct server *server, struct failure *failure)
{
	int r = journal_new(STDOUT_FILENO, server->context.settings->log_json,
			    &server->context.journal);

	if (r == 0)
		r = timeline_new(server->context.journal,
				 &server->context.timeline);
	if (r < 0)
		return failure_errno(failure, -r, "cannot start the journal");
	return 0;
}

static int open_servers(struct server *server, struct failure *failure)
{
	const struct serve_context *context = &server->context;
	int r = http_server_new(context, server->ports.http_fd, &server->http,
				failure);

	if (r < 0)
		return r;
	server->ports.http_fd = FD_NONE;
	r = tftp_server_new(context, server->ports.tftp_fd, &server->tftp,
			    failure);
	if (r < 0)
		return r;
	server->ports.tftp_fd = FD_NONE;
	/* Last: what it promises can then be had. */
	return dhcp_server_new(context, &server->ports, &server->dhcp, failure);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = DESCRIPTORS;
	if (limit.rlim_max < DESCRIPTORS && geteuid() == 0)
		limit.rlim_max = DESCRIPTORS;
	limit.rlim_cur = MIN(limit.rlim_cur, limit.rlim_max);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void tell_address(void *to, const char *text)
{
	struct server *server = to;
	const struct serve_settings *s = server->context.settings;

	journal_line(server->context.journal, JOURNAL_INFO, "serve",
		     "listening on %s: DHCP %u%s, PXE %u, TFTP %u, HTTP %u",
		     text, s->dhcp_port, s->dhcp_no_bind ? " (beside)" : "",
		     s->pxe_port, s->tftp_port, s->http_port);
}

static void tell_what(struct server *server)
{
	const struct serve_settings *s = server->context.settings;
	const char *what = NULL, *where = NULL;

	switch (s->mode) {
	case SERVE_DIR:
		what = "the bootstrap of", where = s->dir;
		break;
	case SERVE_STATIC:
		what = "kernel", where = s->kernel;
		break;
	case SERVE_API:
		what = "what is told by", where = s->api;
		break;
	case SERVE_MACHINES:
		what = "what is written in", where = s->machines;
		break;
	}
	journal_line(server->context.journal, JOURNAL_INFO, "serve",
		     "boots %s %s", what, place_without_user(where));
}

static void tell_start(struct server *server, const char *who)
{
	tell_what(server);
	if (ports_describe(server->context.settings, tell_address, server) == 0)
		journal_line(server->context.journal, JOURNAL_WARNING, "serve",
			     "no interface has an address yet that is served; "
			     "machines are answered as soon as one has");
	journal_line(server->context.journal, JOURNAL_INFO, "serve",
		     "runs as %s", who);
}

/* sd_notify(3): systemd waits for it with Type=notify. */
static void notify_ready(void)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len;
	_cleanup_fd int fd = FD_NONE;

	if (!path || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, ready, strlen(ready), MSG_NOSIGNAL,
			     (const struct sockaddr *)&address, len);
}

static void check(struct timer *timer)
{
	struct server *server = container_of(timer, struct server, check);

	timeline_check(server->context.timeline, clock_ms());
	loop_timer(&server->loop, timer, CHECK_MS);
}

static int run(struct server *server, struct failure *failure)
{
	char who[PRIVILEGES_NAME_MAX];
	int r = ports_open(server->context.settings, &server->ports, failure);

	if (r == 0)
		r = open_common(server, failure);
	if (r < 0)
		return r;
	raise_descriptor_limit();
	r = privileges_drop(server->context.settings, who, failure);
	if (r == 0)
		r = policy_check(server->context.policy, failure);
	if (r == 0)
		r = open_journal(server, failure);
	if (r == 0)
		r = open_servers(server, failure);
	if (r < 0)
		return r;
	tell_start(server, who);
	notify_ready();
	server->check.expired = check;
	loop_timer(&server->loop, &server->check, CHECK_MS);
	r = loop_run(&server->loop);
	if (r < 0)
		return failure_errno(failure, -r, "waiting for requests");
	journal_line(server->context.journal, JOURNAL_INFO, "serve", "ends");
	return 0;
}

static struct server new_server(const struct serve_settings *settings)
{
	return (struct server){
		.context.settings = settings,
		.loop.epoll_fd = FD_NONE,
		.names = { .dir_fd = FD_NONE, .tftp_root_fd = FD_NONE },
		.ports = { .dhcp_fd = FD_NONE,
			   .raw_send_fd = FD_NONE,
			   .pxe_fd = FD_NONE,
			   .tftp_fd = FD_NONE,
			   .http_fd = FD_NONE },
	};
}

int server_run(const struct serve_settings *settings, struct failure *failure)
{
	struct server server = new_server(settings);
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	r = run(&server, failure);
	close_server(&server);
	return r;
}

struct explanation {
	struct server *server;
	struct question question;
	bool answered;
};

static void print_line(void *to _unused, const char *text)
{
	(void)puts(text);
}

static void explain(struct question *question, struct plan *plan)
{
	struct explanation *explanation =
		container_of(question, struct explanation, question);
	struct server *server = explanation->server;

	plan_describe(plan, print_line, NULL);
	if (plan->kind != PLAN_IGNORE)
		dhcp_explain(&server->context, &question->client.mac,
			     ARCH_UNKNOWN, plan, print_line, NULL);
	explanation->answered = true;
	server->loop.stop = true;
}

int server_explain(const struct serve_settings *settings, const struct mac *mac,
		   struct failure *failure)
{
	struct server server = new_server(settings);
	struct explanation explanation = {
		.server = &server,
		.question = {
			.client = { .mac = *mac, .arch = ARCH_UNKNOWN },
			.answered = explain,
		},
	};
	int r = open_common(&server, failure);

	if (r == 0) {
		policy_ask(server.context.policy, &explanation.question);
		if (!explanation.answered)
			r = loop_run(&server.loop);
		if (r < 0)
			(void)failure_errno(failure, -r, "waiting");
		policy_cancel(server.context.policy, &explanation.question);
	}
	close_server(&server);
	return r;
}
