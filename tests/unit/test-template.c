/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "tap.h"
#include "wire/template.h"

/* All pieces as one text: calls as <NAME:value>. */
static const char *expand(const char *template, char *buf, size_t size)
{
	struct template_reader reader = template_over(template);
	struct text out = text_over(buf, size);
	struct template_piece piece;
	struct failure failure;
	char value[256];
	int r;

	while ((r = template_next(&reader, value, sizeof(value), &piece,
				  &failure)) > 0) {
		if (piece.kind == TEMPLATE_CALL)
			text_add(&out, "<%s:%s>", piece.function, piece.value);
		else
			text_add(&out, "%s", piece.value);
	}
	return r < 0 ? NULL : buf;
}

static void test_good(void)
{
	static const struct {
		const char *template, *want;
	} rows[] = {
		{ "", "" },
		{ "console=tty0  quiet ", "console=tty0  quiet " },
		{ "a={{URL \"http://h/x\"}} b", "a=<URL:http://h/x> b" },
		{ "{{ URL `http://h/\\x` }}", "<URL:http://h/\\x>" },
		{ "{{\tID\n\"k\" }}{{ID \"l\"}}", "<ID:k><ID:l>" },
		{ "a {{- URL \"x\" -}} b", "a<URL:x>b" },
		{ "a {{ URL \"x\" -}}\n b", "a <URL:x>b" },
		{ "a \t{{- URL \"x\" }} b", "a<URL:x> b" },
		{ "a {{- /* of \"}}\" */ -}} b", "ab" },
		{ "a{{/**/}}b", "ab" },
		{ "{{ \"{{\" }}x{{`}}`}}", "{{x}}" },
		{ "{{ URL \"\" }}", "<URL:>" },
		{ "{ {a} } }}", "{ {a} } }}" },
		{ "{{ \"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\" }}",
		  "\a\b\f\n\r\t\v\\\"" },
		{ "{{ \"\\x41\\101\\u00e9\\u20ac\\U0001f600\" }}",
		  "AA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "{{`a\r\nb`}}", "a\nb" },
	};
	char buf[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_str(expand(rows[i].template, buf, sizeof(buf)), rows[i].want,
		       "a template");
}

static void test_bad(void)
{
	static const struct {
		const char *template, *says;
	} rows[] = {
		{ "{{", "where a string" },
		{ "{{ URL", "where a string" },
		{ "{{ URL \"x\"", "without \"}}\"" },
		{ "{{ URL \"x }}", "closing \"" },
		{ "{{ URL `x }}", "closing `" },
		{ "{{ URL \"x\n\" }}", "closing \"" },
		{ "{{ URL \"\\q\" }}", "escape" },
		{ "{{ URL \"\\x4\" }}", "escape" },
		{ "{{ URL \"\\400\" }}", "escape" },
		{ "{{ URL \"\\ud800\" }}", "escape" },
		{ "{{ URL \"\\U00110000\" }}", "escape" },
		{ "{{ URL \"\\x00\" }}", "NUL" },
		{ "{{ URL .Name }}", "\".Name }}\" where a string" },
		{ "{{ URL \"a\" \"b\" }}", "\"\"b\" }}\" is more than" },
		{ "{{ \"a\" | URL }}", "\"| URL }}\" is more than" },
		{ "{{ URL (printf \"a\") }}", "\"(printf" },
		{ "{{ if true }}", "\"true }}\" where a string" },
		{ "{{ AVeryLongFunctionName \"x\" }}", "no function" },
		{ "{{-URL \"x\"}}", "next to white space" },
		{ "{{URL \"x\"-}}", "next to white space" },
		{ "{{/* x }}", "comment" },
		{ "{{}}", "where a string" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct template_reader reader = template_over(rows[i].template);
		struct failure failure = { 0 };
		struct template_piece piece;
		char buf[256];
		int r;

		do
			r = template_next(&reader, buf, sizeof(buf), &piece,
					  &failure);
		while (r > 0);
		if (!ok(r == -EBADMSG && strstr(failure.text, rows[i].says),
			rows[i].says))
			printf("# %s: %d \"%s\"\n", rows[i].template, r,
			       failure.text);
	}
}

static void test_room(void)
{
	struct template_reader reader = template_over("abc");
	struct template_piece piece;
	struct failure failure;
	char buf[4];

	ok_int(template_next(&reader, buf, 3, &piece, &failure), -ENOBUFS,
	       "a piece that does not fit");
	reader = template_over("abc");
	ok_int(template_next(&reader, buf, 4, &piece, &failure), 1,
	       "the text's length and one are enough");
}

int main(void)
{
	test_good();
	test_bad();
	test_room();
	return tap_done();
}
