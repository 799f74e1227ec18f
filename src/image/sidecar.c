/* SPDX-License-Identifier: MIT */
#include "image/sidecar.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/whole-file.h"
#include "image/http.h"

#define TIMEOUT_MS   5000
#define SIDECARS_MAX 3

static const struct {
	const char *suffix; /* NULL: it has a name of its own */
	const char *name;
	size_t size_max; /* bytes */
} kinds[] = {
	[SIDECAR_SHA256] = { ".sha256", NULL, 64 * KIB },
	[SIDECAR_SHA256SUMS] = { NULL, "SHA256SUMS", 4 * MIB },
	[SIDECAR_MINISIG] = { ".minisig", NULL, 16 * KIB },
};

/* --- names --- */

/* How long the target is up to the end of its path, and where the file's name
 * begins in it; equal: there is none. */
static void split(const struct reference *reference, size_t *ret_start,
		  size_t *ret_end)
{
	const char *target = reference->target, *path = target;
	size_t end = strlen(target);
	const char *slash;

	if (reference->kind == REFERENCE_HTTP) {
		end = strcspn(target, "?");
		path = strstr(target, "://") + 3;
		path += strcspn(path, "/?");
	}
	slash = memrchr(path, '/', (size_t)(target + end - path));
	*ret_start = (size_t)((slash ? slash + 1 : path) - target);
	*ret_end = end;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Decodes %XX (RFC 3986 section 2.1) in place; what is none stays. */
static void decode(char *name)
{
	char *out = name;

	for (const char *at = name; *at; at++) {
		int high = *at == '%' ? hex_digit(at[1]) : -1;
		int low = high < 0 ? -1 : hex_digit(at[2]);

		*out++ = low < 0 ? *at : (char)(high * 16 + low);
		at += low < 0 ? 0 : 2;
	}
	*out = '\0';
}

int sidecar_file_name(const struct reference *reference,
		      char ret_name[static SIDECAR_NAME_MAX])
{
	size_t start, end;

	split(reference, &start, &end);
	if (start == end || end - start >= SIDECAR_NAME_MAX)
		return -ENODATA;
	memcpy(ret_name, reference->target + start, end - start);
	ret_name[end - start] = '\0';
	if (reference->kind == REFERENCE_HTTP)
		decode(ret_name);
	return ret_name[0] ? 0 : -ENODATA;
}

const char *sidecar_name(enum sidecar_kind kind, const char *file_name,
			 char buf[static SIDECAR_NAME_MAX + 16])
{
	const char *suffix = kinds[kind].suffix;
	struct text text = text_over(buf, SIDECAR_NAME_MAX + 16);

	text_put(&text, suffix ? file_name : kinds[kind].name);
	text_put(&text, suffix ? suffix : "");
	return buf;
}

int sidecar_place(const struct reference *reference, enum sidecar_kind kind,
		  char *ret_place, size_t size)
{
	const char *suffix = kinds[kind].suffix;
	struct text text = text_over(ret_place, size);
	size_t start, end;

	split(reference, &start, &end);
	text_add(&text, "%.*s", (int)(suffix ? end : start), reference->target);
	text_put(&text, suffix ? suffix : kinds[kind].name);
	text_put(&text, reference->target + end);
	return text.cut ? -ENAMETOOLONG : 0;
}

/* --- beside a file --- */

static int read_open(struct sidecar *sidecar, int fd)
{
	int r = whole_file_read(fd, kinds[sidecar->kind].size_max,
				&sidecar->bytes, &sidecar->len);

	/* No list or signature is like that: there is none. */
	return r == -EINVAL || r == -EFBIG ? 0 : r;
}

static void read_file(struct sidecar *sidecar, const char *path)
{
	/* A FIFO must not be waited for. */
	_cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_open(sidecar, fd);

	if (r == -ENOENT || r == -ENOTDIR || r == -ENAMETOOLONG)
		r = 0;
	if (r < 0)
		sidecar->err = failure_errno(&sidecar->failure, -r,
					     "%s: cannot read", path);
}

/* --- beside a URL --- */

static void ask(struct sidecar *sidecar, const char *url, const char *name)
{
	const struct http_question question = {
		.url = url,
		.name = name,
		.size_max = kinds[sidecar->kind].size_max,
		.timeout_ms = TIMEOUT_MS,
	};
	struct http_answer answer = { 0 };
	int r = http_ask(&question, &answer, &sidecar->failure);

	if (r < 0) {
		sidecar->err = r;
		return;
	}
	if (answer.status == 200 && strcasecmp(answer.type, "text/html") != 0) {
		sidecar->len = answer.size;
		sidecar->bytes = TAKE_PTR(answer.body);
	}
	http_answer_free(&answer);
}

/* --- all of them --- */

struct look {
	const struct reference *reference;
	struct sidecar *sidecar;
	pthread_t thread;
	bool threaded;
};

static void *look(void *argument)
{
	struct look *l = argument;
	char place[CONTROL_REF_MAX + 32];

	if (sidecar_place(l->reference, l->sidecar->kind, place,
			  sizeof(place)) < 0)
		return NULL;
	if (l->reference->kind == REFERENCE_HTTP)
		ask(l->sidecar, place, l->reference->name);
	else
		read_file(l->sidecar, place);
	return NULL;
}

void sidecars_look_for(const struct reference *reference,
		       struct sidecar *sidecars, size_t count)
{
	bool remote = reference->kind == REFERENCE_HTTP;
	struct look looks[SIDECARS_MAX] = { 0 };

	if (remote && http_start(NULL) < 0)
		return;
	for (size_t i = 0; i < MIN(count, SIDECARS_MAX); i++) {
		looks[i].reference = reference;
		looks[i].sidecar = &sidecars[i];
		/* The last one is for this thread. */
		looks[i].threaded = remote && i + 1 < count &&
				    pthread_create(&looks[i].thread, NULL, look,
						   &looks[i]) == 0;
		if (!looks[i].threaded)
			look(&looks[i]);
	}
	for (size_t i = 0; i < MIN(count, SIDECARS_MAX); i++)
		if (looks[i].threaded)
			pthread_join(looks[i].thread, NULL);
}
