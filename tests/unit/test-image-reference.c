/* SPDX-License-Identifier: MIT */
/* References: what a person types to name an image. */
#include <errno.h>

#include "base/text.h"
#include "image/reference.h"
#include "tap.h"

#define HEX   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define UPPER "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
#define HUB   "https://registry-1.docker.io"

static const struct {
	const char *text;
	enum reference_kind kind;
	const char *target;
	const char *name; /* NULL: as the text */
	const char *sha256;
	const char *repository;
	const char *tag;
} good[] = {
	{ "http://host/a.tar", REFERENCE_HTTP, "http://host/a.tar" },
	{ "HTTPS://host:8443/a?b=c", REFERENCE_HTTP,
	  "HTTPS://host:8443/a?b=c" },
	{ "http://me:secret@host/a", REFERENCE_HTTP, "http://me:secret@host/a",
	  "http://host/a" },
	{ "http://host/a@b", REFERENCE_HTTP, "http://host/a@b" },
	{ "http://host/a#part", REFERENCE_HTTP, "http://host/a",
	  "http://host/a" },
	{ "http://host/a#sha256:" HEX, REFERENCE_HTTP, "http://host/a",
	  "http://host/a", HEX },
	{ "http://host/a#sha256:" UPPER, REFERENCE_HTTP, "http://host/a",
	  "http://host/a", HEX },
	{ "http://[::1]:80/a", REFERENCE_HTTP, "http://[::1]:80/a" },
	{ "file:///a/b%20c%2Fd", REFERENCE_FILE, "/a/b c/d", "/a/b c/d" },
	{ "file://localhost/a", REFERENCE_FILE, "/a", "/a" },
	{ "file:///a%23#sha256:" HEX, REFERENCE_FILE, "/a#", "/a#", HEX },
	{ "file:///a#part", REFERENCE_FILE, "/a", "/a" },
	{ "/a/b", REFERENCE_FILE, "/a/b" },
	{ "a:b", REFERENCE_FILE, "a:b" },
	{ "/a\tb", REFERENCE_FILE, "/a\tb", "/a?b" },
	{ "a#b", REFERENCE_FILE, "a#b" },
	{ "a#sha256:" HEX, REFERENCE_FILE, "a", "a", HEX },
	{ "a#sha256:" HEX "0", REFERENCE_FILE, "a#sha256:" HEX "0" },
	{ "a#sha256:abc", REFERENCE_FILE, "a#sha256:abc" },
	{ "a#b#sha256:" HEX, REFERENCE_FILE, "a#b", "a#b", HEX },
	{ "./oci:a", REFERENCE_FILE, "./oci:a" },
	{ "-", REFERENCE_STDIN, "-", "standard input" },
	{ "-#sha256:" HEX, REFERENCE_STDIN, "-", "standard input", HEX },

	{ "docker://debian", REFERENCE_DOCKER, HUB, NULL, "", "library/debian",
	  "latest" },
	{ "docker://debian:12", REFERENCE_DOCKER, HUB, NULL, "",
	  "library/debian", "12" },
	{ "docker://a/b", REFERENCE_DOCKER, HUB, NULL, "", "a/b", "latest" },
	{ "docker://docker.io/debian", REFERENCE_DOCKER, HUB, NULL, "",
	  "library/debian", "latest" },
	{ "docker://index.docker.io/a/b", REFERENCE_DOCKER, HUB, NULL, "",
	  "a/b", "latest" },
	{ "docker://quay.io/debian", REFERENCE_DOCKER, "https://quay.io", NULL,
	  "", "debian", "latest" },
	{ "docker://Quay.IO/a/b/c:T_1.x-", REFERENCE_DOCKER, "https://quay.io",
	  NULL, "", "a/b/c", "T_1.x-" },
	{ "docker://localhost/a", REFERENCE_DOCKER, "https://localhost", NULL,
	  "", "a", "latest" },
	{ "docker+http://localhost:5000/a__b/c--d.e_f", REFERENCE_DOCKER,
	  "http://localhost:5000", NULL, "", "a__b/c--d.e_f", "latest" },
	{ "docker://[::1]:5000/a", REFERENCE_DOCKER, "https://[::1]:5000", NULL,
	  "", "a", "latest" },
	{ "docker://10.0.0.1/a", REFERENCE_DOCKER, "https://10.0.0.1", NULL, "",
	  "a", "latest" },
	{ "docker://a@sha256:" HEX, REFERENCE_DOCKER, HUB,
	  "docker://a@sha256:" HEX, HEX, "library/a", "" },
	{ "docker://h.x/a:1@sha256:" HEX, REFERENCE_DOCKER, "https://h.x", NULL,
	  HEX, "a", "1" },
	{ "docker://a#sha256:" HEX, REFERENCE_DOCKER, HUB, "docker://a", HEX,
	  "library/a", "" },
	{ "docker://a@sha256:" HEX "#sha256:" HEX, REFERENCE_DOCKER, HUB,
	  "docker://a@sha256:" HEX, HEX, "library/a", "" },

	{ "oci:/a/b", REFERENCE_OCI, "/a/b" },
	{ "oci:a:1.0", REFERENCE_OCI, "a", NULL, "", "", "1.0" },
	{ "oci:a:h.x:5000/b:1", REFERENCE_OCI, "a", NULL, "", "",
	  "h.x:5000/b:1" },
	{ "oci:a:1#sha256:" HEX, REFERENCE_OCI, "a", "oci:a:1", HEX, "", "1" },
	{ "oci-archive:a.tar", REFERENCE_OCI_ARCHIVE, "a.tar" },
	{ "oci-archive:/a.tar:x", REFERENCE_OCI_ARCHIVE, "/a.tar", NULL, "", "",
	  "x" },
	{ "docker-archive:a.tar", REFERENCE_DOCKER_ARCHIVE, "a.tar" },
	{ "docker-archive:a.tar:debian", REFERENCE_DOCKER_ARCHIVE, "a.tar",
	  NULL, "", "", "debian" },
	{ "docker-archive:a.tar:h:5000/b/debian:12#sha256:" HEX,
	  REFERENCE_DOCKER_ARCHIVE, "a.tar",
	  "docker-archive:a.tar:h:5000/b/debian:12", HEX, "",
	  "h:5000/b/debian:12" },
};

static const struct {
	const char *text;
	const char *word; /* of what is said */
} bad[] = {
	{ "", "empty" },
	{ "#sha256:" HEX, "empty" },
	{ "http:///a", "no host" },
	{ "http://", "no host" },
	{ "http://me@/a", "no host" },
	{ "http://:80/a", "no host" },
	{ "http://host/a b", "white space" },
	{ "http://host/a\tb", "white space" },
	{ "http://host/a#sha256:abc", "64 hexadecimal digits" },
	{ "http://host/a#sha256:" HEX "0", "64 hexadecimal digits" },
	{ "http://host/a#sha256", "64 hexadecimal digits" },
	{ "http://host/a#SHA256:" HEX, "64 hexadecimal digits" },
	{ "http://host/a#sha512:" HEX HEX, "64 hexadecimal digits" },
	{ "docker://a#sha256:abc", "64 hexadecimal digits" },
	{ "file:///a#sha256=" HEX, "64 hexadecimal digits" },
	{ "file://host/a", "file:///path" },
	{ "file:///a%", "file:///path" },
	{ "file:///a%0", "file:///path" },
	{ "file:///a%00b", "file:///path" },
	{ "file:///a%zz", "file:///path" },
	{ "ftp://host/a", "scheme is not known" },
	{ "oci://host/a", "docker://" },
	{ "docker:debian", "write docker://debian" },
	{ "docker-daemon:debian", "docker-archive" },
	{ "containers-storage:debian", "docker-archive" },

	{ "docker://", "no repository" },
	{ "docker:///a", "no repository" },
	{ "docker://h.x/", "no repository" },
	{ "docker://Debian", "lower case" },
	{ "docker://a//b", "no repository" },
	{ "docker://a/b/", "no repository" },
	{ "docker://a..b", "no repository" },
	{ "docker://a___b", "no repository" },
	{ "docker://-a", "no repository" },
	{ "docker://a-", "no repository" },
	{ "docker://a/../b", "no repository" },
	{ "docker://a b", "no repository" },
	{ "docker://a:", "no tag" },
	{ "docker://a:.b", "no tag" },
	{ "docker://a:b c", "no tag" },
	{ "docker://h.x:0/a", "no host" },
	{ "docker://h.x:65536/a", "no host" },
	{ "docker://h.x:/a", "no host" },
	{ "docker://h_x.y/a", "no host" },
	{ "docker://.x/a", "no host" },
	{ "docker://[::1/a", "no host" },
	{ "docker://[]:1/a", "no host" },
	{ "docker://[::1]x/a", "no host" },
	{ "docker+http://127.0.0.1:5000", "docker+http://HOST/NAME" },
	{ "docker://a@sha256:abc", "64 lower case digits" },
	{ "docker://a@sha256:" UPPER, "64 lower case digits" },
	{ "docker://a@sha512:" HEX HEX, "64 lower case digits" },
	{ "docker://a@" HEX, "64 lower case digits" },
	{ "docker://a@sha256:" HEX "#sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000",
	  "two digests" },

	{ "oci:", "path is missing" },
	{ "oci::1", "path is missing" },
	{ "oci:a:", "nothing is behind" },
	{ "oci:a:b c", "no tag" },
	{ "oci:a:@0", "use its name" },
	{ "docker-archive:a:@0", "use its name" },
	{ "docker-archive:a:B", "no repository" },
};

/* With a user name or password: refused, and it is not repeated. */
static const char *const secrets[] = {
	"docker://me:secret@h.x/a",
	"docker://me:secret@h.x/a:1@sha256:" HEX,
	"docker://secret@h.x/a",
	"docker://me:sec/secret@h.x/a",
	"docker://me:secret@h.x",
	"docker://me:secret@sha256:12/a",
	"docker+http://me:a@secret@h.x/a",
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *name = good[i].name ? good[i].name : good[i].text;
		struct failure failure = { 0 };
		struct reference is = { 0 };
		int r = reference_parse(good[i].text, &is, &failure);

		ok_int(r < 0 ? r : (int)is.kind, good[i].kind, good[i].text);
		ok_str(is.target, good[i].target, "its target");
		ok_str(is.name, name, "its name");
		ok_str(is.sha256, or_empty(good[i].sha256), "its digest");
		ok_str(is.repository, or_empty(good[i].repository),
		       "its repository");
		ok_str(is.tag, or_empty(good[i].tag), "its tag");
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure failure = { 0 };
		struct reference reference;
		int r = reference_parse(bad[i].text, &reference, &failure);

		if (!ok(r == -EINVAL && strstr(failure.text, bad[i].word),
			bad[i].text))
			printf("# %d: %s\n", r, failure.text);
	}
}

static void test_secrets(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct failure failure = { 0 };
		struct reference reference;
		int r = reference_parse(secrets[i], &reference, &failure);

		if (!ok(r == -EINVAL && failure.text[0] &&
				!strstr(failure.text, "secret"),
			secrets[i]))
			printf("# %d: %s\n", r, failure.text);
	}
}

static void test_long(void)
{
	char text[CONTROL_REF_MAX + 1];
	struct reference reference;

	memset(text, 'a', sizeof(text));
	text[CONTROL_REF_MAX] = '\0';
	ok_int(reference_parse(text, &reference, NULL), -EINVAL,
	       "a reference too long by one is refused");
	text[CONTROL_REF_MAX - 1] = '\0';
	memcpy(text, "http://u:p@host.example/", 24);
	memcpy(text + CONTROL_REF_MAX - 1 - 7, "end.tar", 7);
	ok_int(reference_parse(text, &reference, NULL), 0,
	       "one byte shorter it is not");
	ok(str_after(reference.name, "http://host.example/aaa") &&
		   strstr(reference.name, "...") &&
		   strcmp(reference.name + strlen(reference.name) - 7,
			  "end.tar") == 0,
	   "its name keeps both ends");
	ok_int((int64_t)strlen(reference.name), sizeof(reference.name) - 1,
	       "and fills what there is");
	memcpy(text, "docker://aaaaaaaaaaaaaaa", 24);
	text[24 + REFERENCE_REPO_MAX] = '\0';
	ok_int(reference_parse(text, &reference, NULL), -EINVAL,
	       "a repository that is too long is refused");
	text[9 + 300] = 'a';
	memcpy(text + 9 + 260, ".x/a", 5);
	ok_int(reference_parse(text, &reference, NULL), -EINVAL,
	       "as is a host");
	memcpy(text, "docker://a:aaaaaaaaaaaaa", 24);
	text[11 + 129] = '\0';
	ok_int(reference_parse(text, &reference, NULL), -EINVAL,
	       "a tag of 129 characters is");
	text[11 + 128] = '\0';
	memset(text + 11, 'a', 128);
	ok_int(reference_parse(text, &reference, NULL), 0, "of 128 it is not");
}

static void test_same_image(void)
{
	ok(reference_same_image("debian", "docker.io/library/debian:latest"),
	   "short and long names of one image are the same");
	ok(reference_same_image("h:5000/a/b:1", "h:5000/a/b:1"),
	   "as are equal");
	ok(!reference_same_image("debian:12", "debian"), "tags differ");
	ok(!reference_same_image("h.x/debian", "debian"), "hosts differ");
	ok(!reference_same_image("a", "b"), "repositories differ");
	ok(!reference_same_image("A", "A"), "an unlawful name is no image's");
}

static const struct {
	const char *typed, *plain;
} users[] = {
	{ "https://u:p@h/a.tar", "https://h/a.tar" },
	{ "http://u:p@q@h:80/a@b?c@d", "http://h:80/a@b?c@d" },
	{ "http://h/a@b", "http://h/a@b" },
	{ "http://h?a@b", "http://h?a@b" },
	{ "docker://u:p@h/a@sha256:0", "docker://h/a@sha256:0" },
	{ "oci:a@b/c@d", "oci:a@b/c@d" },
	{ "/a@b.tar", "/a@b.tar" },
};

static void test_without_user(void)
{
	char buf[CONTROL_REF_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		ok_str(reference_without_user(users[i].typed, buf),
		       users[i].plain, users[i].plain);
}

int main(void)
{
	test_without_user();
	test_good();
	test_bad();
	test_secrets();
	test_long();
	test_same_image();
	return tap_done();
}
