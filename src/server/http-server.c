/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd calls handle() on its threads: once when the head of a request
 * has come (begin()), for each piece of a body, and when the request is whole;
 * then its kind answers. Kinds that wait, for the policy, for an upstream or
 * for events, put their connection to sleep and are called again when they
 * are woken.
 *
 * A suspended connection has no time limit and its client can go unnoticed;
 * it ends with what it waits for, which is bounded: the policy answers within
 * its time limit, an upstream in which nothing moves for 30 s ends, and
 * streams of events get a blank line as a heartbeat. So nothing that waits is
 * ever freed under the one that will answer it, save at the end of the server:
 * then ending is set, all that sleep are woken to be refused, and what did not
 * get its answer is given up in http_server_free().
 */
#include "server/http-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/http-fields.h"
#include "server/http-request.h"
#include "server/ports.h"

#define IDLE_LIMIT_S 30
#define THREADS_MAX  4u
/* The longest of our names is a token of 2.8 kB. */
#define CONNECTION_MEMORY ((size_t)16 * 1024)
#define COMPLAIN_MS	  10000

bool http_sleep_for(struct http_request *request, struct mailbox *mailbox,
		    struct letter *letter)
{
	struct http_server *server = request->server;
	bool may;

	pthread_mutex_lock(&server->sleep_lock);
	may = !server->ending;
	if (may) {
		request->is_asleep = true;
		request->prev = NULL;
		request->next = server->asleep;
		if (server->asleep)
			server->asleep->prev = request;
		server->asleep = request;
		MHD_suspend_connection(request->connection);
		if (mailbox)
			mailbox_post(mailbox, letter);
	}
	pthread_mutex_unlock(&server->sleep_lock);
	return may;
}

bool http_sleep(struct http_request *request)
{
	return http_sleep_for(request, NULL, NULL);
}

static void wake_locked(struct http_request *request)
{
	if (!request->is_asleep)
		return;
	request->is_asleep = false;
	if (request->prev)
		request->prev->next = request->next;
	else
		request->server->asleep = request->next;
	if (request->next)
		request->next->prev = request->prev;
	MHD_resume_connection(request->connection);
}

void http_wake(struct http_request *request)
{
	struct http_server *server = request->server;

	pthread_mutex_lock(&server->sleep_lock);
	wake_locked(request);
	pthread_mutex_unlock(&server->sleep_lock);
}

/* Nobody sleeps from now on; senders end before their sockets can. */
static void end_sleep(struct http_server *server)
{
	pthread_mutex_lock(&server->sleep_lock);
	server->ending = true;
	pthread_mutex_unlock(&server->sleep_lock);
	http_send_stop(server);
	pthread_mutex_lock(&server->sleep_lock);
	while (server->asleep)
		wake_locked(server->asleep);
	pthread_mutex_unlock(&server->sleep_lock);
}

static enum MHD_Result answer_name(struct http_request *request)
{
	static const char absent[] = "there is no such file here";
	enum MHD_Result result;
	struct name name;

	if (http_file_again(request, &result))
		return result;
	names_resolve(request->server->context.names, request->url, &name);
	http_note_name(request, &name);
	switch (name.kind) {
	case NAME_ABSENT:
		return http_line(request, MHD_HTTP_NOT_FOUND, absent);
	case NAME_FILE:
		return http_file_answer(request, &name);
	case NAME_UPSTREAM:
		return http_upstream_answer(request, &name);
	case NAME_IPXE_SCRIPT:
	case NAME_GRUB_SCRIPT:
	case NAME_GRUB_START:
		return http_text_answer(request, &name);
	}
	return MHD_NO;
}

static enum MHD_Result answer(struct http_request *request)
{
	const char *path = request->url + strspn(request->url, "/");
	const char *rest = str_after(path, "v1/");

	return rest ? http_machines_answer(request, rest)
		    : answer_name(request);
}

static uint32_t client_address(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr_in *address;

	if (!info || info->client_addr->sa_family != AF_INET)
		return 0;
	address = (const struct sockaddr_in *)(const void *)info->client_addr;
	return ntohl(address->sin_addr.s_addr);
}

static struct http_request *request_new(struct http_server *server,
					struct MHD_Connection *connection)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	*request = (struct http_request){
		.server = server,
		.connection = connection,
		.answer = answer,
		.address = client_address(connection),
	};
	return request;
}

/* The length of the body that follows, UINT64_MAX: not told. */
static uint64_t body_length(struct http_request *request)
{
	const char *field = http_field(request, "Content-Length");
	uint64_t length;

	if (!field || str_to_u64(field, UINT64_MAX, &length) < 0)
		return http_field(request, "Transfer-Encoding") ? UINT64_MAX
								: 0;
	return length;
}

/*
 * The head has come. What is refused here ends its connection, so that its
 * body need not be read.
 */
static enum MHD_Result begin(struct http_request *request, const char *method)
{
	if (str_eq(method, "GET")) {
		request->method = HTTP_GET;
		return MHD_YES;
	}
	if (str_eq(method, "HEAD")) {
		request->method = HTTP_HEAD;
		return MHD_YES;
	}
	if (!str_eq(method, "POST") || !http_machines_takes(request->url))
		return http_line(request, MHD_HTTP_METHOD_NOT_ALLOWED,
				 "only GET and HEAD are answered here");
	request->method = HTTP_POST;
	if (body_length(request) > HTTP_POST_MAX)
		return http_line(request, MHD_HTTP_CONTENT_TOO_LARGE,
				 "an event has at most %zu bytes, and says "
				 "how many",
				 HTTP_POST_MAX);
	request->body = malloc(HTTP_POST_MAX);
	return request->body ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_body(struct http_request *request,
				 const char *bytes, size_t *len)
{
	if (*len > HTTP_POST_MAX - request->body_len)
		return MHD_NO;
	memcpy(request->body + request->body_len, bytes, *len);
	request->body_len += *len;
	*len = 0;
	return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      _unused const char *version, const char *bytes,
			      size_t *len, void **state)
{
	struct http_request *request = *state;

	if (!request) {
		request = request_new(context, connection);
		*state = request;
		if (!request)
			return MHD_NO;
		request->url = url;
		return begin(request, method);
	}
	request->url = url;
	if (*len > 0 && request->body)
		return take_body(request, bytes, len);
	/* A body of GET or HEAD means nothing, and libmicrohttpd takes no
	 * answer before its end. */
	if (*len > 0) {
		*len = 0;
		return MHD_YES;
	}
	return request->answer(request);
}

/* With --interface the socket still listens on all: one that is bound to an
 * interface does not hear this host itself. */
static void connected(void *context, struct MHD_Connection *connection,
		      _unused void **state,
		      enum MHD_ConnectionNotificationCode code)
{
	const struct http_server *server = context;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr_in here = { 0 };
	socklen_t len = sizeof(here);

	if (code != MHD_CONNECTION_NOTIFY_STARTED || !info)
		return;
	(void)getsockname(info->connect_fd, (struct sockaddr *)&here, &len);
	if (!ports_serves(server->context.settings,
			  ntohl(here.sin_addr.s_addr)))
		(void)shutdown(info->connect_fd, SHUT_RDWR);
}

static void completed(_unused void *context,
		      _unused struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *state;

	if (!request)
		return;
	if (request->done)
		request->done(request,
			      code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	free(request->body);
	free(request);
	*state = NULL;
}

/*
 * libmicrohttpd complains of each client that leaves early, in words that hold
 * what was asked for. Only what the operator could do something about is
 * passed on, and any client could cause that in any number.
 */
static void complain(void *context, const char *format, va_list args)
{
	static const char *const worth[] = {
		"Error accepting",
		"Server reached connection limit",
		"Hit process or system resource limit",
		"Failed to create",
		"Not enough memory",
	};
	struct http_server *server = context;
	bool told = server->context.settings->debug;
	int64_t now = clock_ms();
	char line[256];
	struct text text = text_over(line, sizeof(line));

	for (size_t i = 0; i < ARRAY_SIZE(worth); i++)
		told |= str_after(format, worth[i]) != NULL;
	if (!told || now - atomic_load(&server->complained_ms) < COMPLAIN_MS)
		return;
	atomic_store(&server->complained_ms, now);
	text_vadd(&text, format, args);
	str_trim_end(line);
	journal_line(server->context.journal, JOURNAL_WARNING, "http", "%s",
		     line);
}

static unsigned int thread_count(void)
{
	cpu_set_t cpus;
	unsigned int count = 2;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = (unsigned int)CPU_COUNT(&cpus);
	return MIN(MAX(count, 2u), THREADS_MAX);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
	const unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD |
				   MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	sigset_t all, before;
	struct MHD_Daemon *daemon;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* The logger comes first, so that it hears of the others. */
	daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, complain, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		thread_count(), MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)HTTP_CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned int)HTTP_CONNECTIONS_HOST,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_LIMIT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, connected, server,
		MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

/* All but the daemon. */
static int prepare(struct http_server *server, struct failure *failure)
{
	int r = http_files_new(&server->files);

	if (r < 0)
		return failure_errno(failure, -r, "HTTP");
	r = mailbox_init(&server->to_main, server->context.loop);
	if (r < 0)
		return failure_errno(failure, -r, "HTTP");
	r = http_send_start(server, thread_count());
	if (r < 0)
		(void)failure_errno(failure, -r, "HTTP: a thread");
	else
		r = http_upstream_start(server, failure);
	if (r < 0) {
		http_send_stop(server);
		mailbox_done(&server->to_main);
	}
	return r;
}

static void destroy(struct http_server *server)
{
	http_files_free(server->files);
	free(server->senders);
	http_quota_done(&server->upstreams);
	pthread_mutex_destroy(&server->follow_lock);
	pthread_mutex_destroy(&server->sleep_lock);
	free(server);
}

int http_server_new(const struct serve_context *context, int fd,
		    struct http_server **ret_server, struct failure *failure)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return failure_errno(failure, ENOMEM, "HTTP");
	server->context = *context;
	server->complained_ms = -COMPLAIN_MS;
	pthread_mutex_init(&server->sleep_lock, NULL);
	pthread_mutex_init(&server->follow_lock, NULL);
	http_quota_init(&server->upstreams, HTTP_UPSTREAMS,
			HTTP_UPSTREAMS_HOST);
	r = prepare(server, failure);
	if (r < 0) {
		destroy(server);
		return r;
	}
	http_follow_start(server);
	server->daemon = start_daemon(server, fd);
	if (!server->daemon) {
		http_server_free(server);
		return failure_set(failure, EIO,
				   "HTTP: libmicrohttpd does not start");
	}
	*ret_server = server;
	return 0;
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	end_sleep(server);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	http_upstream_stop(server);
	/* Now that nobody notes any more but this thread. */
	http_follow_stop(server);
	mailbox_done(&server->to_main);
	http_texts_cancel(server);
	destroy(server);
	return NULL;
}
