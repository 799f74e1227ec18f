/* SPDX-License-Identifier: MIT */
/*
 * The grammar is that of the OCI distribution-spec ("Pulling manifests") for
 * repository and tag, and that of docker(1) for what comes before and behind
 * them. A text with an "@" that is no digest may hold a password, so that no
 * message repeats such a text.
 */
#include "image/reference-docker.h"

#include <ctype.h>
#include <errno.h>

#include "base/text.h"
#include "image/digest.h"

#define HUB_HOST      "registry-1.docker.io"
#define HUB_OFFICIAL  "library/"
#define TAG_CHARS_MAX 128
#define PORT_MAX      65535

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* How long the separator at s is: ".", "_", "__" or any number of "-". */
static size_t separator_len(const char *s)
{
	size_t dashes = strspn(s, "-");

	if (dashes > 0)
		return dashes;
	if (str_after(s, "__"))
		return 2;
	return *s == '.' || *s == '_';
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*, components joined by "/" */
static bool is_repository(const char *s)
{
	for (;;) {
		if (!is_lower_or_digit(*s))
			return false;
		while (is_lower_or_digit(*s))
			s++;
		if (*s == '\0')
			return true;
		s += *s == '/' ? 1 : separator_len(s);
	}
}

/* [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
static bool is_tag(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++) {
		char c = s[n];

		if (!isalnum((unsigned char)c) && c != '_' &&
		    (n == 0 || (c != '.' && c != '-')))
			return false;
	}
	return n > 0 && n <= TAG_CHARS_MAX;
}

/* NAME, ADDRESS or [ADDRESS], and perhaps a port. */
static bool is_host(const char *s)
{
	bool bracket = *s == '[';
	size_t n = bracket ? strspn(s + 1, "0123456789abcdef:.")
			   : strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
				       ".-");
	const char *end = bracket ? s + 1 + n : s + n;
	uint64_t port;

	if (n == 0 || (bracket && *end++ != ']') || *s == '-' || *s == '.')
		return false;
	if (*end == '\0')
		return true;
	return *end == ':' && isdigit((unsigned char)end[1]) &&
	       str_to_u64(end + 1, PORT_MAX, &port) == 0 && port > 0;
}

static int take_digest(char *text, const char *label, struct docker_name *name,
		       struct failure *failure)
{
	char *at = strrchr(text, '@');
	struct digest digest;
	char hex[DIGEST_TEXT_MAX];

	/* What follows the "@" of a user name has a "/". */
	if (at && !strchr(at, '/')) {
		if (digest_parse(at + 1, &digest) < 0 ||
		    digest.algorithm != DIGEST_SHA256)
			return failure_set(failure, EINVAL,
					   "%s: behind \"@\" goes a digest, "
					   "sha256: and 64 lower case digits",
					   label);
		str_copy(name->sha256, sizeof(name->sha256),
			 digest_hex(&digest, hex));
		*at = '\0';
	}
	if (strchr(text, '@'))
		return failure_set(failure, EINVAL,
				   "%s: a user name and password do not go "
				   "into a reference, which others can see; "
				   "\"skopeo login\" or \"docker login\" put "
				   "them into a file that is read",
				   label);
	return 0;
}

static void take_host(char **text, struct docker_name *name)
{
	char *slash = strchr(*text, '/');

	str_copy(name->host, sizeof(name->host), HUB_HOST);
	if (!slash)
		return;
	*slash = '\0';
	if (!strpbrk(*text, ".:") && !str_eq(*text, "localhost")) {
		*slash = '/';
		return;
	}
	if (!str_copy(name->host, sizeof(name->host), *text))
		name->host[0] = '\0'; /* none has such a name */
	for (char *c = name->host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (str_eq(name->host, "docker.io") ||
	    str_eq(name->host, "index.docker.io"))
		str_copy(name->host, sizeof(name->host), HUB_HOST);
	*text = slash + 1;
}

static int take_repository(char *text, const char *label,
			   struct docker_name *name, struct failure *failure)
{
	struct text repository =
		text_over(name->repository, sizeof(name->repository));
	char *slash = strrchr(text, '/');
	char *colon = strchr(slash ? slash : text, ':');

	if (colon) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return failure_set(failure, EINVAL,
					   "%s: \"%s\" is no tag: letters, "
					   "digits, \"_\", \".\" and \"-\", %d "
					   "at most",
					   label, colon + 1, TAG_CHARS_MAX);
		str_copy(name->tag, sizeof(name->tag), colon + 1);
	}
	if (!is_repository(text))
		return failure_set(failure, EINVAL,
				   "%s: \"%s\" is no repository: lower case "
				   "letters and digits, joined by \".\", "
				   "\"_\", \"-\" and \"/\"",
				   label, text);
	if (!slash && str_eq(name->host, HUB_HOST))
		text_put(&repository, HUB_OFFICIAL);
	text_put(&repository, text);
	if (repository.cut)
		return failure_set(failure, EINVAL,
				   "%s: the repository is longer than %zu "
				   "bytes",
				   label, sizeof(name->repository) - 1);
	return 0;
}

int docker_name_parse(const char *text, const char *label,
		      struct docker_name *ret_name, struct failure *failure)
{
	struct docker_name name = { 0 };
	char copy[CONTROL_REF_MAX];
	char *rest = copy;
	int r;

	if (!str_copy(copy, sizeof(copy), text))
		return failure_set(failure, EINVAL, "%s: too long", label);
	r = take_digest(copy, label, &name, failure);
	if (r < 0)
		return r;
	take_host(&rest, &name);
	if (!is_host(name.host))
		return failure_set(failure, EINVAL,
				   "%s: \"%s\" is no host name or address, "
				   "with or without a port",
				   label, name.host);
	r = take_repository(rest, label, &name, failure);
	if (r == 0)
		*ret_name = name;
	return r;
}

bool reference_same_image(const char *a, const char *b)
{
	struct docker_name names[2];
	const char *tags[2];

	if (docker_name_parse(a, a, &names[0], NULL) < 0 ||
	    docker_name_parse(b, b, &names[1], NULL) < 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		tags[i] = names[i].tag[0] ? names[i].tag : "latest";
	return str_eq(names[0].host, names[1].host) &&
	       str_eq(names[0].repository, names[1].repository) &&
	       str_eq(tags[0], tags[1]);
}
