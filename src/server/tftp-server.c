/* SPDX-License-Identifier: MIT */
/*
 * Port 69 takes requests only. Those that cannot be served are refused from
 * this very port, so that a flood of them opens no sockets; the others get a
 * session (tftp-session.c).
 *
 * Sessions are few and requests rare beside data packets, so the table is an
 * array that is walked for each request: whether the client has one already
 * (then its request was sent again, and is absorbed), how many its host has,
 * and which of them has been quiet for longest. At a cap, that one gives way
 * if it has been quiet for QUIET_S; if not, the request is dropped and
 * counted: the client sends it again by itself.
 */
#include "server/tftp-server.h"

#include <inttypes.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/tftp-session.h"
#include "wire/ipv4.h"

/* The longest name is that of a sealed place. */
#define REQUEST_MAX (SIGNER_TOKEN_MAX + 1024)
/* Requests taken before others of the loop have their turn. */
#define REQUESTS_TURN 32
#define QUIET_S	      2
#define TELL_MS	      10000

struct tftp_server {
	struct serve_context context;
	struct source source;
	struct timer tick;
	struct tftp_files files;
	struct tftp_session *sessions[TFTP_SESSIONS];
	size_t count;
	uint64_t dropped; /* requests, since it was told */
	int64_t told_ms;
};

/* The sessions as a new request finds them. */
struct census {
	struct tftp_session *quietest, *host_quietest;
	size_t host_count;
};

/* Where a packet came from, and to which of our addresses. */
struct arrival {
	struct sockaddr_in peer;
	struct in_pktinfo to;
};

static void ended(struct tftp_session *session)
{
	struct tftp_server *server =
		container_of(session->files, struct tftp_server, files);
	struct tftp_session *last = server->sessions[--server->count];

	server->sessions[session->place] = last;
	last->place = session->place;
	tftp_session_free(session);
}

static void tick(struct timer *timer)
{
	struct tftp_server *server =
		container_of(timer, struct tftp_server, tick);

	/* Backwards: who ends is replaced by one that had its tick. */
	for (size_t i = server->count; i > 0; i--)
		tftp_session_tick(server->sessions[i - 1]);
	if (server->count > 0)
		loop_timer(server->context.loop, timer, TFTP_TICK_MS);
}

static void refuse(const struct tftp_server *server,
		   const struct arrival *arrival, enum tftp_error error,
		   const char *message)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr header;
	} control = { 0 };
	uint8_t bytes[TFTP_REPLY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));
	struct iovec piece = { .iov_base = bytes };
	struct msghdr reply = {
		.msg_name = (void *)&arrival->peer,
		.msg_namelen = sizeof(arrival->peer),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct in_pktinfo from = { .ipi_spec_dst = arrival->to.ipi_spec_dst };

	tftp_build_error(&b, error, message);
	piece.iov_len = b.len;
	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(from)),
		.cmsg_level = IPPROTO_IP,
		.cmsg_type = IP_PKTINFO,
	};
	memcpy(CMSG_DATA(&control.header), &from, sizeof(from));
	/* What is lost is asked for again. */
	(void)!sendmsg(server->source.fd, &reply, MSG_NOSIGNAL);
}

static void refuse_errno(const struct tftp_server *server,
			 const struct arrival *arrival, int r)
{
	switch (-r) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		refuse(server, arrival, TFTP_NOT_FOUND, "no such file");
		break;
	case EACCES:
	case EPERM:
	case EXDEV:
		refuse(server, arrival, TFTP_ACCESS_VIOLATION,
		       "the server may not read this file");
		break;
	default:
		refuse(server, arrival, TFTP_UNDEFINED, strerror(-r));
		break;
	}
}

static void drop(struct tftp_server *server, const char *which)
{
	int64_t now = clock_ms();

	server->dropped++;
	if (server->told_ms > 0 && now < server->told_ms + TELL_MS)
		return;
	journal_line(server->context.journal, JOURNAL_WARNING, "tftp",
		     "too many transfers at once%s: %" PRIu64
		     " requests left for later",
		     which, server->dropped);
	server->dropped = 0;
	server->told_ms = now;
}

/* Ends the quietest session when it was quiet long enough to be dead. */
static bool make_room(struct tftp_session *quietest)
{
	if (!quietest || tftp_session_quiet_s(quietest) < QUIET_S)
		return false;
	ended(quietest);
	return true;
}

static void keep_quietest(struct tftp_session **quietest,
			  struct tftp_session *session)
{
	if (!*quietest || session->quiet > (*quietest)->quiet)
		*quietest = session;
}

/*
 * Whether the client of a session only repeats the request that it serves.
 * If not, the session is over: by what the client sent to it before this
 * request, which may have been overtaken, or now.
 */
static bool repeats(struct tftp_server *server, struct tftp_session *session,
		    uint64_t digest)
{
	size_t count = server->count;

	session->source.ready(&session->source, EPOLLIN);
	if (server->count < count)
		return false;
	if (tftp_session_repeats(session, digest))
		return true;
	ended(session);
	return false;
}

static void count_host(struct tftp_server *server, struct in_addr host,
		       struct census *ret)
{
	*ret = (struct census){ 0 };
	for (size_t i = 0; i < server->count; i++) {
		struct tftp_session *s = server->sessions[i];

		keep_quietest(&ret->quietest, s);
		if (s->peer.sin_addr.s_addr != host.s_addr)
			continue;
		keep_quietest(&ret->host_quietest, s);
		ret->host_count++;
	}
}

static struct tftp_session *find(const struct tftp_server *server,
				 const struct sockaddr_in *peer)
{
	for (size_t i = 0; i < server->count; i++) {
		struct tftp_session *s = server->sessions[i];

		if (s->peer.sin_addr.s_addr == peer->sin_addr.s_addr &&
		    s->peer.sin_port == peer->sin_port)
			return s;
	}
	return NULL;
}

/* Whether the request is to be served. */
static bool admit(struct tftp_server *server,
		  const struct tftp_request *request)
{
	struct tftp_session *same = find(server, &request->peer);
	char ip[IPV4_TEXT_MAX], which[32];
	struct census census;

	if (same && repeats(server, same, request->digest))
		return false;
	count_host(server, request->peer.sin_addr, &census);
	if (census.host_count >= TFTP_SESSIONS_HOST &&
	    !make_room(census.host_quietest)) {
		ipv4_text(ntohl(request->peer.sin_addr.s_addr), ip);
		snprintf(which, sizeof(which), " from %s", ip);
		drop(server, which);
		return false;
	}
	if (server->count == TFTP_SESSIONS && !make_room(census.quietest)) {
		drop(server, "");
		return false;
	}
	return true;
}

static int begin(struct tftp_server *server, const struct tftp_request *request,
		 struct tftp_session **ret_session)
{
	int r = tftp_session_new(&server->context, &server->files, request,
				 ended, ret_session);

	if (r < 0)
		return r;
	(*ret_session)->place = server->count;
	server->sessions[server->count++] = *ret_session;
	if (!server->tick.armed)
		loop_timer(server->context.loop, &server->tick, TFTP_TICK_MS);
	return 0;
}

static int serve_held(struct tftp_server *server,
		      const struct tftp_request *request,
		      struct tftp_file *file)
{
	struct tftp_session *session;
	int r = begin(server, request, &session);

	if (r < 0)
		tftp_files_drop(&server->files, file);
	else
		tftp_session_send(session, file);
	return r;
}

static int serve_file(struct tftp_server *server,
		      const struct tftp_request *request)
{
	struct tftp_file *file;
	int r = tftp_files_open(&server->files, request->name, &file);

	return r < 0 ? r : serve_held(server, request, file);
}

static int serve_grub_start(struct tftp_server *server,
			    const struct tftp_request *request)
{
	const char *text = script_grub_start();
	_cleanup_free char *body = strdup(text);
	struct tftp_file *file;

	if (!body || tftp_files_text(body, strlen(text), &file) < 0)
		return -ENOMEM;
	(void)TAKE_PTR(body);
	return serve_held(server, request, file);
}

static int serve_text(struct tftp_server *server,
		      const struct tftp_request *request)
{
	struct tftp_session *session;
	int r = begin(server, request, &session);

	if (r == 0)
		tftp_session_ask(session, request->name->kind);
	return r;
}

static int serve(struct tftp_server *server, const struct tftp_request *request)
{
	switch (request->name->kind) {
	case NAME_ABSENT:
		return -ENOENT;
	case NAME_FILE:
		return serve_file(server, request);
	case NAME_UPSTREAM:
		/* What another server has is passed on by HTTP only. */
		return -EREMOTE;
	case NAME_IPXE_SCRIPT:
	case NAME_GRUB_SCRIPT:
		return serve_text(server, request);
	case NAME_GRUB_START:
		return serve_grub_start(server, request);
	}
	return -ENOENT;
}

/* FNV-1a: only to know a request that comes again. */
static uint64_t digest(struct view bytes)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes.left; i++)
		hash = (hash ^ bytes.at[i]) * 0x100000001b3;
	return hash;
}

static void take_read(struct tftp_server *server, const struct arrival *arrival,
		      const struct tftp_packet *packet, struct view bytes)
{
	struct name name;
	const struct tftp_request request = {
		.peer = arrival->peer,
		.local = arrival->to.ipi_spec_dst,
		.path = packet->name,
		.options = packet->options,
		.name = &name,
		.digest = digest(bytes),
	};
	int r;

	switch (packet->mode) {
	case TFTP_OCTET:
		break;
	case TFTP_NETASCII:
		refuse(server, arrival, TFTP_UNDEFINED,
		       "netascii is not served, ask in octet (binary) mode");
		return;
	case TFTP_MODE_OTHER:
		refuse(server, arrival, TFTP_ILLEGAL_OPERATION,
		       "unknown mode, ask in octet (binary) mode");
		return;
	}
	if (!admit(server, &request))
		return;
	names_resolve(server->context.names, packet->name, &name);
	r = serve(server, &request);
	if (r < 0)
		refuse_errno(server, arrival, r);
}

static void take_packet(struct tftp_server *server,
			const struct arrival *arrival, struct view bytes)
{
	struct tftp_packet packet;
	const char *why;
	int r = tftp_parse(bytes, &packet, &why);

	if (r == 0 && packet.opcode == TFTP_RRQ) {
		take_read(server, arrival, &packet, bytes);
	} else if (r == 0 && packet.opcode == TFTP_WRQ) {
		refuse(server, arrival, TFTP_ACCESS_VIOLATION,
		       "this server does not take files");
	} else {
		if (r == 0)
			why = "not a request";
		journal_malformed(server->context.journal, "tftp", why,
				  ntohl(arrival->peer.sin_addr.s_addr));
	}
}

static bool is_served(const struct serve_settings *settings,
		      const struct in_pktinfo *to)
{
	char name[IF_NAMESIZE];

	if (settings->interface_count == 0)
		return true;
	if (!if_indextoname((unsigned int)to->ipi_ifindex, name))
		return false;
	for (size_t i = 0; i < settings->interface_count; i++)
		if (str_eq(settings->interfaces[i], name))
			return true;
	return false;
}

/* Returns the length of the packet, negative when there is none. */
static ssize_t receive(int fd, uint8_t bytes[static REQUEST_MAX],
		       struct arrival *arrival)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr header;
	} control;
	struct iovec piece = { .iov_base = bytes, .iov_len = REQUEST_MAX };
	struct msghdr message = {
		.msg_name = &arrival->peer,
		.msg_namelen = sizeof(arrival->peer),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, 0);
	struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

	arrival->to = (struct in_pktinfo){ 0 };
	for (; header; header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == IPPROTO_IP &&
		    header->cmsg_type == IP_PKTINFO)
			memcpy(&arrival->to, CMSG_DATA(header),
			       sizeof(arrival->to));
	return n;
}

static void take(struct source *source, _unused uint32_t events)
{
	struct tftp_server *server =
		container_of(source, struct tftp_server, source);
	uint8_t bytes[REQUEST_MAX];
	struct arrival arrival;

	for (int i = 0; i < REQUESTS_TURN; i++) {
		ssize_t n = receive(source->fd, bytes, &arrival);

		if (n < 0)
			return;
		if (is_served(server->context.settings, &arrival.to))
			take_packet(server, &arrival,
				    view_over(bytes, (size_t)n));
	}
}

int tftp_server_new(const struct serve_context *context, int fd,
		    struct tftp_server **ret_server, struct failure *failure)
{
	_cleanup_free struct tftp_server *server = calloc(1, sizeof(*server));
	int r = -ENOMEM;

	if (server) {
		server->context = *context;
		server->source.fd = fd;
		server->source.ready = take;
		server->tick.expired = tick;
		r = loop_add(context->loop, &server->source, EPOLLIN);
	}
	if (r < 0)
		return failure_errno(failure, -r, "cannot start TFTP");
	*ret_server = TAKE_PTR(server);
	return 0;
}

struct tftp_server *tftp_server_free(struct tftp_server *server)
{
	if (!server)
		return NULL;
	for (size_t i = 0; i < server->count; i++)
		tftp_session_free(server->sessions[i]);
	loop_timer_off(server->context.loop, &server->tick);
	loop_remove(server->context.loop, &server->source);
	fd_close(server->source.fd);
	free(server);
	return NULL;
}
