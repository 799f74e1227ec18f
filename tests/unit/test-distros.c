/* SPDX-License-Identifier: MIT */
#include "iso/distros.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/whole-file.h"
#include "tap.h"

#define TABLE "[table]\ndate = 2026-11-21\n"
#define KEY                                                        \
	"[key a]\n"                                                \
	"fingerprint = 0123456789ABCDEF0123456789ABCDEF01234567\n" \
	"data = YWJj\n"                                            \
	"data = ZA==\n"
#define ROW	"[x]\ntitle = X\nurl = https://h/d/x.iso\n"
#define CHECKED ROW "checksums = SHA256SUMS\n"
#define HEX64                              \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

static struct distros distros;
static struct failure failure;

static int parse(const char *text)
{
	distros_clear(&distros);
	failure = (struct failure){ 0 };
	return distros_parse(text, strlen(text), "t", &distros, &failure);
}

static void test_whole(void)
{
	const struct distro *d;
	int r = parse("\xef\xbb\xbf# all of it\n" TABLE KEY "[de.b-1]\n"
		      "; a comment\n"
		      "title = De {version}\n"
		      "version = 1.2\r\n"
		      "url = http://h/{version}/{version}.iso\n"
		      "mirror = https://m/{version}.iso?x\n"
		      "mirror = https://n/{version}.iso\n"
		      "checksums = S{version}\n"
		      "signature = https://h/sig\n"
		      "keys = a, a\n"
		      "medium = live-boot\n"
		      "entry = Live; # no comment\n"
		      "append = quiet {version}\n");

	ok_int(r, 0, "a table with all keys");
	ok_str(failure.text, "", "without a complaint");
	if (r < 0)
		return;
	d = distros.list;
	ok_int((int)distros.count, 1, "one row");
	ok_str(distros.date, "2026-11-21", "date");
	ok_str(d->name, "de.b-1", "name");
	ok_str(d->title, "De 1.2", "title with its version");
	ok_int((int)d->url_count, 3, "url and mirrors");
	ok_str(d->urls[0], "http://h/1.2/1.2.iso", "url");
	ok_str(d->urls[2], "https://n/1.2.iso", "mirror");
	ok_str(d->checksums, "S1.2", "checksums");
	ok_str(d->signature, "https://h/sig", "signature");
	ok(!d->signs_iso, "of the checksums");
	ok_int((int)d->keys_len, 8, "certificates of both keys");
	ok(d->keys && memcmp(d->keys, "abcdabcd", 8) == 0, "decoded");
	ok_str(d->fingerprints,
	       "0123456789ABCDEF0123456789ABCDEF01234567 "
	       "0123456789ABCDEF0123456789ABCDEF01234567",
	       "fingerprints");
	ok_int(d->medium, MEDIUM_LIVE_BOOT, "medium");
	ok_str(d->entry, "Live; # no comment", "entry, all of the line");
	ok_str(d->append, "quiet 1.2", "append");
}

static void test_few(void)
{
	ok_int(parse(TABLE CHECKED), 0, "the least");
	ok(distros.count == 1 && !distros.list->signature &&
		   !distros.list->keys && !distros.list->append &&
		   distros.list->medium == MEDIUM_UNKNOWN,
	   "what is not said is empty");
	ok_int(parse(TABLE ROW "sha256 = " HEX64 "\n"), 0, "a sha256");
	ok_str(distros.list->sha256, HEX64, "as it is");
	ok_int(parse(TABLE ROW "check = none\n"), 0, "nothing to check by");
	ok_int(parse(TABLE CHECKED KEY "signature = inline\n"), -EBADMSG,
	       "a key behind its section's end");
	ok_int(parse(TABLE CHECKED "signature = inline\nkeys = a\n" KEY), 0,
	       "a clear-signed list; keys may stand behind the row");
	ok_str(distros.list->signature, "", "is an empty signature");
	ok_int(parse(TABLE ROW "signature = x.sig\nsigns = iso\n"
			       "keys = a\n" KEY),
	       0, "a signature of the ISO alone");
	ok(distros.list->signs_iso, "is of the ISO");
}

/* What is wrong is said with the line in which it stands. */
static void test_wrong(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "t: no [table]: this is no table of distributions" },
		{ TABLE, "t: lists nothing" },
		{ "[table]\ndate = 2026-1-21\n" CHECKED, "t:1: [table] has" },
		{ "[table]\ndate = 2026-11-21\nx = y\n", "t:1: [table] has" },
		{ "date = 2026-11-21\n", "t:1: a key before" },
		{ TABLE "[x]\n", "t:3: [x] has no keys" },
		{ TABLE "[x]\n[y]\n", "t:3: [x] has no keys" },
		{ TABLE CHECKED CHECKED, "t:7: [x] begins in line 3 already" },
		{ TABLE "[X]\ntitle = x\n", "t:3: [X] is no name" },
		{ TABLE "[x", "t:3: a heading is" },
		{ TABLE "[x] y\n", "t:3: something stands behind" },
		{ TABLE "[" HEX64 "]\n", "t:3: the name is too long" },
		{ TABLE CHECKED "tilte = y\n",
		  "t:7: tilte \"y\" is a key that nobody knows" },
		{ TABLE CHECKED "title = y\n", "t:7: title \"y\" is said" },
		{ TABLE CHECKED "append =\n", "t:7: append has no value" },
		{ TABLE CHECKED "append\n", "t:7: neither [section]" },
		{ TABLE CHECKED "append = \x1b[31m\n", "t:7: append is no" },
		{ TABLE CHECKED "append = {x}\n", "t:7: append \"{x}\" has" },
		{ TABLE CHECKED "append = {version}\n", "t:7: append \"{ver" },
		{ TABLE CHECKED "version = {version}\n", "t:7: version \"{" },
		{ TABLE "[x]\nurl = ftp://h/x\n", "t:4: url \"ftp://h/x\" is" },
		{ TABLE "[x]\nurl = https:///x\n", "t:4: url \"https:///x\"" },
		{ TABLE "[x]\nmirror = https://h/x\n", "t:4: mirror" },
		{ TABLE "[x]\ntitle = X\nchecksums = S\n",
		  "t:3: [x] has no url" },
		{ TABLE "[x]\nurl = https://h/x\nchecksums = S\n",
		  "t:3: [x] has no title" },
		{ TABLE ROW, "t:3: [x] has nothing that it could be checked" },
		{ TABLE CHECKED "check = none\n", "t:3: [x] says check" },
		{ TABLE CHECKED "check = md5\n", "t:7: check \"md5\" is not" },
		{ TABLE ROW "checksums = ../S\n",
		  "t:6: checksums \"../S\" is" },
		{ TABLE ROW "checksums = file:///S\n",
		  "t:6: checksums \"file" },
		{ TABLE CHECKED "signature = inline\n", "t:3: [x] has a sig" },
		{ TABLE KEY CHECKED "keys = a\n", "t:7: [x] has a signature" },
		{ TABLE CHECKED "keys = b\n", "t:7: keys \"b\" names a [key" },
		{ TABLE KEY ROW "keys = a\nsignature = inline\n",
		  "t:7: [x] has a signature of checksums, and no" },
		{ TABLE KEY CHECKED
		  "keys = a\nsignature = inline\nsigns = iso\n",
		  "t:7: [x] has no signature of the ISO" },
		{ TABLE CHECKED "signs = me\n", "t:7: signs \"me\" is" },
		{ TABLE ROW "sha256 = 12\n",
		  "t:6: sha256 \"12\" is no sha256" },
		{ TABLE CHECKED "medium = cd\n", "t:7: medium \"cd\" is no" },
		{ TABLE CHECKED "medium = unknown\n", "t:7: medium" },
		{ TABLE "[key a]\ndata = YWJj\n", "t:3: [key a] has no fing" },
		{ TABLE "[key a]\nfingerprint = 12\n", "t:4: fingerprint" },
		{ TABLE KEY "data = Y\n", "t:7: data \"Y\" is no base64" },
		{ TABLE KEY "data = Y===\n", "t:7: data \"Y===\" is no" },
		{ TABLE KEY "data = YW?=\n", "t:7: data \"YW?=\" is no" },
		{ TABLE KEY "title = x\n", "t:7: title \"x\" does not belong" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok_int(parse(cases[i].text), -EBADMSG, cases[i].says);
		if (!ok(str_after(failure.text, cases[i].says) != NULL,
			"and says so"))
			printf("# says \"%s\"\n", failure.text);
	}
}

static void test_limits(void)
{
	static char text[64 * 1024];
	struct text t = text_over(text, sizeof(text));

	text_add(&t, TABLE CHECKED "append = %0*d\n", 5000, 0);
	ok_int(parse(text), -EBADMSG, "too long a line");
	ok_str(failure.text, "t:7: the line is too long", "says so");
	t = text_over(text, sizeof(text));
	text_add(&t, TABLE CHECKED);
	for (int i = 1; i < DISTRO_MIRRORS_MAX; i++)
		text_add(&t, "mirror = https://m/%d\n", i);
	ok_int(parse(text), 0, "as many mirrors as there may be");
	text_add(&t, "mirror = https://m/\n");
	ok_int(parse(text), -EBADMSG, "one more");
	ok_int(distros_parse("[table]\0\n", 9, "t", &distros, &failure),
	       -EBADMSG, "a NUL");
}

static void test_find(void)
{
	const struct distro *found = NULL;

	ok_int(parse(TABLE CHECKED "[fedora]\ntitle = F\nurl = http://f/f\n"
				   "check = none\n"),
	       0, "two rows");
	ok_int(distros_find(&distros, "fedora", &found, &failure), 0, "found");
	ok_str(found ? found->title : NULL, "F", "the right one");
	ok_int(distros_find(&distros, "fedroa", &found, &failure), -ENOENT,
	       "a name mistyped");
	ok_str(failure.text,
	       "no distribution \"fedroa\"; did you mean \"fedora\"?",
	       "the nearest is named");
	ok_int(distros_find(&distros, "nothing", &found, &failure), -ENOENT,
	       "no such name");
	ok(strstr(failure.text, "boomerang distros"), "the list is named");
}

static void test_url(void)
{
	static const struct {
		const char *iso, *file, *is;
	} cases[] = {
		{ "https://h/a/b.iso", "SUMS", "https://h/a/SUMS" },
		{ "https://h/a/b.iso?c/d", "SUMS", "https://h/a/SUMS" },
		{ "https://h/a/b.iso", "http://g/S", "http://g/S" },
	};
	char url[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok_int(distro_url(cases[i].iso, cases[i].file, url,
				  sizeof(url)),
		       0, cases[i].is);
		ok_str(url, cases[i].is, "is the address");
	}
	ok_int(distro_url("https://h/a/b.iso", "S", url, 5), -ENOBUFS,
	       "too long");
}

static int checksum(const char *text, char *hex)
{
	*hex = '\0';
	return distro_checksum("https://h/a/b.iso", text, strlen(text), hex);
}

static void test_checksum(void)
{
	char hex[SHA256_HEX_MAX];

	ok_int(checksum(HEX64 "  b.iso\n" HEX64 "  c.iso\n", hex), 0, "a list");
	ok_str(hex, HEX64, "is read");
	ok_int(checksum("# c\nSHA256 (b.iso) = " HEX64 "\n", hex), 0,
	       "as BSD writes it");
	ok_int(checksum(HEX64 "  b-2026.iso\n", hex), 0,
	       "of the only one, which has another name");
	ok_str(hex, HEX64, "is read");
	ok_int(checksum(HEX64 "  c.iso\n" HEX64 "  d.iso\n", hex), -ENODATA,
	       "a list without it");
	ok_int(checksum("<html>\n", hex), -ENODATA, "no list");
	ok_int(checksum("", hex), -ENODATA, "nothing");
}

/* The one that is in the program. */
static void test_own(void)
{
	_cleanup_fd int fd = open("data/distros.ini", O_RDONLY | O_CLOEXEC);
	_cleanup_free char *text = NULL;
	const struct distro *found;
	size_t len;

	distros_clear(&distros);
	ok_int(whole_file_read(fd, DISTROS_SIZE_MAX, &text, &len), 0,
	       "data/distros.ini");
	failure.text[0] = '\0';
	ok_int(distros_parse(text, len, "distros.ini", &distros, &failure), 0,
	       "is a table");
	ok_str(failure.text, "", "without a complaint");
	ok(distros.count >= 16, "of many distributions");
	for (size_t i = 0; i < distros.count; i++) {
		const struct distro *d = &distros.list[i];

		ok(d->medium != MEDIUM_UNKNOWN, d->name);
		/* A checksum is worth what its way is worth. */
		ok(d->signature || !d->checksums ||
			   str_after(d->urls[0], "https://"),
		   "without a signature it comes over HTTPS");
	}
	ok_int(distros_find(&distros, "debian", &found, &failure), 0,
	       "Debian is in it");
}

int main(void)
{
	test_whole();
	test_few();
	test_wrong();
	test_limits();
	test_find();
	test_url();
	test_checksum();
	test_own();
	distros_clear(&distros);
	return tap_done();
}
