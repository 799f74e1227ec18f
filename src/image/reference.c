/* SPDX-License-Identifier: MIT */
/*
 * A table of what a reference may begin with. The fragment is cut off first,
 * so that the parsers of the forms see a text without it.
 */
#include "image/reference.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/text.h"
#include "image/digest.h"
#include "image/reference-docker.h"

#define SHA256_MARK "#sha256:"
#define KNOWN_FORMS                                                           \
	"http://, https://, file://, docker://, oci:PATH, oci-archive:FILE, " \
	"docker-archive:FILE or a path"

/* Where a text is read: all of it, and what is behind the form's prefix. */
struct typed {
	const char *text;
	const char *rest;
};

struct form {
	const char *prefix; /* of either case; "": any text */
	enum reference_kind kind;
	bool is_url; /* "#" always begins a fragment */
	int (*parse)(const struct typed *typed, struct reference *ret,
		     struct failure *failure);
};

static const char *after_scheme(const char *text, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(text, scheme, n) == 0 ? text + n : NULL;
}

/* Keeps both ends: the host and the file's name say most. */
static void shorten(struct reference *ret, const struct typed *typed,
		    const char *tail)
{
	struct text text = text_over(ret->name, sizeof(ret->name));
	size_t head_len = (size_t)(typed->rest - typed->text);
	size_t tail_len = strlen(tail);
	size_t room = sizeof(ret->name) - 1 - head_len;

	text_add(&text, "%.*s", (int)head_len, typed->text);
	if (tail_len <= room)
		text_add(&text, "%s", tail);
	else
		text_add(&text, "%.*s...%s", (int)(room / 2 - 3), tail,
			 tail + tail_len - room / 2);
	str_make_printable(ret->name);
}

/* --- URLs --- */

static int parse_http(const struct typed *typed, struct reference *ret,
		      struct failure *failure)
{
	size_t authority_len = strcspn(typed->rest, "/?");
	const char *host = memrchr(typed->rest, '@', authority_len);

	host = host ? host + 1 : typed->rest;
	shorten(ret, typed, host);
	if (host == typed->rest + authority_len || *host == ':')
		return failure_set(failure, EINVAL, "%s: no host in this URL",
				   ret->name);
	for (const char *at = typed->text; *at; at++)
		if (iscntrl((unsigned char)*at) || *at == ' ')
			return failure_set(
				failure, EINVAL,
				"%s: a URL has no white space or control "
				"characters; write them as %%20 and so on",
				ret->name);
	str_copy(ret->target, sizeof(ret->target), typed->text);
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path of a file URL, its %XX decoded (RFC 3986 section 2.1). */
static int decode_path(const char *encoded, char *ret_path)
{
	size_t n = 0;

	for (const char *at = encoded; *at; at++) {
		int high, low;

		if (*at != '%') {
			ret_path[n++] = *at;
			continue;
		}
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0 || high * 16 + low == 0)
			return -EINVAL;
		ret_path[n++] = (char)(high * 16 + low);
		at += 2;
	}
	ret_path[n] = '\0';
	return 0;
}

static void name_path(struct reference *ret)
{
	const char *no_scheme = "";
	const struct typed whole = { no_scheme, no_scheme };

	shorten(ret, &whole, ret->target);
}

static int parse_file(const struct typed *typed, struct reference *ret,
		      struct failure *failure)
{
	const char *path = after_scheme(typed->rest, "localhost");

	if (!path)
		path = typed->rest;
	if (*path != '/' || decode_path(path, ret->target) < 0)
		return failure_set(failure, EINVAL,
				   "%s: a file URL is file:///path, with "
				   "%%XX for special characters",
				   typed->text);
	name_path(ret);
	return 0;
}

/* --- registries --- */

/* Where the name begins that may be shown: behind a user name and password. */
static const char *behind_user(const char *text)
{
	const char *start = text;

	for (const char *at = text; (at = strchr(at, '@')); at++)
		if (!str_after(at, "@sha256:") || strchr(at, '/'))
			start = at + 1;
	return start;
}

static int parse_docker_by(const char *scheme, const struct typed *typed,
			   struct reference *ret, struct failure *failure)
{
	struct text target = text_over(ret->target, sizeof(ret->target));
	struct docker_name name;
	int r;

	shorten(ret, typed, behind_user(typed->rest));
	r = docker_name_parse(typed->rest, ret->name, &name, failure);
	if (r < 0)
		return r;
	if (name.sha256[0] && ret->sha256[0] &&
	    !str_eq(name.sha256, ret->sha256))
		return failure_set(failure, EINVAL,
				   "%s: \"@\" and \"#\" give two digests",
				   ret->name);
	text_add(&target, "%s%s", scheme, name.host);
	str_copy(ret->repository, sizeof(ret->repository), name.repository);
	if (name.sha256[0])
		str_copy(ret->sha256, sizeof(ret->sha256), name.sha256);
	if (!name.tag[0] && !ret->sha256[0])
		str_copy(name.tag, sizeof(name.tag), "latest");
	str_copy(ret->tag, sizeof(ret->tag), name.tag);
	return 0;
}

static int parse_docker(const struct typed *typed, struct reference *ret,
			struct failure *failure)
{
	return parse_docker_by("https://", typed, ret, failure);
}

static int parse_docker_plain(const struct typed *typed, struct reference *ret,
			      struct failure *failure)
{
	/* Docker's own registry, which is meant without a host, has no plain
	 * HTTP. */
	if (!strchr(typed->rest, '/')) {
		shorten(ret, typed, behind_user(typed->rest));
		return failure_set(failure, EINVAL,
				   "%s: the host or the image is missing; "
				   "write docker+http://HOST/NAME",
				   ret->name);
	}
	return parse_docker_by("http://", typed, ret, failure);
}

/* --- layouts and archives --- */

/* PATH[:REST]; a path with a colon cannot be named, as in
 * containers-transports(5). */
static int split_path(const struct typed *typed, struct reference *ret,
		      struct failure *failure)
{
	size_t path_len = strcspn(typed->rest, ":");
	const char *tag = typed->rest + path_len;

	shorten(ret, typed, typed->rest);
	if (path_len == 0)
		return failure_set(failure, EINVAL, "%s: the path is missing",
				   ret->name);
	str_copy(ret->target, sizeof(ret->target), typed->rest);
	ret->target[path_len] = '\0';
	if (*tag == '\0')
		return 0;
	if (tag[1] == '\0')
		return failure_set(failure, EINVAL,
				   "%s: nothing is behind the last \":\"",
				   ret->name);
	if (tag[1] == '@')
		return failure_set(failure, EINVAL,
				   "%s: \"@\" and a number do not choose an "
				   "image here; use its name",
				   ret->name);
	if (!str_copy(ret->tag, sizeof(ret->tag), tag + 1))
		return failure_set(failure, EINVAL,
				   "%s: the name of the image is longer than "
				   "%zu bytes",
				   ret->name, sizeof(ret->tag) - 1);
	return 0;
}

/* The characters of org.opencontainers.image.ref.name (OCI image-spec,
 * annotations.md). */
static int parse_layout(const struct typed *typed, struct reference *ret,
			struct failure *failure)
{
	int r;

	if (str_after(typed->rest, "//"))
		return failure_set(failure, EINVAL,
				   "%s: a registry is docker://, a directory "
				   "is oci:PATH",
				   typed->text);
	r = split_path(typed, ret, failure);
	if (r < 0)
		return r;
	for (const char *c = ret->tag; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._:@+/", *c))
			return failure_set(failure, EINVAL,
					   "%s: \"%s\" is no tag", ret->name,
					   ret->tag);
	return 0;
}

static int parse_docker_archive(const struct typed *typed,
				struct reference *ret, struct failure *failure)
{
	struct docker_name name;
	int r = split_path(typed, ret, failure);

	return r < 0 || !ret->tag[0]
		       ? r
		       : docker_name_parse(ret->tag, ret->name, &name, failure);
}

/* --- the rest --- */

static int parse_stdin(const struct typed *typed, struct reference *ret,
		       struct failure *failure _unused)
{
	str_copy(ret->target, sizeof(ret->target), typed->text);
	str_copy(ret->name, sizeof(ret->name), "standard input");
	return 0;
}

/* "word://": letters, digits, "+", "-", "." (RFC 3986 section 3.1). */
static bool has_scheme(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return n > 0 && str_after(text + n, "://");
}

static int parse_path(const struct typed *typed, struct reference *ret,
		      struct failure *failure)
{
	if (has_scheme(typed->text))
		return failure_set(
			failure, EINVAL,
			"%s: this scheme is not known; use " KNOWN_FORMS,
			typed->text);
	str_copy(ret->target, sizeof(ret->target), typed->text);
	name_path(ret);
	return 0;
}

static int refuse_daemon(const struct typed *typed,
			 struct reference *ret _unused, struct failure *failure)
{
	return failure_set(failure, EINVAL,
			   "%s: images inside a daemon or its storage are not "
			   "read; save it with \"docker save\" or \"podman "
			   "save\" and use docker-archive:FILE",
			   typed->text);
}

static int refuse_docker(const struct typed *typed,
			 struct reference *ret _unused, struct failure *failure)
{
	return failure_set(failure, EINVAL, "%s: write docker://%s",
			   typed->text, typed->rest);
}

static const struct form forms[] = {
	{ "http://", REFERENCE_HTTP, true, parse_http },
	{ "https://", REFERENCE_HTTP, true, parse_http },
	{ "file://", REFERENCE_FILE, true, parse_file },
	{ "docker://", REFERENCE_DOCKER, true, parse_docker },
	{ "docker+http://", REFERENCE_DOCKER, true, parse_docker_plain },
	{ "docker:", REFERENCE_DOCKER, false, refuse_docker },
	{ "docker-daemon:", REFERENCE_DOCKER, false, refuse_daemon },
	{ "containers-storage:", REFERENCE_DOCKER, false, refuse_daemon },
	{ "oci:", REFERENCE_OCI, false, parse_layout },
	{ "oci-archive:", REFERENCE_OCI_ARCHIVE, false, parse_layout },
	{ "docker-archive:", REFERENCE_DOCKER_ARCHIVE, false,
	  parse_docker_archive },
	{ "", REFERENCE_FILE, false, parse_path },
};
static const struct form stdin_form = { "", REFERENCE_STDIN, false,
					parse_stdin };

static const struct form *form_of(const char *text)
{
	const struct form *form = forms;

	if (str_eq(text, "-"))
		return &stdin_form;
	while (!after_scheme(text, form->prefix))
		form++;
	return form;
}

/* --- the fragment --- */

/* "#sha256:" and all its digits at the very end, or NULL. */
static char *path_fragment(char *text)
{
	size_t len = strlen(text), want = sizeof(SHA256_MARK) - 1 + 64;
	struct digest digest;
	char *mark = len < want ? NULL : text + len - want;

	if (!mark || !str_after(mark, SHA256_MARK) ||
	    digest_parse_sha256(mark + sizeof(SHA256_MARK) - 1, &digest) < 0)
		return NULL;
	return mark;
}

/* Cuts it off and takes the digest from it. */
static int take_fragment(char *text, struct reference *ret,
			 struct failure *failure)
{
	bool is_url = form_of(text)->is_url;
	char *mark = is_url ? strchr(text, '#') : path_fragment(text);
	struct digest digest;
	char hex[DIGEST_TEXT_MAX];

	if (!mark)
		return 0;
	*mark = '\0';
	/* A wrong one must not pass for one about something else. */
	if (strncasecmp(mark + 1, "sha", 3) != 0)
		return 0;
	if (!str_after(mark + 1, &SHA256_MARK[1]) ||
	    digest_parse_sha256(mark + sizeof(SHA256_MARK) - 1, &digest) < 0)
		return failure_set(
			failure, EINVAL,
			"#%s: a digest behind an image is " SHA256_MARK
			" and 64 hexadecimal digits",
			mark + 1);
	str_copy(ret->sha256, sizeof(ret->sha256), digest_hex(&digest, hex));
	return 0;
}

/* --- all of it --- */

int reference_parse(const char *text, struct reference *ret_reference,
		    struct failure *failure)
{
	struct reference reference = { 0 };
	char copy[CONTROL_REF_MAX];
	const struct form *form;
	struct typed typed;
	int r;

	if (!str_copy(copy, sizeof(copy), text))
		return failure_set(failure, EINVAL,
				   "the image reference is longer than %zu "
				   "bytes",
				   sizeof(copy) - 1);
	r = take_fragment(copy, &reference, failure);
	if (r < 0)
		return r;
	if (copy[0] == '\0')
		return failure_set(failure, EINVAL,
				   "the image reference is empty");
	form = form_of(copy);
	typed = (struct typed){ copy, after_scheme(copy, form->prefix) };
	reference.kind = form->kind;
	r = form->parse(&typed, &reference, failure);
	if (r == 0)
		*ret_reference = reference;
	return r;
}

bool reference_has_layers(const struct reference *reference)
{
	switch (reference->kind) {
	case REFERENCE_DOCKER:
	case REFERENCE_OCI:
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
		return true;
	case REFERENCE_HTTP:
	case REFERENCE_FILE:
	case REFERENCE_STDIN:
		break;
	}
	return false;
}

const char *reference_without_user(const char *text,
				   char buf[static CONTROL_REF_MAX])
{
	const char *host = strstr(text, "://"), *at;
	struct text out = text_over(buf, CONTROL_REF_MAX);

	host = host ? host + 3 : text;
	at = host + strcspn(host, "/?#");
	while (at > host && at[-1] != '@')
		at--;
	/* A tag may hold no '@'; a digest behind one has no "://" before. */
	if (host == text)
		at = host;
	text_add(&out, "%.*s%s", (int)(host - text), text, at);
	return buf;
}
