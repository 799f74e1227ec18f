/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "server/api-answer.h"
#include "tap.h"

static const struct bootstrap bootstrap = {
	.dir = "out",
	.cmdline = "quiet",
	.complete = true,
};
static struct api_context context = {
	.base_url = "http://api:4242/x/v1",
	.bootstrap = &bootstrap,
};

/* A plan as one line. */
static const char *plan_text(const struct plan *plan, char *buf, size_t size)
{
	static const char *const kinds[] = { "ignore", "local", "linux",
					     "script" };
	struct text out = text_over(buf, size);

	text_add(&out, "%s", kinds[plan->kind]);
	if (plan->kernel)
		text_add(&out, " k=%s", plan->kernel);
	for (size_t i = 0; i < plan->initrd_count; i++)
		text_add(&out, " i=%s", plan->initrds[i]);
	if (plan->cmdline_count > 0)
		text_add(&out, " c=");
	for (size_t i = 0; i < plan->cmdline_count; i++)
		text_add(&out, plan->cmdline[i].is_file ? "<%s>" : "%s",
			 plan->cmdline[i].text);
	if (plan->message)
		text_add(&out, " m=%s", plan->message);
	if (plan->script)
		text_add(&out, " s=%s", plan->script);
	if (plan->loader)
		text_add(&out, " l=%s", plan->loader);
	return buf;
}

static void test_good(void)
{
	static const struct {
		const char *json, *want;
	} rows[] = {
		{ "{\"kernel\": \"http://h/k\"}", "linux k=http://h/k" },
		{ "{\"kernel\": \"/k\", \"initrd\": [\"i\", \"../j\"]}",
		  "linux k=http://api:4242/k i=http://api:4242/x/i "
		  "i=http://api:4242/j" },
		{ "{\"kernel\": \"https://h/k\", \"initrd\": []}",
		  "linux k=https://h/k" },
		{ "{\"kernel\": \"/a b\"}", "linux k=http://api:4242/a%20b" },
		{ "{\"kernel\": \"http://h/a b\"}", "linux k=http://h/a%20b" },
		{ "{\"kernel\": \"file:///srv/a b\"}", "linux k=/srv/a b" },
		{ "{\"kernel\": \"file:///srv/a%20b%2f100%\"}",
		  "linux k=/srv/a b/100%" },
		{ "{\"kernel\": \"//other/k?a=b#c\"}",
		  "linux k=http://other/k?a=b#c" },
		{ "{\"KERNEL\": \"/k\", \"initrd\": null, \"cmdline\": null,"
		  " \"unknown\": [1], \"message\": \"\"}",
		  "linux k=http://api:4242/k" },
		{ "{\"kernel\": \"/k\", \"message\": \"a\\nb\"}",
		  "linux k=http://api:4242/k m=a\nb" },
		{ "{\"kernel\": \"/k\", \"cmdline\": "
		  "\" a={{ URL \\\"/f\\\" }} b\\n\"}",
		  "linux k=http://api:4242/k c=a=<http://api:4242/f> b" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {\"z\": false, "
		  "\"b\": {\"url\": \"f\"}, \"a\": \"x \\\"y\\\" \\\\\", "
		  "\"B\": true}}",
		  "linux k=http://api:4242/k c=B a=\"x \\\"y\\\" \\\\\" "
		  "b=<http://api:4242/x/f> z" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {\"a\": "
		  "\"\\t\\u0001{{ URL x }}\"}}",
		  "linux k=http://api:4242/k c=a=\"\\t\\x01{{ URL x }}\"" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {}}",
		  "linux k=http://api:4242/k" },
		{ "{\"kernel\": 1, \"ipxe-script\": \"#!ipxe\\nx\"}",
		  "script s=#!ipxe\nx" },
		{ "{\"kernel\": \"/k\", \"ipxe-script\": \"\"}",
		  "linux k=http://api:4242/k" },
		{ "{\"local\": true}", "local" },
		{ "{\"local\": false, \"kernel\": \"/k\", "
		  "\"loader\": \"ipxe.efi\"}",
		  "linux k=http://api:4242/k l=ipxe.efi" },
		{ "{\"image\": \"https://h/i.tar.gz\"}",
		  "linux k=./vmlinuz i=./bootstrap.img "
		  "c=quiet image_url=https://h/i.tar.gz" },
		{ "{\"image\": \"docker://h/i:1\"}",
		  "linux k=./vmlinuz i=./bootstrap.img "
		  "c=quiet image_url=docker://h/i:1" },
		{ "{\"image\": \"file:///srv/i\", \"initrd\": [\"/e\"], "
		  "\"cmdline\": \"more\"}",
		  "linux k=./vmlinuz i=./bootstrap.img "
		  "i=http://api:4242/e c=quiet image_url=</srv/i> more" },
	};
	char buf[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure failure = { 0 };
		struct plan *plan = NULL;

		if (api_answer_parse(&context, rows[i].json,
				     strlen(rows[i].json), &plan, &failure) < 0)
			ok_str(failure.text, rows[i].want, rows[i].json);
		else
			ok_str(plan_text(plan, buf, sizeof(buf)), rows[i].want,
			       rows[i].json);
		plan_drop(plan);
	}
}

static void test_bad(void)
{
	static const struct {
		const char *json, *says;
	} rows[] = {
		{ "", "not JSON: " },
		{ "<html>", "not JSON: " },
		{ "{\"kernel\": \"/k\"", "not JSON: " },
		{ "[]", "not a JSON object" },
		{ "{}", "no kernel" },
		{ "{\"kernel\": \"\"}", "no kernel" },
		{ "{\"kernel\": 1}", "kernel is not a string" },
		{ "{\"kernel\": \"/k\", \"initrd\": \"/i\"}",
		  "initrd is not a list" },
		{ "{\"kernel\": \"/k\", \"initrd\": [1]}",
		  "initrd has something other than strings" },
		{ "{\"kernel\": \"/k\", \"message\": []}",
		  "message is not a string" },
		{ "{\"kernel\": \"ftp://h/k\"}",
		  "kernel: \"ftp://h/k\": only http, https and file" },
		{ "{\"kernel\": \"http://\"}",
		  "kernel: \"http://\" is no URL" },
		{ "{\"kernel\": \"/k\\n\"}",
		  "kernel: has a control character" },
		{ "{\"kernel\": \"file:///a%00b\"}", "kernel: has a NUL" },
		{ "{\"kernel\": \"file:///a%0ab\"}",
		  "kernel: has a control character" },
		{ "{\"kernel\": \"file://\"}", "kernel: is empty" },
		{ "{\"kernel\": \"file://h/k\"}",
		  "kernel: \"h/k\" is not an absolute path" },
		{ "{\"kernel\": \"/k\", \"cmdline\": 1}",
		  "cmdline is neither a string nor an object" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {\"a\": 1}}",
		  "cmdline: \"a\" is neither a string, a boolean nor" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {\"a\": {}}}",
		  "cmdline: an object without \"url\"" },
		{ "{\"kernel\": \"/k\", \"cmdline\": {\"a\\nb\": true}}",
		  "cmdline: has a line end" },
		{ "{\"kernel\": \"/k\", \"cmdline\": \"a\\nboot\"}",
		  "cmdline: has a line end" },
		{ "{\"kernel\": \"/k\", \"cmdline\": \"a\\u001bb\"}",
		  "cmdline: has a control character" },
		{ "{\"kernel\": \"/k\", \"cmdline\": \"{{ X \\\"a\\\" }}\"}",
		  "cmdline: template: there is no function \"X\"" },
		{ "{\"kernel\": \"/k\", \"cmdline\": "
		  "\"{{ URL \\\"gopher://h\\\" }}\"}",
		  "cmdline: {{ URL \"…\" }}: \"gopher://h\": only" },
		{ "{\"ipxe-script\": 1}", "ipxe-script is not a string" },
		{ "{\"local\": \"yes\"}", "local is neither true nor false" },
		{ "{\"kernel\": \"/k\", \"image\": \"/i\"}",
		  "kernel and image at once" },
		{ "{\"kernel\": \"/k\", \"loader\": \"../x\"}",
		  "loader is no name of a file" },
		{ "{\"kernel\": \"a\\u0000b\"}", "not JSON: " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure failure = { 0 };
		struct plan *plan = NULL;
		int r = api_answer_parse(&context, rows[i].json,
					 strlen(rows[i].json), &plan, &failure);

		if (!ok(r < 0 && str_after(failure.text, rows[i].says),
			rows[i].json))
			printf("# %d \"%s\"\n", r, failure.text);
		plan_drop(plan);
	}
}

static void test_limits(void)
{
	static char big[API_ANSWER_MAX + 1];
	char buf[2048];
	struct text initrds = text_over(buf, sizeof(buf));
	static const struct bootstrap none = { 0 };
	const char *image = "{\"image\": \"http://h/i\"}";
	struct failure failure;
	struct plan *plan;
	int r;

	memset(big, ' ', sizeof(big));
	r = api_answer_parse(&context, big, sizeof(big), &plan, &failure);
	ok(r == -EBADMSG && str_eq(failure.text, "more than 256 KiB"),
	   "an answer that is too long");
	text_add(&initrds, "{\"kernel\":\"/k\",\"initrd\":[\"/0\"");
	for (int i = 0; i < PLAN_INITRDS_MAX; i++)
		text_add(&initrds, ",\"/i\"");
	text_add(&initrds, "]}");
	r = api_answer_parse(&context, buf, initrds.len, &plan, &failure);
	ok(r == -EBADMSG && str_eq(failure.text, "more than 32 initrds"),
	   "too many initrds");
	context.bootstrap = &none;
	r = api_answer_parse(&context, image, strlen(image), &plan, &failure);
	ok(r < 0 && strstr(failure.text, "no directory with a bootstrap"),
	   "an image without a bootstrap");
	context.bootstrap = &bootstrap;
}

int main(void)
{
	test_good();
	test_bad();
	test_limits();
	return tap_done();
}
