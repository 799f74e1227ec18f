/* SPDX-License-Identifier: MIT */
/*
 * A packet goes through: socket, pxe_request_parse(), the machine's entry, the
 * policy, decide(), pxe_reply_build(), socket. The policy may answer later, so
 * a request that asks it stands in one of a fixed number of places until then;
 * most policies answer at once, and the place is free again before the next
 * packet. Packets are taken and sent in batches, so that a flood costs two
 * system calls for each DHCP_BATCH of it; when they come faster than one waking
 * up for each is worth, the socket is looked at once in PACE_MS instead.
 */
#include "server/dhcp-server.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "server/dhcp-links.h"
#include "server/dhcp-socket.h"
#include "server/dhcp-tell.h"
#include "wire/ipv4.h"

/* Batches taken before others on the loop have their turn. */
#define BATCHES 4
/* Waiting that long costs nobody anything whose own patience is seconds.
 * It is done from PACE_FROM packets in PACE_WINDOW_MS on, and while as many
 * come as that is in PACE_MS. */
#define PACE_MS	       4
#define PACE_WINDOW_MS 8
#define PACE_FROM      32
#define UNSENT_TOLD_MS 10000

/* A request that waits for its policy. */
struct waiting {
	struct question question;
	struct dhcp_server *server;
	struct machine *machine; /* whose waiting this is; NULL: free */
	struct pxe_request request;
	int64_t received_ms;
	struct waiting *older, *newer; /* among those that wait */
	struct waiting *next_free;
};

struct port {
	struct dhcp_server *server;
	enum pxe_port number;
	struct source source;
	struct dhcp_socket socket;
	int64_t unsent_told_ms;
	struct timer pace; /* armed: the source is not watched */
	int64_t window_ms; /* when it began */
	size_t in_window;
};

struct dhcp_server {
	struct serve_context context;
	struct dhcp_links links;
	struct dhcp_tell tell;
	bool has_leases; /* it is a whole DHCP server */
	struct dhcp_leases leases;
	struct port ports[PXE_PORTS];
	int raw_fd;
	bool in_batch; /* what is sent leaves at its end */
	/* The loaders of the last architecture that was asked for, in the same
	 * millisecond. */
	struct decide_loaders loaders;
	uint16_t loaders_arch;
	int64_t loaders_ms;
	struct waiting *free, *oldest, *newest;
	struct waiting places[DHCP_WAITING];
};

static void waiting_append(struct dhcp_server *server, struct waiting *w)
{
	w->older = server->newest;
	w->newer = NULL;
	*(w->older ? &w->older->newer : &server->oldest) = w;
	server->newest = w;
}

static void waiting_free(struct waiting *w)
{
	struct dhcp_server *server = w->server;

	*(w->older ? &w->older->newer : &server->oldest) = w->newer;
	*(w->newer ? &w->newer->older : &server->newest) = w->older;
	w->machine->waiting = NULL;
	w->machine = NULL;
	w->next_free = server->free;
	server->free = w;
}

static void waiting_drop(struct waiting *w)
{
	policy_cancel(w->server->context.policy, &w->question);
	waiting_free(w);
}

static struct waiting *waiting_new(struct dhcp_server *server,
				   struct machine *machine)
{
	struct waiting *w;

	if (!server->free)
		waiting_drop(server->oldest);
	w = server->free;
	server->free = w->next_free;
	w->machine = machine;
	machine->waiting = w;
	waiting_append(server, w);
	return w;
}

static void evict_machine(struct mac_table *table, struct mac_entry *entry)
{
	struct machine *machine = container_of(entry, struct machine, entry);

	(void)table;
	if (machine->waiting)
		waiting_drop(machine->waiting);
}

static void flush(struct port *port)
{
	struct dhcp_socket *s = &port->socket;
	int64_t now_ms;

	dhcp_socket_flush(s);
	if (s->unsent == 0)
		return;
	now_ms = clock_ms();
	if (port->unsent_told_ms != 0 &&
	    now_ms - port->unsent_told_ms < UNSENT_TOLD_MS)
		return;
	journal_line(port->server->context.journal, JOURNAL_WARNING, "dhcp",
		     "%llu answers could not be sent: %s",
		     (unsigned long long)s->unsent, strerror(s->unsent_err));
	port->unsent_told_ms = now_ms;
	s->unsent = 0;
}

/* What is decided about booting, and what a whole DHCP server adds. */
static void send_reply(struct dhcp_server *server,
		       const struct pxe_request *request,
		       const struct decision *decision, int64_t now_ms)
{
	struct pxe_lease lease = { .range = &server->leases.range };
	struct pxe_destination to;
	struct port *port = &server->ports[request->arrival.port];
	uint8_t bytes[PXE_REPLY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));

	if (server->has_leases)
		lease.grant = dhcp_leases_ask(&server->leases, request, now_ms);
	if (lease.grant.kind == GRANT_NONE && !decision_answers(decision))
		return;
	pxe_reply_build(request, decision, &lease, &b);
	if (b.bad)
		return;
	to = pxe_reply_destination(request, lease.grant.kind == GRANT_NAK);
	dhcp_socket_send(&port->socket, view_over(bytes, b.len), &to,
			 request->arrival.server, request->arrival.link);
	if (!server->in_batch)
		flush(port);
}

static const struct decide_loaders *loaders_for(struct dhcp_server *server,
						uint16_t arch, int64_t now_ms)
{
	if (server->loaders_ms != now_ms || server->loaders_arch != arch) {
		server->loaders =
			decide_loaders(server->context.names->loaders, arch);
		server->loaders_ms = now_ms;
		server->loaders_arch = arch;
	}
	return &server->loaders;
}

static void answer(struct dhcp_server *server, struct machine *machine,
		   const struct pxe_request *request, const struct plan *plan,
		   int64_t now_ms)
{
	const struct serve_context *c = &server->context;
	struct decide_input input = {
		.request = request,
		.plan = plan,
		.history = &machine->history,
		.loaders = loaders_for(server, request->client.arch, now_ms),
		.http_port = c->settings->http_port,
	};
	struct decision decision;

	decide(&input, &decision);
	machine->history = decision.history;
	send_reply(server, request, &decision, now_ms);
	dhcp_tell_decision(&server->tell, machine, request, &decision, plan,
			   now_ms);
}

static void policy_answered(struct question *question, struct plan *plan)
{
	struct waiting *w = container_of(question, struct waiting, question);
	int64_t now_ms = w->server->in_batch ? w->received_ms : clock_ms();

	if (now_ms - w->received_ms < DHCP_LATE_MS)
		answer(w->server, w->machine, &w->request, plan, now_ms);
	else
		timeline_warn(w->server->context.timeline,
			      &w->request.client.mac, STAGE_DHCP,
			      "what it boots was known only after %d s; it is "
			      "answered when it asks again",
			      (int)((now_ms - w->received_ms) / MS_PER_S));
	waiting_free(w);
}

/* A machine that repeats itself, or has got further, while its policy is asked
 * for is answered as it asked last. */
static void ask_policy(struct dhcp_server *server, struct machine *machine,
		       const struct pxe_request *request, int64_t now_ms)
{
	struct waiting *w = machine->waiting;
	bool asked = w && w->question.client.arch == request->client.arch &&
		     w->question.client.ipxe == request->client.ipxe;

	if (w && !asked)
		waiting_drop(w);
	if (!asked)
		w = waiting_new(server, machine);
	w->request = *request;
	w->received_ms = now_ms;
	if (asked)
		return;
	w->question.client = request->client;
	policy_ask(server->context.policy, &w->question);
}

static void handle_request(struct dhcp_server *server,
			   const struct pxe_request *request, int64_t now_ms)
{
	struct decision decision = { .reason = decide_early(request) };
	struct machine *machine;

	if (decision.reason != DECISION_REASONS)
		send_reply(server, request, &decision, now_ms);
	if (decision.reason != DECISION_REASONS &&
	    decision.reason != DECIDED_NO_ARCH)
		return;
	machine = machines_touch(server->context.machines, &request->client,
				 request->xid);
	dhcp_tell_client(&server->tell, machine, &request->client, now_ms);
	if (decision.reason == DECIDED_NO_ARCH)
		dhcp_tell_decision(&server->tell, machine, request, &decision,
				   NULL, now_ms);
	else
		ask_policy(server, machine, request, now_ms);
}

static void handle_packet(struct port *port, size_t number, int64_t now_ms)
{
	struct dhcp_server *server = port->server;
	struct pxe_arrival arrival = { .port = port->number };
	struct dhcp_datagram datagram;
	struct pxe_request request;
	const char *reason;
	int r = dhcp_socket_get(&port->socket, number, &datagram, &reason);

	if (r == 0) {
		arrival.link = datagram.link;
		arrival.from = datagram.from;
		arrival.from_port = datagram.from_port;
		arrival.server = dhcp_links_server(
			&server->links, datagram.link, datagram.destination);
		if (arrival.server == 0)
			return;
		arrival.shared = server->context.settings->dhcp_no_bind;
		r = pxe_request_parse(datagram.payload, &arrival, &request,
				      &reason);
	}
	if (r == 0)
		handle_request(server, &request, now_ms);
	else if (r == -EBADMSG)
		journal_malformed(server->context.journal, "dhcp", reason,
				  datagram.from);
}

/* All packets that are there, with a limit. Returns how many. */
static size_t serve_port(struct port *port, int64_t now_ms)
{
	struct dhcp_server *server = port->server;
	size_t total = 0;

	server->in_batch = true;
	for (int i = 0; i < BATCHES; i++) {
		size_t n = dhcp_socket_receive(&port->socket);

		for (size_t k = 0; k < n; k++)
			handle_packet(port, k, now_ms);
		/* The policy may have turned others away meanwhile. */
		for (size_t k = 0; k < PXE_PORTS; k++)
			flush(&server->ports[k]);
		total += n;
		if (n < DHCP_BATCH)
			break;
	}
	server->in_batch = false;
	return total;
}

static void port_ready(struct source *source, uint32_t events)
{
	struct port *port = container_of(source, struct port, source);
	struct loop *loop = port->server->context.loop;
	int64_t now_ms = clock_ms();

	(void)events;
	if (now_ms - port->window_ms >= PACE_WINDOW_MS) {
		port->window_ms = now_ms;
		port->in_window = 0;
	}
	port->in_window += serve_port(port, now_ms);
	if (port->in_window >= PACE_FROM && loop_change(loop, source, 0) == 0)
		loop_timer(loop, &port->pace, PACE_MS);
}

static void pace_expired(struct timer *timer)
{
	struct port *port = container_of(timer, struct port, pace);
	struct loop *loop = port->server->context.loop;
	size_t n = serve_port(port, clock_ms());

	if (n >= PACE_FROM * PACE_MS / PACE_WINDOW_MS ||
	    loop_change(loop, &port->source, EPOLLIN) < 0)
		loop_timer(loop, &port->pace, PACE_MS);
}

static int open_port(struct dhcp_server *server, enum pxe_port number, int fd,
		     int raw_fd, struct failure *failure)
{
	struct port *port = &server->ports[number];
	const struct serve_settings *settings = server->context.settings;
	int r;

	port->server = server;
	port->number = number;
	port->source = (struct source){ .fd = fd, .ready = port_ready };
	port->pace.expired = pace_expired;
	r = dhcp_socket_init(&port->socket, fd, raw_fd,
			     number == PXE_PORT_DHCP ? settings->dhcp_port
						     : settings->pxe_port);
	if (r == 0)
		r = loop_add(server->context.loop, &port->source, EPOLLIN);
	if (r < 0)
		return failure_errno(failure, -r, "cannot serve DHCP");
	return 0;
}

static void init_places(struct dhcp_server *server)
{
	for (size_t i = DHCP_WAITING; i > 0; i--) {
		struct waiting *w = &server->places[i - 1];

		w->server = server;
		w->question.answered = policy_answered;
		w->next_free = server->free;
		server->free = w;
	}
}

static int open_leases(struct dhcp_server *server, struct failure *failure)
{
	const char *text = server->context.settings->dhcp_range;
	struct dhcp_range range;
	int r;

	if (!text)
		return 0;
	r = dhcp_range_parse(text, &range, failure);
	if (r < 0)
		return r;
	r = dhcp_leases_init(&server->leases, &range);
	if (r < 0)
		return failure_errno(failure, -r, "table of leases");
	server->has_leases = true;
	return 0;
}

static void tell_leases(struct dhcp_server *server)
{
	const struct dhcp_range *range = &server->leases.range;
	struct journal *journal = server->context.journal;
	char first[IPV4_TEXT_MAX], last[IPV4_TEXT_MAX];
	bool reached = false;

	for (size_t i = 0; i < server->links.count; i++)
		reached |= server->links.rows[i].served &&
			   dhcp_range_reaches(range,
					      server->links.rows[i].address);
	journal_line(journal, JOURNAL_INFO, "dhcp", "gives away %s to %s",
		     ipv4_text(range->first, first),
		     ipv4_text(range->last, last));
	if (!reached)
		journal_line(journal, JOURNAL_WARNING, "dhcp",
			     "no interface has an address of the network of "
			     "--dhcp-server; only relays on it are served");
}

static void stop(struct dhcp_server *server)
{
	struct loop *loop = server->context.loop;

	while (server->oldest)
		waiting_drop(server->oldest);
	server->context.machines->table.evict = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(server->ports); i++) {
		loop_remove(loop, &server->ports[i].source);
		loop_timer_off(loop, &server->ports[i].pace);
	}
	dhcp_links_close(&server->links);
	dhcp_leases_done(&server->leases);
	free(server);
}

int dhcp_server_new(const struct serve_context *context, struct ports *ports,
		    struct dhcp_server **ret_server, struct failure *failure)
{
	struct dhcp_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return failure_errno(failure, ENOMEM, "cannot serve DHCP");
	server->context = *context;
	server->tell.timeline = context->timeline;
	server->tell.loaders = context->names->loaders;
	server->links.changes.fd = FD_NONE;
	init_places(server);
	context->machines->table.evict = evict_machine;
	r = open_leases(server, failure);
	if (r == 0)
		r = dhcp_links_open(&server->links, context->loop,
				    context->settings, failure);
	if (r == 0)
		r = open_port(server, PXE_PORT_DHCP, ports->dhcp_fd,
			      ports->dhcp_raw ? ports->raw_send_fd : FD_NONE,
			      failure);
	if (r == 0)
		r = open_port(server, PXE_PORT_BOOT_SERVER, ports->pxe_fd,
			      FD_NONE, failure);
	if (r < 0) {
		stop(server);
		return r;
	}
	if (server->has_leases)
		tell_leases(server);
	ports->dhcp_fd = ports->pxe_fd = FD_NONE;
	server->raw_fd = TAKE_FD(ports->raw_send_fd);
	*ret_server = server;
	return 0;
}

struct dhcp_server *dhcp_server_free(struct dhcp_server *server)
{
	int dhcp_fd, pxe_fd, raw_fd;

	if (!server)
		return NULL;
	dhcp_fd = server->ports[PXE_PORT_DHCP].source.fd;
	pxe_fd = server->ports[PXE_PORT_BOOT_SERVER].source.fd;
	raw_fd = server->raw_fd;
	stop(server);
	fd_close(dhcp_fd);
	fd_close(pxe_fd);
	fd_close(raw_fd);
	return NULL;
}
