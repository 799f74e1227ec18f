/* SPDX-License-Identifier: MIT */
/* A file read by ranges, from servers on the loopback that have them, have
 * none, break off, or lie. */
#include "image/ranged.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "loopback.h"
#include "tap.h"

#define SIZE  (10 * 1024 * 1024 + 12345)
#define BLOCK (128 * 1024)
#define KEPT  64 /* blocks */

static uint8_t content[SIZE];
static uint16_t port;
static _Atomic int questions, connections, redirects;

/* --- the server --- */

enum manner {
	GOOD,
	SHORT,	 /* sends half of what was asked for, and says so */
	CUT,	 /* sends half of what it says, and closes */
	LONG,	 /* sends more than was asked for */
	SHIFT,	 /* sends other bytes, and says so */
	NOSIZE,	 /* does not know how long it is */
	GROWS,	 /* is longer at each question */
	CHANGES, /* has another ETag at each question */
	HANGS_UP, /* closes the connection behind an answer, and does not say so */
	FLAKY,	  /* has a bad moment at every second question */
	WHOLE,	  /* has no ranges */
	CHUNKED, /* nor a length */
	EMPTY,
	MISSING,
	AWAY, /* is elsewhere */
};

static const char *const paths[] = {
	[GOOD] = "/good",   [SHORT] = "/short",
	[CUT] = "/cut",	    [LONG] = "/long",
	[SHIFT] = "/shift", [NOSIZE] = "/nosize",
	[GROWS] = "/grows", [CHANGES] = "/changes",
	[FLAKY] = "/flaky", [HANGS_UP] = "/hangs-up",
	[WHOLE] = "/whole", [CHUNKED] = "/chunked",
	[EMPTY] = "/empty", [MISSING] = "/missing",
	[AWAY] = "/away",
};

struct request {
	enum manner manner;
	uint64_t first, last;
	char match[64]; /* If-Range */
};

static void send_content(FILE *out, uint64_t first, uint64_t len)
{
	fwrite(content + first, 1, MIN(len, SIZE - first), out);
}

static bool answer_range(FILE *out, const struct request *request, int number)
{
	uint64_t first = request->first, last = MIN(request->last, SIZE - 1);
	uint64_t size = SIZE;
	char total[32];

	if (request->manner == SHORT)
		last = first + (last - first) / 2;
	if (request->manner == LONG)
		last = MIN(last + 1000, SIZE - 1);
	if (request->manner == SHIFT && first > 0)
		first--;
	if (request->manner == GROWS)
		size += (uint64_t)number;
	snprintf(total, sizeof(total), "%llu", (unsigned long long)size);
	fprintf(out,
		"HTTP/1.1 206 x\r\nETag: \"%d\"\r\nContent-Length: %llu\r\n"
		"Content-Range: bytes %llu-%llu/%s\r\n\r\n",
		request->manner == CHANGES ? number : 0,
		(unsigned long long)(last - first + 1),
		(unsigned long long)first, (unsigned long long)last,
		request->manner == NOSIZE ? "*" : total);
	if (request->manner == CUT && last > first) {
		send_content(out, first, (last - first + 1) / 2);
		return false;
	}
	send_content(out, first, last - first + 1);
	return request->manner != HANGS_UP;
}

static bool answer_whole(FILE *out, bool sized)
{
	fprintf(out, "HTTP/1.1 200 x\r\nConnection: close\r\n");
	if (sized)
		fprintf(out, "Content-Length: %d\r\n", SIZE);
	fprintf(out, "\r\n");
	send_content(out, 0, SIZE);
	return false;
}

/* Whether the connection stays. */
static bool answer(FILE *out, const struct request *request, int number)
{
	char etag[16];

	switch (request->manner) {
	case WHOLE:
	case CHUNKED:
		return answer_whole(out, request->manner == WHOLE);
	case EMPTY:
		fprintf(out, "HTTP/1.1 416 x\r\nContent-Range: bytes */0\r\n"
			     "Content-Length: 0\r\n\r\n");
		return true;
	case MISSING:
		fprintf(out, "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
		return true;
	case AWAY:
		redirects++;
		fprintf(out,
			"HTTP/1.1 302 x\r\nContent-Length: 3\r\n"
			"Content-Range: bytes 0-2/3\r\nETag: \"away\"\r\n"
			"Location: http://127.0.0.1:%d/good\r\n\r\nno\n",
			port);
		return true;
	case FLAKY:
		if (number % 2 == 0)
			break;
		fprintf(out, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
		return true;
	case CHANGES:
		snprintf(etag, sizeof(etag), "\"%d\"", number);
		if (request->match[0] && !str_eq(request->match, etag))
			return answer_whole(out, true);
		break;
	case GOOD:
	case HANGS_UP:
	case SHORT:
	case CUT:
	case LONG:
	case SHIFT:
	case NOSIZE:
	case GROWS:
		break;
	}
	return answer_range(out, request, number);
}

static bool read_request(FILE *in, struct request *request)
{
	char line[256], path[64] = "";

	if (!fgets(line, sizeof(line), in))
		return false;
	sscanf(line, "%*s %63s", path);
	while (fgets(line, sizeof(line), in) && line[0] != '\r') {
		unsigned long long first, last;

		sscanf(line, "If-Range: %63[^\r]", request->match);
		if (sscanf(line, "Range: bytes=%llu-%llu", &first, &last) == 2)
			*request = (struct request){ .first = first,
						     .last = last };
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (str_eq(path, paths[i]))
			request->manner = (enum manner)i;
	return true;
}

static void *serve_one(void *context)
{
	int fd = (int)(intptr_t)context;
	_cleanup_file FILE *in = fdopen(fd, "r");
	_cleanup_file FILE *out = fdopen(dup(fd), "w");
	struct request request = { 0 };

	connections++;
	while (read_request(in, &request) &&
	       answer(out, &request, questions++) && fflush(out) == 0)
		request = (struct request){ 0 };
	return NULL;
}

/* --- the client --- */

static struct ranged *ranged;
static struct failure failure;
static uint64_t size;

static int open_manner(enum manner manner)
{
	char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port,
		 paths[manner]);
	questions = connections = 0;
	size = 0;
	ranged = NULL;
	failure = (struct failure){ 0 };
	return ranged_open(url, "live.iso", &ranged, &size, &failure);
}

static int read_at(uint64_t offset, size_t len)
{
	_cleanup_free uint8_t *buf = malloc(len + 1);
	int r;

	buf[len] = 0x5a;
	r = reader_read(ranged_reader(ranged), offset, buf, len, &failure);
	if (r < 0)
		return r;
	return memcmp(buf, content + offset, len) == 0 && buf[len] == 0x5a;
}

static void test_good(void)
{
	ok_int(open_manner(GOOD), 0, "a server with ranges");
	ok_int((int64_t)size, SIZE, "says the size");
	ok_int((int64_t)ranged_reader(ranged)->size, SIZE, "to the reader too");
	ok_int(read_at(0, 2048), 1, "the start");
	ok_int(read_at(BLOCK - 1, 1), 1, "the first block's end");
	ok_int(questions, 1, "are known from the opening");
	ok_int(read_at(BLOCK - 1, 2), 1, "across two blocks");
	ok_int(read_at(2 * BLOCK - 1, 1), 1, "in the second");
	ok_int(questions, 2, "each block is asked for once");
	ok_int(read_at(SIZE - 1, 1), 1, "the last byte");
	ok_int(read_at(5000, SIZE - 5000), 1, "much at once");
	ok_int(questions, 4, "is one question");
	ok_int(connections, 1, "all by one connection");
	ok_int(read_at(SIZE, 0), 1, "nothing at the end");
	ok_int(read_at(SIZE - 1, 2), -EBADMSG, "behind the end");
	ok_str(failure.text,
	       "live.iso has 10498105 bytes, and names some behind them: it is "
	       "cut short or damaged",
	       "in words");
	ok(!ranged_close(ranged) && !ranged_close(NULL), "closed");
}

static void test_redirect(void)
{
	ok_int(open_manner(AWAY), 0, "a redirect");
	ok_int((int64_t)size, SIZE, "to the size");
	ok_int(read_at(BLOCK, 5000), 1, "and the bytes");
	ok_int(redirects, 1, "is followed once");
	ranged_close(ranged);
}

static const struct {
	enum manner manner;
	const char *what;
} good_ones[] = {
	{ SHORT, "sends less than was asked for" },
	{ CUT, "breaks off" },
	{ LONG, "sends more than was asked for" },
	{ FLAKY, "has a bad moment" },
	{ HANGS_UP, "closes the connection meanwhile" },
};

static void test_survived(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_ones); i++) {
		ok_int(open_manner(good_ones[i].manner), 0, good_ones[i].what);
		ok_int(read_at(0, BLOCK), 1, "  the start");
		ok_int(read_at(BLOCK + 7, 300000), 1, "  much");
		ok_int(read_at(SIZE - 100, 100), 1, "  the end");
		ranged_close(ranged);
	}
}

static const struct {
	enum manner manner;
	int r;
	int64_t size;
	const char *text;
} bad_ones[] = {
	{ WHOLE, -EOPNOTSUPP, SIZE,
	  "live.iso: 127.0.0.1 gives no parts of a file (HTTP ranges): nothing "
	  "can be said about it before all of it is here" },
	{ CHUNKED, -EOPNOTSUPP, 0, NULL },
	{ NOSIZE, -EOPNOTSUPP, 0, NULL },
	{ EMPTY, -EBADMSG, 0, "live.iso: the file is empty" },
	{ MISSING, -ENOENT, 0, "live.iso: server answered 404 Not Found" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_ones); i++) {
		ok_int(open_manner(bad_ones[i].manner), bad_ones[i].r,
		       paths[bad_ones[i].manner]);
		ok_int((int64_t)size, bad_ones[i].size, "  its size");
		if (bad_ones[i].text)
			ok_str(failure.text, bad_ones[i].text, "  in words");
	}
}

/* Others may have it: there is no use in asking once more. */
static void test_nobody(void)
{
	uint16_t closed;
	int64_t began = clock_ms();
	char url[64];

	close(listen_on_loopback(&closed));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/live.iso", closed);
	ok_int(ranged_open(url, "live.iso", &ranged, &size, &failure),
	       -ECONNREFUSED, "nobody is there");
	ok_str(failure.text,
	       "live.iso: cannot connect to 127.0.0.1: Connection refused",
	       "in words");
	ok(clock_ms() - began < 500, "at once");
}

/* What is put together of two files is none. */
static void test_changed(void)
{
	static const enum manner manners[] = { SHIFT, GROWS, CHANGES };

	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		ok_int(open_manner(manners[i]), 0, paths[manners[i]]);
		ok_int(read_at(0, 100), 1, "  what is here stays");
		ok_int(read_at(BLOCK, 1), -ESTALE, "  the rest does not fit");
		ok_str(failure.text,
		       "live.iso: the file on 127.0.0.1 has changed meanwhile; "
		       "try again",
		       "  in words");
		ok_int(read_at(100, 100), 1, "  and what is here stays");
		ranged_close(ranged);
	}
}

static void test_cache(void)
{
	uint64_t at = 0;
	int wrong = 0;

	ok_int(open_manner(GOOD), 0, "many reads");
	for (uint64_t i = 0; i < 2 * KEPT; i++)
		wrong += read_at(i % KEPT * BLOCK + i, 100) != 1;
	ok_int(questions, KEPT, "what is kept is asked for once");
	wrong += read_at(KEPT * BLOCK, 1) != 1;
	wrong += read_at(BLOCK, 1) != 1;
	ok_int(questions, KEPT + 1, "what was used last stays");
	wrong += read_at(0, 1) != 1;
	ok_int(questions, KEPT + 2, "what was not is given up");
	for (uint64_t i = 0; i < 2000; i++) {
		at = (at * 1103515245 + 12345 + i) % (SIZE - 3000);
		wrong += read_at(at, (size_t)(at % 3000)) != 1;
	}
	ok_int(wrong, 0, "every byte is right");
	ranged_close(ranged);
}

int main(void)
{
	int listener = listen_on_loopback(&port);
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 7 + (i >> 12) + 1);
	if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener))
		return 1;
	test_good();
	test_redirect();
	test_survived();
	test_refused();
	test_nobody();
	test_changed();
	test_cache();
	return tap_done();
}
