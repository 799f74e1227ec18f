/* SPDX-License-Identifier: MIT */
/* Against a server of one thread a connection, on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "loopback.h"
#include "server/upstream.h"
#include "tap.h"

#define BIG_BYTES ((size_t)4 * 1024 * 1024)

/* --- the server --- */

static uint16_t port;

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void say_big(int fd)
{
	static char bytes[65536];

	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
	for (size_t done = 0; done < BIG_BYTES;) {
		ssize_t n = send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);

		if (n < 0)
			return;
		done += (size_t)n;
	}
}

static void answer(int fd, const char *request)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{ "GET /hello",
		  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ "HEAD /hello",
		  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" },
		{ "GET /empty", "HTTP/1.1 204 No Content\r\n\r\n" },
		{ "GET /redirect", "HTTP/1.1 302 Found\r\nLocation: /hello\r\n"
				   "Content-Length: 3\r\n\r\nxxx" },
		{ "GET /lonely", "HTTP/1.1 302 Found\r\n"
				 "Content-Length: 3\r\n\r\nxxx" },
		{ "GET /loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\n"
			       "Content-Length: 0\r\n\r\n" },
		{ "GET /file", "HTTP/1.1 302 Found\r\n"
			       "Location: file:///etc/passwd\r\n"
			       "Content-Length: 0\r\n\r\n" },
		{ "GET /missing", "HTTP/1.1 404 Not Found\r\n"
				  "Content-Length: 4\r\n\r\ngone" },
		{ "GET /short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
				"four" },
		{ "GET /garbage", "\001\002\003\r\n\r\n" },
	};

	if (strstr(request, "Range: bytes=7-\r\n")) {
		say(fd, "HTTP/1.1 206 Partial Content\r\n"
			"Content-Range: bytes 7-8/9\r\n"
			"Content-Length: 2\r\n\r\n78");
		return;
	}
	if (str_after(request, "GET /big"))
		say_big(fd);
	if (str_after(request, "GET /slow"))
		pause();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_after(request, rows[i].request))
			say(fd, rows[i].answer);
}

static void *serve_one(void *context)
{
	int fd = (int)(intptr_t)context;
	char request[1024];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, request + len, sizeof(request) - 1 - len)) > 0) {
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	if (n > 0)
		answer(fd, request);
	close(fd);
	return NULL;
}

/* --- the client --- */

static struct loop loop;
static struct upstream *upstream;

struct get {
	struct transfer transfer;
	struct timer resume;
	int heads, ends, pauses;
	int r;
	long status;
	int64_t length;
	size_t bytes;
	char body[16];
	char says[sizeof(((struct failure *)NULL)->text)];
	bool pausing, cancel_in_head, cancel_in_body;
};

static void on_head(struct transfer *transfer, long status, int64_t length)
{
	struct get *get = container_of(transfer, struct get, transfer);

	get->heads++;
	get->status = status;
	get->length = length;
	if (get->cancel_in_head)
		upstream_cancel(transfer);
}

static void on_resume(struct timer *timer)
{
	upstream_resume(&container_of(timer, struct get, resume)->transfer);
}

static bool on_body(struct transfer *transfer, const void *bytes, size_t len)
{
	struct get *get = container_of(transfer, struct get, transfer);

	if (get->pausing && get->pauses < 3 &&
	    get->bytes / (BIG_BYTES / 4) > (size_t)get->pauses) {
		get->pauses++;
		loop_timer(&loop, &get->resume, 20);
		return false;
	}
	if (get->bytes + len < sizeof(get->body))
		memcpy(get->body + get->bytes, bytes, len);
	get->bytes += len;
	if (get->cancel_in_body)
		upstream_cancel(transfer);
	return true;
}

static void on_done(struct transfer *transfer, int r, long status,
		    const struct failure *failure)
{
	struct get *get = container_of(transfer, struct get, transfer);

	get->ends++;
	get->r = r;
	get->status = status;
	(void)str_copy(get->says, sizeof(get->says),
		       r < 0 ? failure->text : "");
}

static void begin(struct get *get, const char *path, uint16_t to)
{
	struct failure failure;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", to, path);
	get->transfer.url = url;
	get->transfer.head = on_head;
	get->transfer.body = on_body;
	get->transfer.done = on_done;
	get->resume.expired = on_resume;
	if (upstream_start(upstream, &get->transfer, &failure) < 0)
		abort();
}

static void run(const struct get *get, int64_t limit_ms)
{
	int64_t until = clock_ms() + limit_ms;

	while (get->ends == 0 && clock_ms() < until)
		if (loop_turn(&loop, 50) < 0)
			abort();
}

static void test_answers(void)
{
	static const struct {
		const char *path;
		uint64_t first;
		bool head_only;
		int r;
		long status;
		const char *body;
		int64_t length;
	} rows[] = {
		{ "/hello", 0, false, 0, 200, "hello", 5 },
		{ "/hello", 0, true, 0, 200, "", 5 },
		{ "/empty", 0, false, 0, 204, "", 0 },
		{ "/redirect", 0, false, 0, 200, "hello", 5 },
		{ "/lonely", 0, false, 0, 302, "xxx", 3 },
		{ "/missing", 0, false, 0, 404, "gone", 4 },
		{ "/hello", 7, false, 0, 206, "78", 2 },
		{ "/short", 0, false, -ECONNRESET, 200, "four", 9 },
		{ "/loop", 0, false, -ELOOP, 302, "", 0 },
		{ "/file", 0, false, -EPROTONOSUPPORT, 302, "", 0 },
		{ "/close", 0, false, -ECONNRESET, 0, "", 0 },
		{ "/garbage", 0, false, -EPROTONOSUPPORT, 0, "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct get get = { .transfer.first = rows[i].first,
				   .transfer.head_only = rows[i].head_only };
		bool told = rows[i].r == 0 || rows[i].body[0];

		begin(&get, rows[i].path, port);
		run(&get, 5000);
		if (!ok(get.ends == 1 && get.r == rows[i].r &&
				get.status == rows[i].status &&
				get.heads == told &&
				get.length == rows[i].length &&
				str_eq(get.body, rows[i].body),
			rows[i].path))
			printf("# %d ends, %d heads, r %d, status %ld, "
			       "length %" PRId64 ", \"%s\", %s\n",
			       get.ends, get.heads, get.r, get.status,
			       get.length, get.body, get.says);
	}
}

static void test_unreachable(void)
{
	struct get get = { .transfer.timeout_ms = 300 };
	int64_t began = clock_ms();

	begin(&get, "/slow", port);
	run(&get, 5000);
	ok_int(get.r, -ETIMEDOUT, "a slow server");
	ok(clock_ms() - began < 1500, "is given up in time");
	ok_str(get.says, "127.0.0.1: no answer in time", "and named");
	get = (struct get){ 0 };
	begin(&get, "/", 1);
	run(&get, 5000);
	ok_str(get.says, "127.0.0.1: cannot connect: Connection refused",
	       "a dead server is named");
}

static void test_pause(void)
{
	struct get get = { .pausing = true };

	begin(&get, "/big", port);
	run(&get, 5000);
	ok_int(get.pauses, 3, "a transfer pauses");
	ok_int((int64_t)get.bytes, (int64_t)BIG_BYTES,
	       "and gives every byte once");
	ok_int(get.r, 0, "and ends well");
}

static void run_until_begun(const struct get *a, const struct get *b)
{
	int64_t until = clock_ms() + 5000;

	while ((a->heads == 0 || b->bytes == 0) && clock_ms() < until)
		if (loop_turn(&loop, 50) < 0)
			abort();
}

static void test_cancel(void)
{
	struct get first = { .cancel_in_head = true };
	struct get second = { .cancel_in_body = true };
	struct get third = { 0 }, last = { 0 };

	begin(&first, "/big", port);
	begin(&second, "/big", port);
	begin(&third, "/slow", port);
	upstream_cancel(&third.transfer);
	/* Which of them the server answers first is its thing. */
	run_until_begun(&first, &second);
	begin(&last, "/big", port);
	run(&last, 5000);
	ok_int(first.heads, 1, "cancelled in its head");
	ok(second.bytes > 0 && second.bytes <= UPSTREAM_BYTES,
	   "cancelled in its body");
	ok_int(first.ends + second.ends + third.ends, 0,
	       "what is cancelled does not end");
	ok_int((int64_t)last.bytes, (int64_t)BIG_BYTES,
	       "others are not disturbed");
	upstream_cancel(&last.transfer);
}

static void test_wrong(void)
{
	struct transfer transfer = { .url = "file:///etc/passwd" };
	struct failure failure;

	ok_int(upstream_start(upstream, &transfer, &failure), -EINVAL,
	       "only http and https");
}

int main(void)
{
	struct get left = { 0 };
	struct failure failure;
	pthread_t thread;
	sigset_t none;

	sigemptyset(&none);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	if (loop_init(&loop, &none, NULL) < 0 ||
	    upstream_new(&loop, &upstream, &failure) < 0 ||
	    pthread_create(&thread, NULL, serve,
			   (void *)(intptr_t)listen_on_loopback(&port)) != 0)
		return 1;
	test_answers();
	test_unreachable();
	test_pause();
	test_cancel();
	test_wrong();
	begin(&left, "/slow", port);
	upstream = upstream_free(upstream);
	ok(!left.transfer.easy && left.ends == 0,
	   "what runs at the end is cancelled");
	loop_done(&loop);
	return tap_done();
}
