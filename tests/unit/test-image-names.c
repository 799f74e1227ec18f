/* SPDX-License-Identifier: MIT */
/* References, and names of archive entries. */
#include <errno.h>

#include "base/text.h"
#include "image/name.h"
#include "image/reference.h"
#include "tap.h"

static const struct {
	const char *text;
	int kind; /* -1: refused */
	const char *target;
	const char *name;
} references[] = {
	{ "http://host/a.tar", REFERENCE_HTTP, "http://host/a.tar",
	  "http://host/a.tar" },
	{ "HTTPS://host:8443/a?b=c", REFERENCE_HTTP, "HTTPS://host:8443/a?b=c",
	  "HTTPS://host:8443/a?b=c" },
	{ "http://me:secret@host/a", REFERENCE_HTTP, "http://me:secret@host/a",
	  "http://host/a" },
	{ "http://host/a@b", REFERENCE_HTTP, "http://host/a@b",
	  "http://host/a@b" },
	{ "http://host/a#part", REFERENCE_HTTP, "http://host/a",
	  "http://host/a" },
	{ "http://[::1]:80/a", REFERENCE_HTTP, "http://[::1]:80/a",
	  "http://[::1]:80/a" },
	{ "http:///a", -1, NULL, NULL },
	{ "http://", -1, NULL, NULL },
	{ "http://me@/a", -1, NULL, NULL },
	{ "http://:80/a", -1, NULL, NULL },
	{ "http://host/a b", -1, NULL, NULL },
	{ "http://host/a\tb", -1, NULL, NULL },
	{ "file:///a/b%20c%2Fd", REFERENCE_FILE, "/a/b c/d", "/a/b c/d" },
	{ "file://localhost/a", REFERENCE_FILE, "/a", "/a" },
	{ "file://host/a", -1, NULL, NULL },
	{ "file:///a%", -1, NULL, NULL },
	{ "file:///a%0", -1, NULL, NULL },
	{ "file:///a%00b", -1, NULL, NULL },
	{ "file:///a%zz", -1, NULL, NULL },
	{ "ftp://host/a", -1, NULL, NULL },
	{ "docker://host/a", -1, NULL, NULL },
	{ "/a/b", REFERENCE_FILE, "/a/b", "/a/b" },
	{ "a:b", REFERENCE_FILE, "a:b", "a:b" },
	{ "/a\tb", REFERENCE_FILE, "/a\tb", "/a?b" },
	{ "-", REFERENCE_STDIN, "-", "standard input" },
	{ "", -1, NULL, NULL },
};

static void test_references(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		struct failure failure = { 0 };
		struct reference reference;
		int r = reference_parse(references[i].text, &reference,
					&failure);

		if (references[i].kind < 0) {
			ok(r == -EINVAL && failure.text[0], references[i].text);
			continue;
		}
		ok_int(r < 0 ? r : (int)reference.kind, references[i].kind,
		       references[i].text);
		ok_str(reference.target, references[i].target, "its target");
		ok_str(reference.name, references[i].name, "its name");
	}
}

static void test_long_references(void)
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
}

static const struct {
	const char *name;
	enum name_verdict verdict;
	const char *clean;
} names[] = {
	{ "a", NAME_GOOD, "a" },
	{ "a/b", NAME_GOOD, "a/b" },
	{ "./a/b/", NAME_GOOD, "a/b" },
	{ "/etc/passwd", NAME_GOOD, "etc/passwd" },
	{ "//.//./a", NAME_GOOD, "a" },
	{ "a/.", NAME_GOOD, "a" },
	{ "a/./b//c", NAME_GOOD, "a/./b//c" },
	{ ".", NAME_GOOD, "." },
	{ "./", NAME_GOOD, "." },
	{ "/", NAME_GOOD, "." },
	{ "...", NAME_GOOD, "..." },
	{ "a..", NAME_GOOD, "a.." },
	{ "..a/b", NAME_GOOD, "..a/b" },
	{ "", NAME_EMPTY, NULL },
	{ "..", NAME_OUTSIDE, NULL },
	{ "../x", NAME_OUTSIDE, NULL },
	{ "/../x", NAME_OUTSIDE, NULL },
	{ "a/..", NAME_OUTSIDE, NULL },
	{ "a/../b", NAME_OUTSIDE, NULL },
	{ "a/../", NAME_OUTSIDE, NULL },
};

static void test_names(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char buf[64];
		const char *clean = NULL;

		str_copy(buf, sizeof(buf), names[i].name);
		ok_int(name_clean(buf, &clean), names[i].verdict,
		       names[i].name);
		ok_str(clean, names[i].clean, "cleaned");
	}
}

static void test_long_names(void)
{
	static char name[8192];
	const char *clean = NULL;

	memset(name, 'a', 256);
	ok_int(name_clean(name, &clean), NAME_TOO_LONG,
	       "a component of 256 bytes is too long");
	name[255] = '\0';
	ok_int(name_clean(name, &clean), NAME_GOOD, "one of 255 is not");
	for (size_t i = 0; i < 4096; i += 2)
		memcpy(name + i, "a/", 2);
	name[4097] = '\0';
	name[4096] = 'a';
	ok_int(name_clean(name, &clean), NAME_TOO_LONG,
	       "a name of 4097 bytes is too long");
	name[4095] = '\0';
	ok_int(name_clean(name, &clean), NAME_GOOD, "one of 4095 is not");
}

int main(void)
{
	test_references();
	test_long_references();
	test_names();
	test_long_names();
	return tap_done();
}
