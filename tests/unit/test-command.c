/* SPDX-License-Identifier: MIT */
#include "takeover/command.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"

#define SHELL(script) ((const char *const[]){ "sh", "-c", script, NULL })

static struct failure failure;

static void test_output(void)
{
	char buf[8];

	ok_int(command_run(SHELL("printf hello; exit 3"), 10000, buf,
			   sizeof(buf), &failure),
	       3, "the exit status");
	ok_str(buf, "hello", "the output");
	ok_int(command_run(SHELL("yes | head -c 1000000"), 10000, buf,
			   sizeof(buf), &failure),
	       0, "a long output ends");
	ok_str(buf, "y\ny\ny\ny", "and is cut");
	ok_int(command_run(SHELL("kill -9 $$"), 10000, buf, sizeof(buf),
			   &failure),
	       137, "killed");
	ok_str(buf, "", "without output");
	ok_int(command_run(SHELL("exit 1"), 10000, NULL, 0, &failure), 1,
	       "without interest in it");
	ok(command_run((const char *const[]){ "/nonexistent", NULL }, 10000,
		       NULL, 0, &failure) < 0 &&
		   failure.text[0],
	   "there is no such program");
}

static void test_limit(void)
{
	int64_t begin = clock_ms();
	char buf[32];

	ok_int(command_run(SHELL("echo $$; sleep 600; :"), 300, buf,
			   sizeof(buf), &failure),
	       -ETIMEDOUT, "one that does not end is ended");
	ok(clock_ms() - begin < 5000, "in time");
	ok(strstr(failure.text, "sh did not end"), "and it is said which");
	ok(strtol(buf, NULL, 10) > 1, "what it said before is there");
}

/* As a daemon does that keeps its output. */
static void test_left_behind(void)
{
	int64_t begin = clock_ms();
	char buf[32];

	ok_int(command_run(SHELL("sleep 5 & echo over"), 10000, buf,
			   sizeof(buf), &failure),
	       0, "one that leaves a process behind ends");
	ok_str(buf, "over\n", "with its output");
	ok(clock_ms() - begin < 4000, "and nobody waits for what is left");
	ok_int(command_run(SHELL("test -c /proc/self/fd/1"), 10000, NULL, 0,
			   &failure),
	       0, "what nobody reads goes to no pipe");
}

int main(void)
{
	test_output();
	test_limit();
	test_left_behind();
	return tap_done();
}
