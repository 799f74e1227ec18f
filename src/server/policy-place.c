/* SPDX-License-Identifier: MIT */
#include "server/policy-place.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/signer.h"

static void cleanup_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void cleanup_curl(char **text)
{
	curl_free(*text);
}

/* A line of a script must hold it, and so must a sealed name. */
static int check_text(const char *text, struct failure *failure)
{
	if (!text[0])
		return failure_set(failure, EINVAL, "is empty");
	for (const char *p = text; *p; p++)
		if ((uint8_t)*p < ' ' || *p == '\x7f')
			return failure_set(failure, EINVAL,
					   "has a control character");
	if (strlen(text) >= SIGNER_PLACE_MAX)
		return failure_set(failure, EINVAL,
				   "is longer than %d characters",
				   SIGNER_PLACE_MAX - 1);
	return 0;
}

static int copy(const char *text, char **ret_place, struct failure *failure)
{
	int r = check_text(text, failure);

	if (r < 0)
		return r;
	*ret_place = strdup(text);
	return *ret_place ? 0 : failure_errno(failure, ENOMEM, "is kept");
}

static bool has_scheme(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789+-.");

	return len > 1 && strncmp(text + len, "://", 3) == 0;
}

bool place_is_url(const char *place)
{
	return strncasecmp(place, "http://", 7) == 0 ||
	       strncasecmp(place, "https://", 8) == 0;
}

bool place_is_registry(const char *place)
{
	return strncasecmp(place, "docker://", 9) == 0 ||
	       strncasecmp(place, "docker+http://", 14) == 0;
}

const char *place_without_user(const char *place)
{
	const char *host = place_is_url(place) ? strstr(place, "://") + 3 : "";
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));

	return at ? at + 1 : place;
}

static int resolve_url(const char *base, const char *text, char **ret_place,
		       struct failure *failure)
{
	_cleanup(cleanup_url) CURLU *url = curl_url();
	_cleanup(cleanup_curl) char *whole = NULL;
	CURLUcode code = url ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;

	if (code == CURLUE_OK && base)
		code = curl_url_set(url, CURLUPART_URL, base, 0);
	/* A blank is what Go takes for "%20" as well. */
	if (code == CURLUE_OK)
		code = curl_url_set(url, CURLUPART_URL, text,
				    CURLU_ALLOW_SPACE | CURLU_URLENCODE);
	if (code == CURLUE_OK)
		code = curl_url_get(url, CURLUPART_URL, &whole, 0);
	if (code != CURLUE_OK)
		return failure_set(failure, EINVAL, "\"%.100s\" is no URL: %s",
				   text, curl_url_strerror(code));
	if (!place_is_url(whole))
		return failure_set(failure, EINVAL,
				   "\"%.100s\": only http, https and file",
				   text);
	return copy(whole, ret_place, failure);
}

static int resolve_path(const char *dir, const char *text, char **ret_place,
			struct failure *failure)
{
	char path[SIGNER_PLACE_MAX];
	struct text out = text_over(path, sizeof(path));

	if (text[0] != '/' && !dir)
		return failure_set(failure, EINVAL,
				   "\"%.100s\" is not an absolute path", text);
	if (text[0] != '/')
		text_add(&out, "%s/", str_eq(dir, "/") ? "" : dir);
	text_add(&out, "%s", text);
	if (out.cut)
		return failure_set(failure, EINVAL, "is too long");
	return copy(path, ret_place, failure);
}

/* What follows file://, of which "localhost" may be the host (RFC 8089). */
static int resolve_file(const char *rest, char **ret_place,
			struct failure *failure)
{
	_cleanup(cleanup_curl) char *path = NULL;
	int len = 0;

	if (str_after(rest, "localhost/"))
		rest += strlen("localhost");
	path = curl_easy_unescape(NULL, rest, 0, &len);
	if (!path)
		return failure_errno(failure, ENOMEM, "is kept");
	if (strlen(path) != (size_t)len)
		return failure_set(failure, EINVAL, "has a NUL");
	return path[0] ? resolve_path(NULL, path, ret_place, failure)
		       : failure_set(failure, EINVAL, "is empty");
}

int place_resolve(const struct place_base *base, const char *text,
		  char **ret_place, struct failure *failure)
{
	int r = check_text(text, failure);

	if (r < 0)
		return r;
	if (strncasecmp(text, "file://", 7) == 0)
		return resolve_file(text + 7, ret_place, failure);
	if (has_scheme(text) || base->url)
		return resolve_url(base->url, text, ret_place, failure);
	return resolve_path(base->dir, text, ret_place, failure);
}

int place_resolve_image(const struct place_base *base, const char *text,
			char **ret_place, struct failure *failure)
{
	int r;

	if (!place_is_registry(text))
		return place_resolve(base, text, ret_place, failure);
	r = check_text(text, failure);
	return r < 0 ? r : copy(text, ret_place, failure);
}

int place_check(const char *place, struct failure *failure)
{
	_cleanup_fd int fd = FD_NONE;
	struct stat st;

	if (place_is_url(place) || str_after(place, "./"))
		return 0;
	fd = open(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s", place);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, EINVAL, "%s is no regular file",
				   place);
	return 0;
}

int place_check_all(const struct plan *plan, struct failure *failure)
{
	int r = plan->kernel ? place_check(plan->kernel, failure) : 0;

	for (size_t i = 0; i < plan->initrd_count && r == 0; i++)
		r = place_check(plan->initrds[i], failure);
	for (size_t i = 0; i < plan->cmdline_count && r == 0; i++)
		if (plan->cmdline[i].is_file)
			r = place_check(plan->cmdline[i].text, failure);
	return r;
}
