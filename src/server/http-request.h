/* SPDX-License-Identifier: MIT */
/*
 * Inside of the HTTP server: one request and what its kinds share. A request
 * belongs to one thread of libmicrohttpd, which calls answer() when it has
 * come whole, and again after each http_wake() until there is a reply.
 */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "loop/mailbox.h"
#include "server/http-fields.h"
#include "server/http-quota.h"
#include "server/http-server.h"
#include "server/upstream.h"

#define HTTP_FOLLOWERS 64 /* streams of events at once */
#define HTTP_POST_MAX  ((size_t)4096)

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
};

struct http_files;
struct http_senders;

struct http_server {
	struct serve_context context;
	struct MHD_Daemon *daemon;
	struct mailbox to_main;
	struct http_files *files;
	struct http_senders *senders;

	/* Requests whose connection is suspended. Once ending is set none is
	 * any more. */
	pthread_mutex_t sleep_lock;
	struct http_request *asleep;
	bool ending;

	/* Main loop only. */
	struct http_text *texts;
	struct timer heartbeat;

	pthread_mutex_t follow_lock;
	struct http_follower *followers;
	unsigned int follower_count;

	pthread_t upstream_thread;
	struct loop upstream_loop;
	struct mailbox to_upstream;
	struct letter upstream_end;
	struct upstream *upstream;
	struct http_quota upstreams;

	_Atomic int64_t complained_ms;
};

struct http_request {
	struct http_server *server;
	struct MHD_Connection *connection;
	enum http_method method;
	const char *url; /* without its query; only inside answer() */
	enum MHD_Result (*answer)(struct http_request *request);
	/* The connection has no more use for it. whole: all of the answer was
	 * sent. May be NULL. */
	void (*done)(struct http_request *request, bool whole);
	void *state; /* of answer and done */

	/* What was asked for, for notes. */
	enum name_role role;
	bool has_mac;
	struct mac mac;
	uint32_t address; /* the client's, host order; 0: unknown */
	char label[64];
	uint64_t size;	 /* of the whole file; 0: unknown */
	bool noted;	 /* the end is to be noted as well */
	const char *why; /* it ended before its end, when that is known */
	uint64_t left;	 /* bytes not sent then */
	int64_t begun_ms;

	char *body; /* of a POST */
	size_t body_len;

	bool is_asleep;
	struct http_request *next, *prev; /* asleep */
};

/*
 * Suspends the connection until http_wake(). On the request's thread, in
 * answer() or while its answer is read. false: the server ends, so nothing
 * will come.
 */
bool http_sleep(struct http_request *request) _must_check;
/* The same, and posts the letter, which so comes before any letter that is
 * posted once ending is set. */
bool http_sleep_for(struct http_request *request, struct mailbox *mailbox,
		    struct letter *letter) _must_check;
/* From any thread; one that is awake stays so. The caller makes sure that the
 * request still is. */
void http_wake(struct http_request *request);

/* A header field of the request; NULL: none. */
const char *http_field(struct http_request *request, const char *name);
/* An argument of the query; NULL: none. */
const char *http_argument(struct http_request *request, const char *name);

/* Queues the response and lets go of it. NULL (no memory) ends the
 * connection. */
enum MHD_Result http_queue(struct http_request *request, unsigned int status,
			   struct MHD_Response *response);
/* One line of plain text; control characters are replaced. */
enum MHD_Result http_line(struct http_request *request, unsigned int status,
			  const char *format, ...) _printf(3, 4);
/* Takes text, which is malloc()ed; NULL: no memory. */
enum MHD_Result http_text(struct http_request *request, const char *type,
			  char *text, size_t len);

/* Remembers what is asked for and by whom; see http-note.c. */
void http_note_name(struct http_request *request, const struct name *name);
/* The whole of a file begins; when it ends, that is noted as well. */
void http_note_begun(struct http_request *request);
void http_note_failed(struct http_request *request, const char *why);
void http_note_done(struct http_request *request, bool whole);

/* Answers, by the kind of what is asked for. */
enum MHD_Result http_file_answer(struct http_request *request,
				 const struct name *name);
/* A small file that was asked for a moment ago. false: not known. */
bool http_file_again(struct http_request *request, enum MHD_Result *ret_result);

/* Part or whole of a file: a head, and the bytes of range. */
struct http_answer {
	const char *type, *modified;
	bool is_part;
	struct http_range range; /* the whole's, too */
	uint64_t size;
};

/* A large file, by threads of its own; takes *fd. The connection ends with
 * it. */
enum MHD_Result http_send(struct http_request *request, int *fd,
			  const struct http_answer *answer);
enum MHD_Result http_text_answer(struct http_request *request,
				 const struct name *name);
enum MHD_Result http_upstream_answer(struct http_request *request,
				     const struct name *name);
/* path: behind "v1/". */
enum MHD_Result http_machines_answer(struct http_request *request,
				     const char *path);
/* For a POST, before its body is read: whether it is one that is taken. */
bool http_machines_takes(const char *url);

int http_files_new(struct http_files **ret_files) _must_check;
struct http_files *http_files_free(struct http_files *files);

/* The threads that send large files: in senders, which libmicrohttpd's threads
 * look at until they end. When starting fails, stop. */
int http_send_start(struct http_server *server, unsigned int count) _must_check;
void http_send_stop(struct http_server *server);

/* The thread of upstreams. */
int http_upstream_start(struct http_server *server, struct failure *failure)
	_must_check;
void http_upstream_stop(struct http_server *server);

/* Gives up the questions that wait; main loop's thread. */
void http_texts_cancel(struct http_server *server);
void http_follow_start(struct http_server *server);
void http_follow_stop(struct http_server *server);
