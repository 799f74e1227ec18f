/* SPDX-License-Identifier: MIT */
/* Requests against a server on the loopback: what is sent to whom, what comes
 * back, and what a redirect must not take along. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/fetch.h"
#include "loopback.h"
#include "tap.h"

#define HALF 40000

static uint16_t port, other_port;
static _Atomic int leaks; /* an Authorization at /elsewhere */
static _Atomic int cuts;
static char received[300000];
static _Atomic size_t received_len;

/* --- the server --- */

static bool read_line(FILE *in, char *line, size_t size)
{
	if (!fgets(line, (int)size, in))
		return false;
	str_trim_end(line);
	return true;
}

static void receive_chunked(FILE *in)
{
	char line[64];
	size_t n;

	while (read_line(in, line, sizeof(line)) &&
	       (n = strtoul(line, NULL, 16)) > 0) {
		received_len += fread(received + received_len, 1, n, in);
		read_line(in, line, sizeof(line));
	}
	read_line(in, line, sizeof(line));
}

static void answer_put(FILE *in, FILE *out, const char *path, bool chunked,
		       size_t length)
{
	if (str_eq(path, "/refused")) {
		fprintf(out, "HTTP/1.1 403 x\r\nContent-Length: 0\r\n"
			     "Connection: close\r\n\r\n");
		return;
	}
	if (str_eq(path, "/moved") || str_eq(path, "/see")) {
		fprintf(out,
			"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: "
			"close\r\nLocation: http://127.0.0.1:%d/%s\r\n\r\n",
			str_eq(path, "/see") ? 303 : 307, other_port,
			str_eq(path, "/see") ? "echo" : "put");
		return;
	}
	fprintf(out, "HTTP/1.1 100 Continue\r\n\r\n");
	fflush(out);
	received_len = 0;
	if (chunked)
		receive_chunked(in);
	else
		received_len = fread(received, 1, length, in);
	fprintf(out, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
		     "Connection: close\r\n\r\n");
}

struct request {
	char path[128], authorization[128], match[128], since[128], range[64];
};

static void answer_cut(FILE *out, const struct request *request)
{
	bool rest = request->range[0] != '\0';

	cuts++;
	fprintf(out, "HTTP/1.1 %s\r\nETag: \"v\"\r\nContent-Length: %d\r\n",
		rest ? "206 x" : "200 x", rest ? HALF : 2 * HALF);
	if (rest)
		fprintf(out, "Content-Range: bytes %d-%d/%d\r\n", HALF,
			2 * HALF - 1, 2 * HALF);
	fprintf(out, "Connection: close\r\n\r\n");
	for (int i = 0; i < HALF; i++)
		putc(rest ? 'b' : 'a', out);
}

static void answer_get(FILE *out, const struct request *request)
{
	const char *path = request->path;
	const char *head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

	if (str_eq(path, "/cut")) {
		answer_cut(out, request);
	} else if (str_eq(path, "/away")) {
		fprintf(out,
			"HTTP/1.1 307 x\r\nWWW-Authenticate: Old\r\n"
			"Content-Length: 3\r\nConnection: close\r\n"
			"Location: http://127.0.0.1:%d/elsewhere\r\n\r\nno\n",
			other_port);
	} else if (str_eq(path, "/elsewhere")) {
		leaks += request->authorization[0] != '\0';
		fprintf(out, "%s\r\nhere", head);
	} else if (str_eq(path, "/echo")) {
		fprintf(out, "%sContent-Type: text/x;charset=a\r\n\r\n%s", head,
			request->authorization);
	} else if (str_eq(path, "/token")) {
		bool good = str_eq(request->authorization, "Bearer new");

		fprintf(out, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n%s",
			good ? "200 OK" : "401 Unauthorized",
			good ? "here" : "");
	} else if (str_eq(path, "/known")) {
		bool same = str_eq(request->match, "\"one\"") &&
			    str_eq(request->since, "yesterday");

		fprintf(out,
			"HTTP/1.1 %s\r\nConnection: close\r\nETag: \"one\"\r\n"
			"Last-Modified: yesterday\r\n\r\n%s",
			same ? "304 Not Modified" : "200 OK",
			same ? "" : "new");
	} else if (str_eq(path, "/denied")) {
		fprintf(out, "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic\r\n"
			     "Docker-Content-Digest: sha256:00 \r\n"
			     "www-authenticate: Bearer realm=\"a\"\r\n"
			     "Retry-After: 5\r\n"
			     "Connection: close\r\n\r\nno");
	} else if (str_eq(path, "/unasked")) {
		fprintf(out, "HTTP/1.1 304 x\r\nConnection: close\r\n\r\n");
	} else if (str_eq(path, "/large")) {
		fprintf(out, "%s\r\n%01000d", head, 0);
	}
}

static void *serve_one(void *context)
{
	int fd = (int)(intptr_t)context;
	_cleanup_file FILE *in = fdopen(fd, "r");
	_cleanup_file FILE *out = fdopen(dup(fd), "w");
	struct request request = { 0 };
	bool put, chunked = false;
	char line[512];
	size_t length = 0;

	if (!in || !out || !read_line(in, line, sizeof(line)))
		return NULL;
	put = str_after(line, "PUT ");
	sscanf(line, "%*s %127s", request.path);
	while (read_line(in, line, sizeof(line)) && line[0]) {
		sscanf(line, "Authorization: %127[^\n]", request.authorization);
		sscanf(line, "If-None-Match: %127[^\n]", request.match);
		sscanf(line, "If-Modified-Since: %127[^\n]", request.since);
		sscanf(line, "Range: %63[^\n]", request.range);
		sscanf(line, "Content-Length: %zu", &length);
		chunked = chunked || str_eq(line, "Transfer-Encoding: chunked");
	}
	if (put)
		answer_put(in, out, request.path, chunked, length);
	else
		answer_get(out, &request);
	return NULL;
}

static void start(int listener)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener))
		abort();
}

static const char *url_of(const char *path)
{
	static char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return url;
}

/* --- questions --- */

static int ask(const char *path, size_t size_max, struct http_answer *ret,
	       struct failure *failure)
{
	struct http_question question = {
		.url = url_of(path),
		.name = "NAME",
		.authorization = "Bearer secret",
		.size_max = size_max,
	};

	return http_ask(&question, ret, failure);
}

static void test_ask(void)
{
	struct http_answer answer = { 0 };
	struct failure failure = { 0 };

	ok_int(ask("/echo", 100, &answer, &failure), 0, "an answer");
	ok_int(answer.status, 200, "its status");
	ok_str(answer.body, "Bearer secret", "the host that was asked knows");
	ok_str(answer.type, "text/x", "its type without parameters");
	ok(!answer.redirected, "not redirected");
	http_answer_free(&answer);

	ok_int(ask("/away", 100, &answer, &failure), 0, "a redirect");
	ok_str(answer.body, "here", "is followed");
	ok(answer.redirected && !answer.authenticate,
	   "what the redirect itself said is forgotten");
	ok_int(leaks, 0, "and the authorization stayed behind");
	http_answer_free(&answer);

	ok_int(ask("/denied", 100, &answer, &failure), 0, "401 is an answer");
	ok_int(answer.status, 401, "its status");
	ok_str(answer.authenticate, "Basic\nBearer realm=\"a\"\n",
	       "both challenges");
	ok_str(answer.docker_digest, "sha256:00", "Docker-Content-Digest");
	ok_str(answer.retry_after, "5", "Retry-After");
	http_answer_free(&answer);

	ok_int(ask("/large", 1000, &answer, &failure), 0, "just small enough");
	http_answer_free(&answer);
	ok_int(ask("/large", 999, &answer, &failure), -ENOBUFS, "too large");
	ok_str(failure.text,
	       "NAME: the answer of 127.0.0.1 is larger than 999 B",
	       "in words");
}

/* --- fetches --- */

struct got {
	char bytes[3 * HALF];
	size_t len;
};

static int keep(void *context, struct view bytes, struct failure *f _unused)
{
	struct got *got = context;

	if (bytes.left > sizeof(got->bytes) - got->len)
		return -ENOBUFS;
	memcpy(got->bytes + got->len, bytes.at, bytes.left);
	got->len += bytes.left;
	return 0;
}

static int no_tick(void *context _unused, struct failure *failure _unused)
{
	return 0;
}

static int fetch(const struct fetch_source *source, struct fetch *fetch,
		 struct got *got)
{
	struct failure failure = { 0 };
	int r;

	*got = (struct got){ 0 };
	*fetch = (struct fetch){
		.source = source, .data = keep, .tick = no_tick, .context = got
	};
	r = fetch_run(fetch, &failure);
	if (failure.err)
		printf("# %s\n", failure.text);
	return r;
}

static int renew(void *context, const char **ret_authorization,
		 struct failure *failure _unused)
{
	*ret_authorization = context ? "Bearer old" : "Bearer new";
	return 0;
}

static void test_fetch_url(void)
{
	static struct got got;
	struct fetch_source source = { .name = "NAME",
				       .authorization = "Bearer secret",
				       .target = url_of("/away") };
	struct http_validators known;
	struct fetch run;

	ok_int(fetch(&source, &run, &got), 0, "a fetch through a redirect");
	ok(got.len == 4 && leaks == 0, "takes no authorization along");

	source.target = url_of("/known");
	ok_int(fetch(&source, &run, &got), 0, "what is not known is fetched");
	ok_str(run.validators.etag, "\"one\"", "ETag");
	ok_str(run.validators.modified, "yesterday", "Last-Modified");
	known = run.validators;
	source.known = &known;
	ok_int(fetch(&source, &run, &got), -EALREADY, "what is known is not");
	ok_int((int64_t)got.len, 0, "not a byte");
	str_copy(known.etag, sizeof(known.etag), "\"two\"");
	ok_int(fetch(&source, &run, &got), 0, "what changed is");
	source.target = url_of("/unasked");
	ok_int(fetch(&source, &run, &got), -EALREADY, "304 when asked");
	source.known = NULL;
	ok_int(fetch(&source, &run, &got), -EREMOTEIO, "304 unasked");

	source.target = url_of("/token");
	ok_int(fetch(&source, &run, &got), -EACCES, "a token that has ended");
	source.renew = renew;
	ok_int(fetch(&source, &run, &got), 0, "is replaced");
	ok_int((int64_t)got.len, 4, "and the fetch goes on");
	source.renew_context = &source;
	ok_int(fetch(&source, &run, &got), -EACCES, "once");

	source.target = url_of("/cut");
	ok_int(fetch(&source, &run, &got), 0, "a connection cut half-way");
	ok(got.len == 2 * HALF && cuts == 2 && got.bytes[HALF - 1] == 'a' &&
		   got.bytes[HALF] == 'b',
	   "is taken up again");
}

static void test_fetch_file(void)
{
	char path[] = "/tmp/test-http.XXXXXX", tail[4];
	static struct got got;
	struct fetch_source source = { .kind = FETCH_FILE,
				       .name = "NAME",
				       .target = path };
	struct http_validators known;
	struct fetch run;
	_cleanup_fd int fd = mkostemp(path, O_CLOEXEC);

	ok(write(fd, "0123456789", 10) == 10, "a file");
	ok_int(fetch(&source, &run, &got), 0, "is read");
	ok(got.len == 10 && run.total == 10, "whole");
	known = run.validators;
	source.known = &known;
	ok_int(fetch(&source, &run, &got), -EALREADY, "unchanged, it is not");
	ok(write(fd, "x", 1) == 1, "it changes");
	ok_int(fetch(&source, &run, &got), 0, "and is read again");

	source = (struct fetch_source){ .kind = FETCH_FD,
					.name = "NAME",
					.fd = fd,
					.offset = 3,
					.length = 4 };
	ok_int(fetch(&source, &run, &got), 0, "a part of it");
	ok(got.len == 4 && memcmp(got.bytes, "3456", 4) == 0, "is the part");
	run.fd = fd;
	ok(fetch_tail(&run, tail, 2) == 2 && memcmp(tail, "56", 2) == 0,
	   "and has a tail");
	source.offset = source.length = 0;
	ok(lseek(fd, 4, SEEK_SET) == 4, "read in part");
	ok_int(fetch(&source, &run, &got), 0, "what is left");
	ok(got.len == 7 && run.total == 7 && got.bytes[0] == '4', "is read");
	run.fd = fd;
	ok(fetch_tail(&run, tail, 2) == 2 && memcmp(tail, "9x", 2) == 0,
	   "and has a tail");
	source.offset = 3;
	source.length = 9;
	ok_int(fetch(&source, &run, &got), -EBADMSG, "more than there is");
	source.length = UINT64_MAX;
	ok_int(fetch(&source, &run, &got), -EBADMSG, "far more");
	source.offset = 12;
	ok_int(fetch(&source, &run, &got), -EBADMSG, "behind its end");
	unlink(path);
}

static void test_fetch_pipe(void)
{
	static struct got got;
	struct fetch_source source = { .kind = FETCH_FD, .name = "NAME" };
	struct fetch run;
	char c;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	ok(write(fds[1], "abcdef", 6) == 6 && read(fds[0], &c, 1) == 1,
	   "a pipe read in part");
	close(fds[1]);
	source.fd = fds[0];
	ok_int(fetch(&source, &run, &got), 0, "is read on from there");
	ok(got.len == 5 && got.bytes[0] == 'b' && run.total == 0, "to its end");
	close(fds[0]);
}

/* --- uploads --- */

static ssize_t give(void *context, void *buf, size_t size,
		    struct failure *failure)
{
	size_t *left = context, n = MIN(size, MIN(*left, 7777));

	if (*left == SIZE_MAX)
		return failure_set(failure, EIO, "cannot read on");
	memset(buf, 'p', n);
	*left -= n;
	return (ssize_t)n;
}

static int put(const char *path, uint64_t len, size_t left,
	       struct failure *failure)
{
	struct http_upload upload = { .url = url_of(path),
				      .name = "NAME",
				      .len = len,
				      .next = give,
				      .context = &left };

	received_len = 0;
	return http_put(&upload, failure);
}

static void test_put(void)
{
	struct failure failure = { 0 };

	ok_int(put("/put", 200000, 200000, &failure), 0, "a known length");
	ok_int((int64_t)received_len, 200000, "all of it");
	ok_int(put("/put", UINT64_MAX, 200001, &failure), 0, "chunked");
	ok_int((int64_t)received_len, 200001, "all of it");
	ok_int(put("/moved", UINT64_MAX, 200002, &failure), 0, "redirected");
	ok_int((int64_t)received_len, 200002, "all of it");
	ok_int(put("/see", 10, 10, &failure), -EREMOTEIO,
	       "a redirect that stores nothing");
	ok_int(put("/refused", UINT64_MAX, 20000, &failure), -EACCES,
	       "refused");
	ok_str(failure.text, "NAME: server answered 403 Forbidden", "in words");
	ok_int(put("/put", UINT64_MAX, SIZE_MAX, &failure), -EIO,
	       "what cannot be read");
	ok_str(failure.text, "cannot read on", "says so itself");
}

int main(void)
{
	/* The servers here write to clients that have gone. */
	signal(SIGPIPE, SIG_IGN);
	start(listen_on_loopback(&port));
	start(listen_on_loopback(&other_port));
	test_ask();
	test_fetch_url();
	test_fetch_file();
	test_fetch_pipe();
	test_put();
	return tap_done();
}
