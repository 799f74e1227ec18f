/* SPDX-License-Identifier: MIT */
#include "cli/status-text.h"

#include <stdlib.h>

#include "tap.h"

static struct status status = {
	.phase = PHASE_BOOTSTRAP,
	.loads = 2,
	.returns = 1,
	.boot_time = 1700000000,
	.uptime_ms = 3725000,
	.memory_total = 2100000000,
	.memory_available = 1800000000,
	.return_ms = 423,
	.return_reason = "hotkey",
	.image = "http://h/a.tar",
	.network = "eth0 10.0.2.15/24 via 10.0.2.2",
	.failure = { 2, "http://h/b.tar: the server says 404" },
	.leaks = {
		.count = 3,
		.undone = 1,
		.listed = 2,
		.list = {
			{ 1, "loop0: detached from /x.img" },
			{ 0, "sysctl kernel.sysrq: 0" },
		},
	},
};

static void test_text(void)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	status_print(out, &status);
	fclose(out);
	ok_str(text,
	       "phase        bootstrap\n"
	       "image        http://h/a.tar\n"
	       "network      eth0 10.0.2.15/24 via 10.0.2.2\n"
	       "memory       1.8 GB of 2.1 GB available\n"
	       "up           1 h 2 min\n"
	       "loads        2, returns 1\n"
	       "load failed  http://h/b.tar: the server says 404\n"
	       "last return  0.42 s, by hotkey; 3 leaks found, 1 undone\n"
	       "  undone     loop0: detached from /x.img\n"
	       "  remains    sysctl kernel.sysrq: 0\n"
	       "  and 1 more\n",
	       "for a person");
	free(text);
}

static void check_json(const struct status *of, const char *want,
		       const char *what)
{
	json_t *object = status_json(of);
	char *text = json_dumps(object, JSON_COMPACT);

	ok_str(text, want, what);
	free(text);
	json_decref(object);
}

static void test_json(void)
{
	static const struct status fresh = { .phase = PHASE_RETURNING };

	check_json(&status,
		   "{\"phase\":\"bootstrap\","
		   "\"image\":\"http://h/a.tar\","
		   "\"boot_time\":1700000000,"
		   "\"uptime_ms\":3725000,"
		   "\"memory_total\":2100000000,"
		   "\"memory_available\":1800000000,"
		   "\"network\":\"eth0 10.0.2.15/24 via 10.0.2.2\","
		   "\"loads\":2,\"returns\":1,"
		   "\"last_return\":{\"ms\":423,\"reason\":\"hotkey\","
		   "\"leaks_found\":3,\"leaks_undone\":1,\"leaks\":["
		   "{\"what\":\"loop0: detached from /x.img\","
		   "\"undone\":true},"
		   "{\"what\":\"sysctl kernel.sysrq: 0\","
		   "\"undone\":false}]},"
		   "\"last_failure\":"
		   "\"http://h/b.tar: the server says 404\"}",
		   "for a program");
	check_json(&fresh,
		   "{\"phase\":\"returning\",\"image\":null,\"boot_time\":0,"
		   "\"uptime_ms\":0,\"memory_total\":0,"
		   "\"memory_available\":0,\"network\":null,\"loads\":0,"
		   "\"returns\":0,\"last_return\":null,"
		   "\"last_failure\":null}",
		   "what is not known is null");
}

int main(void)
{
	test_text();
	test_json();
	ok_str(status_phase_name(PHASE_LOADING), "loading", "loading");
	ok_str(status_phase_name(PHASE_TARGET), "target", "target");
	ok_str(status_phase_name(99), "unknown", "another phase");
	return tap_done();
}
