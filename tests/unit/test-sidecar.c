/* SPDX-License-Identifier: MIT */
/* Where the files beside an image are, and what they are called. */
#include <errno.h>

#include "base/text.h"
#include "image/sidecar.h"
#include "tap.h"

static const struct {
	const char *reference;
	const char *name; /* NULL: it has none */
	const char *minisig, *sums;
} cases[] = {
	{ "http://h/d/a.tar", "a.tar", "http://h/d/a.tar.minisig",
	  "http://h/d/SHA256SUMS" },
	{ "http://h/a?b=/c#d", "a", "http://h/a.minisig?b=/c",
	  "http://h/SHA256SUMS?b=/c" },
	{ "http://h/a%20b%2fc%zz%4", "a b/c%zz%4",
	  "http://h/a%20b%2fc%zz%4.minisig", "http://h/SHA256SUMS" },
	{ "https://u:p@h:1/a", "a", "https://u:p@h:1/a.minisig",
	  "https://u:p@h:1/SHA256SUMS" },
	{ "http://h/", NULL, NULL, NULL },
	{ "http://h", NULL, NULL, NULL },
	{ "http://h?a/b", NULL, NULL, NULL },
	{ "http://h/d/?a", NULL, NULL, NULL },
	{ "http://h/%00", NULL, NULL, NULL },
	{ "/d/a?b", "a?b", "/d/a?b.minisig", "/d/SHA256SUMS" },
	{ "a%20b", "a%20b", "a%20b.minisig", "SHA256SUMS" },
	{ "file:///d/a%20b", "a b", "/d/a b.minisig", "/d/SHA256SUMS" },
	{ "/d/", NULL, NULL, NULL },
	{ "oci-archive:/d/a.tar:tag", "a.tar", "/d/a.tar.minisig",
	  "/d/SHA256SUMS" },
};

static void test_places(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[SIDECAR_NAME_MAX], place[256];
		struct reference reference;
		int r = reference_parse(cases[i].reference, &reference, NULL);

		ok_int(r, 0, cases[i].reference);
		r = sidecar_file_name(&reference, name);
		ok_int(r, cases[i].name ? 0 : -ENODATA, "whether it is a file");
		if (r < 0)
			continue;
		ok_str(name, cases[i].name, "its name");
		ok_int(sidecar_place(&reference, SIDECAR_MINISIG, place,
				     sizeof(place)),
		       0, "its signature");
		ok_str(place, cases[i].minisig, "is there");
		ok_int(sidecar_place(&reference, SIDECAR_SHA256SUMS, place,
				     sizeof(place)),
		       0, "its directory's sums");
		ok_str(place, cases[i].sums, "are there");
		ok_int(sidecar_place(&reference, SIDECAR_MINISIG, place,
				     strlen(cases[i].minisig)),
		       -ENAMETOOLONG, "one byte too few is refused");
	}
}

static void test_names(void)
{
	char buf[SIDECAR_NAME_MAX + 16];

	ok_str(sidecar_name(SIDECAR_MINISIG, "a", buf), "a.minisig", "a name");
	ok_str(sidecar_name(SIDECAR_SHA256, "a", buf), "a.sha256", "a name");
	ok_str(sidecar_name(SIDECAR_SHA256SUMS, "a", buf), "SHA256SUMS",
	       "a name of its own");
}

int main(void)
{
	test_places();
	test_names();
	return tap_done();
}
