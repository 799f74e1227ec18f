/* SPDX-License-Identifier: MIT */
#include "image/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/evp.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#define BASIC_MAX (64 * KIB) /* some passwords are keys */
#define HUB	  "docker.io"

/* --- one file --- */

/* One name for Docker Hub, of its three. */
static const char *canonical(const char *host, size_t *len)
{
	static const char *const hub[] = { HUB, "index." HUB,
					   "registry-1." HUB };

	for (size_t i = 0; i < ARRAY_SIZE(hub); i++) {
		if (*len != strlen(hub[i]) || strncasecmp(host, hub[i], *len))
			continue;
		*len = strlen(HUB);
		return HUB;
	}
	return host;
}

static bool same_host(const char *a, size_t a_len, const char *b, size_t b_len)
{
	a = canonical(a, &a_len);
	b = canonical(b, &b_len);
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* How well a key fits: 0 not at all, more when it says more of the path. Keys
 * are "host", "host/path", and docker's older "https://host/v1/". */
static size_t key_fit(const char *key, const char *host, const char *repository)
{
	const char *scheme = strstr(key, "://");
	const char *at = scheme ? scheme + 3 : key;
	size_t host_len = strcspn(at, "/");
	const char *path = at + host_len;
	size_t n;

	if (!same_host(at, host_len, host, strlen(host)))
		return 0;
	if (scheme || *path == '\0')
		return 1;
	path++;
	n = strlen(path);
	if (strncmp(path, repository, n) != 0 ||
	    (repository[n] != '\0' && repository[n] != '/'))
		return 0;
	return 1 + n;
}

/* That it is base64 of something with a colon, so that a header can be made
 * of it as it is. */
static bool is_basic(const char *auth)
{
	size_t len = strlen(auth);
	_cleanup_free uint8_t *plain = malloc(len + 1);
	int n;

	if (!plain || len == 0 || len > BASIC_MAX ||
	    strspn(auth, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789+/=") != len)
		return false;
	n = EVP_DecodeBlock(plain, (const uint8_t *)auth, (int)len);
	return n > 0 && memchr(plain, ':', (size_t)n);
}

int credentials_parse(struct view json, const char *host,
		      const char *repository, char **ret_basic)
{
	const char *key, *auth, *best = NULL;
	size_t best_fit = 0;
	json_t *root, *entry;
	int r = -ENODATA;

	root = json_loadb((const char *)json.at, json.left, 0, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return -EBADMSG;
	}
	json_object_foreach(json_object_get(root, "auths"), key, entry)
	{
		size_t fit = key_fit(key, host, repository);

		auth = json_string_value(json_object_get(entry, "auth"));
		if (fit > best_fit && auth && auth[0]) {
			best_fit = fit;
			best = auth;
		}
	}
	if (best && !is_basic(best))
		r = -EBADMSG;
	else if (best)
		r = (*ret_basic = strdup(best)) ? 0 : -ENOMEM;
	json_decref(root);
	return r;
}

/* --- the files of a machine --- */

static const struct {
	const char *variable; /* its value goes before the path; NULL: none */
	const char *path;
} places[] = {
	{ "REGISTRY_AUTH_FILE", "" },
	{ "XDG_RUNTIME_DIR", "/containers/auth.json" },
	{ NULL, "/run/containers/%u/auth.json" },
	{ "XDG_CONFIG_HOME", "/containers/auth.json" },
	{ "HOME", "/.config/containers/auth.json" },
	{ "DOCKER_CONFIG", "/config.json" },
	{ "HOME", "/.docker/config.json" },
	{ NULL, CREDENTIALS_BOOTSTRAP },
};

/* False when there is no such place. */
static bool place_path(size_t place, char path[static PATH_MAX])
{
	struct text text = text_over(path, PATH_MAX);
	const char *variable = places[place].variable;
	const char *user = strstr(places[place].path, "%u");
	const char *base = variable ? getenv(variable) : "";

	if (!base || (variable && !base[0]))
		return false;
	text_put(&text, base);
	if (user)
		text_add(&text, "%.*s%u%s", (int)(user - places[place].path),
			 places[place].path, (unsigned int)getuid(), user + 2);
	else
		text_put(&text, places[place].path);
	return !text.cut;
}

static int search_file(const char *path, const char *host,
		       const char *repository, char **ret_basic,
		       struct failure *failure)
{
	_cleanup_free char *buf = malloc(CREDENTIALS_FILE_MAX);
	ssize_t n;
	int r;

	if (!buf)
		return failure_errno(failure, ENOMEM, "%s: cannot read", path);
	n = file_read(AT_FDCWD, path, buf, CREDENTIALS_FILE_MAX);
	/* After su(1) the variables may lead to another person's files. */
	if (n == -ENOENT || n == -ENOTDIR || n == -EACCES)
		return -ENODATA;
	if (n < 0)
		return failure_errno(failure, (int)-n, "%s: cannot read", path);
	r = credentials_parse(view_over(buf, (size_t)n), host, repository,
			      ret_basic);
	explicit_bzero(buf, (size_t)n);
	if (r == -EBADMSG)
		return failure_set(failure, EBADMSG,
				   "%s: not a file as in "
				   "containers-auth.json(5), or its entry for "
				   "%s is damaged; \"skopeo login %s\" makes a "
				   "new one",
				   path, host, host);
	return r == 0 || r == -ENODATA ? r
				       : failure_errno(failure, -r, "%s", path);
}

int credentials_find(const char *host, const char *repository, char **ret_basic,
		     struct failure *failure)
{
	char path[PATH_MAX];
	int r = -ENODATA;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == -ENODATA; i++)
		if (place_path(i, path))
			r = search_file(path, host, repository, ret_basic,
					failure);
	return r;
}
