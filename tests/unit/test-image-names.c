/* SPDX-License-Identifier: MIT */
/* Names of archive entries. */
#include <errno.h>

#include "base/text.h"
#include "image/name.h"
#include "tap.h"

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

static const struct {
	const char *name;
	enum name_whiteout kind;
	const char *target;
} whiteouts[] = {
	{ "a", NAME_PLAIN, "" },
	{ "wh.a", NAME_PLAIN, "" },
	{ "a.wh.b", NAME_PLAIN, "" },
	{ ".wh", NAME_PLAIN, "" },
	{ ".wh.a/b", NAME_PLAIN, "" },
	{ ".", NAME_PLAIN, "" },
	{ ".wh.a", NAME_WHITEOUT, "a" },
	{ "d/.wh.a", NAME_WHITEOUT, "d/a" },
	{ "d//.wh....", NAME_WHITEOUT, "d//..." },
	{ ".wh..a", NAME_WHITEOUT, ".a" },
	{ ".wh..wh", NAME_WHITEOUT, ".wh" },
	{ ".wh..wh..opq", NAME_OPAQUE, "." },
	{ "d/e/.wh..wh..opq", NAME_OPAQUE, "d/e/." },
	{ ".wh..wh.plnk", NAME_METADATA, "" },
	{ ".wh..wh.plnk/1.2", NAME_METADATA, "" },
	{ "d/.wh..wh.orph/x", NAME_METADATA, "" },
	{ ".wh..wh..opq/x", NAME_METADATA, "" },
	{ ".wh.", NAME_BAD_WHITEOUT, "" },
	{ ".wh..", NAME_BAD_WHITEOUT, "" },
	{ "d/.wh...", NAME_BAD_WHITEOUT, "" },
};

static void test_whiteouts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(whiteouts); i++) {
		char target[PATH_MAX] = "";

		ok_int(name_whiteout(whiteouts[i].name, target),
		       whiteouts[i].kind, whiteouts[i].name);
		ok_str(target, whiteouts[i].target, "what it hides");
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
	test_names();
	test_whiteouts();
	test_long_names();
	return tap_done();
}
