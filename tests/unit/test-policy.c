/* SPDX-License-Identifier: MIT */
/* The policy with each of its sources; the API is a thread on loopback. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "loopback.h"
#include "server/policy.h"
#include "tap.h"

#define AGAIN	   900
#define AGAIN_TEXT "52:54:00:00:03:84"
#define GOOD	   "{\"kernel\":\"/k\"}"

/* --- the API --- */

static uint16_t port;
static atomic_int requests;
static atomic_int again_was; /* the number of the request for AGAIN */
static atomic_bool held;     /* nobody is answered */
static char target[512];     /* of the last request */
static const char *_Atomic reply = "HTTP/1.1 200 OK\r\n"
				   "Content-Length: 15\r\n\r\n" GOOD;

static void *serve_one(void *context)
{
	int fd = (int)(intptr_t)context;
	char request[2048];
	ssize_t n;

	while ((n = read(fd, request, sizeof(request) - 1)) > 0) {
		request[n] = '\0';
		if (sscanf(request, "GET %511s", target) != 1)
			break;
		if (strstr(request, AGAIN_TEXT))
			atomic_store(&again_was, requests);
		atomic_fetch_add(&requests, 1);
		while (atomic_load(&held))
			usleep(2000);
		(void)!send(fd, reply, strlen(reply), MSG_NOSIGNAL);
		if (!strstr(reply, "Content-Length"))
			break;
	}
	close(fd);
	return NULL;
}

/* --- who asks --- */

static struct loop loop;
static struct policy *policy;
static char api[64];
static struct serve_settings settings = {
	.mode = SERVE_API,
	.api = api,
	.api_timeout_ms = 400,
};

struct asker {
	struct question question;
	int answers;
	enum plan_kind kind;
	char origin[400];
	struct asker *cancels; /* when it is answered */
	bool keeps;
	struct plan *plan; /* when it keeps it */
};

static void on_answered(struct question *question, struct plan *plan)
{
	struct asker *asker = container_of(question, struct asker, question);

	asker->answers++;
	asker->kind = plan->kind;
	if (asker->keeps)
		asker->plan = plan_hold(plan);
	(void)str_copy(asker->origin, sizeof(asker->origin), plan->origin);
	if (asker->cancels)
		policy_cancel(policy, &asker->cancels->question);
}

static void ask(struct asker *asker, unsigned int machine, uint16_t arch)
{
	asker->answers = 0;
	asker->question.client = (struct client){
		.mac.bytes = { 0x52, 0x54, 0, 0, (uint8_t)(machine >> 8),
			       (uint8_t)machine },
		.arch = arch,
	};
	asker->question.answered = on_answered;
	policy_ask(policy, &asker->question);
}

static void run(const struct asker *asker, int64_t limit_ms)
{
	int64_t until = clock_ms() + limit_ms;

	while (asker->answers == 0 && clock_ms() < until)
		if (loop_turn(&loop, 20) < 0)
			abort();
}

static void restart(void)
{
	struct failure failure = { 0 };

	policy_free(policy);
	if (policy_new(&loop, &settings, &policy, &failure) < 0) {
		printf("# %s\n", failure.text);
		abort();
	}
	atomic_store(&requests, 0);
}

/* --- tests of the API --- */

static void test_request(void)
{
	struct asker asker = { 0 };

	restart();
	asker.question.answered = on_answered;
	asker.question.client = (struct client){
		.mac.bytes = { 0x52, 0x54, 0, 0xAB, 0, 1 },
		.arch = ARCH_EFI_X64,
		.has_uuid = true,
		.uuid = { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
			  0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff },
		.class = "PXE & x:1",
	};
	policy_ask(policy, &asker.question);
	run(&asker, 5000);
	ok_int(asker.kind, PLAN_LINUX, "an answer");
	ok_str(target,
	       "/p/v1/boot/52:54:00:ab:00:01?arch=x86_64&firmware=uefi"
	       "&uuid=33221100-5544-7766-8899-aabbccddeeff"
	       "&class=PXE%20%26%20x%3A1",
	       "the request");
	ask(&asker, 2, ARCH_UNKNOWN);
	run(&asker, 5000);
	ok_str(target, "/p/v1/boot/52:54:00:00:00:02",
	       "the request for a machine that is not known");
}

static void test_keeping(void)
{
	struct asker a = { 0 }, b = { 0 };
	struct failure failure;

	restart();
	ask(&a, 1, ARCH_BIOS);
	ask(&b, 1, ARCH_BIOS);
	run(&a, 5000);
	run(&b, 5000);
	ok(a.answers == 1 && b.answers == 1 && requests == 1,
	   "one request for two questions");
	ask(&a, 1, ARCH_BIOS);
	ok(a.answers == 1 && requests == 1, "the answer is kept");
	ask(&a, 1, ARCH_UNKNOWN);
	ok(a.answers == 1 && requests == 1, "for the machine's script, too");
	ask(&a, 1, ARCH_EFI_X64);
	run(&a, 5000);
	ok_int(requests, 2, "another firmware is another question");
	ok_int(policy_reload(policy, &failure), 0, "reload");
	ask(&a, 1, ARCH_EFI_X64);
	run(&a, 5000);
	ok_int(requests, 3, "reload forgets answers");
	atomic_store(&held, true);
	ask(&a, 2, ARCH_BIOS);
	for (int i = 0; i < 250 && requests < 4; i++)
		if (loop_turn(&loop, 20) < 0)
			abort();
	ok_int(policy_reload(policy, &failure), 0, "reload");
	atomic_store(&held, false);
	run(&a, 5000);
	ok(a.answers == 1 && requests == 4, "what is on its way is given");
	ask(&a, 2, ARCH_BIOS);
	run(&a, 5000);
	ok_int(requests, 5, "and not kept");
}

static void test_faults(void)
{
	static const struct {
		const char *reply, *origin;
	} rows[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		  "API: 404 Not Found" },
		{ "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nohh",
		  "API: 500 Internal Server Error" },
		{ "HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n" GOOD,
		  "API: 201" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>",
		  "API: not JSON" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		  "API: no kernel" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		  "API: not JSON" },
		{ "", "API: 127.0.0.1: " },
		{ "\001\002\r\n", "API: 127.0.0.1: no answer in HTTP" },
	};
	const char *good = reply;
	struct asker asker = { 0 };

	restart();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		reply = rows[i].reply;
		ask(&asker, (unsigned int)i, ARCH_BIOS);
		run(&asker, 5000);
		if (!ok(asker.kind == PLAN_IGNORE &&
				str_after(asker.origin, rows[i].origin),
			rows[i].origin))
			printf("# %s\n", asker.origin);
	}
	reply = good;
	atomic_store(&held, true);
	ask(&asker, 100, ARCH_BIOS);
	run(&asker, 5000);
	ok_str(asker.origin, "API: 127.0.0.1: no answer in time", "a slow API");
	atomic_store(&held, false);
}

static void test_huge(void)
{
	static char huge[400 * 1024] = "HTTP/1.1 200 OK\r\n\r\n";
	const char *good = reply;
	struct asker asker = { 0 };

	memset(huge + strlen(huge), ' ', sizeof(huge) - strlen(huge) - 1);
	restart();
	reply = huge;
	ask(&asker, 1, ARCH_BIOS);
	run(&asker, 5000);
	ok_str(asker.origin, "API: an answer of more than 256 KiB",
	       "an answer without an end");
	reply = good;
}

static struct asker crowd[POLICY_ASKING + POLICY_WAITING];

static int count_answers(void)
{
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
		count += crowd[i].answers;
	return count;
}

static void test_crowd(void)
{
	struct asker late = { 0 }, again = { 0 };
	int64_t until;

	settings.api_timeout_ms = 20000;
	restart();
	atomic_store(&held, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(crowd); i++)
		ask(&crowd[i], i, ARCH_BIOS);
	ok_int(count_answers(), 0, "as many as may wait do");
	ask(&late, 5000, ARCH_BIOS);
	ok(late.answers == 1 && late.kind == PLAN_IGNORE &&
		   strstr(late.origin, "more machines ask"),
	   "who comes late for the first time is told so");
	ask(&late, 5000, ARCH_BIOS);
	ok_int(late.answers, 0, "who comes again gets a place");
	ok(crowd[POLICY_ASKING].answers == 1 && count_answers() == 1,
	   "that of the one that waited longest for the first time");
	until = clock_ms() + 5000;
	while (requests < POLICY_ASKING && clock_ms() < until)
		if (loop_turn(&loop, 20) < 0)
			abort();
	ok_int(requests, POLICY_ASKING, "as many requests as may be run");
	ask(&again, AGAIN, ARCH_BIOS);
	policy_cancel(policy, &crowd[AGAIN + 1].question);
	atomic_store(&held, false);
	run(&again, 10000);
	run(&late, 10000);
	ok(late.kind == PLAN_LINUX && again.kind == PLAN_LINUX &&
		   crowd[AGAIN].answers == 1 && again_was < 4 * POLICY_ASKING,
	   "who asked before is next");
	until = clock_ms() + 20000;
	while (count_answers() < (int)ARRAY_SIZE(crowd) - 1 &&
	       clock_ms() < until)
		if (loop_turn(&loop, 20) < 0)
			abort();
	ok_int(count_answers(), (int)ARRAY_SIZE(crowd) - 1,
	       "all others are answered, the cancelled is not");
	settings.api_timeout_ms = 400;
}

static void test_cancel(void)
{
	struct asker a = { 0 }, b = { 0 };

	restart();
	a.cancels = &b;
	b.cancels = &a;
	ask(&a, 1, ARCH_BIOS);
	ask(&b, 1, ARCH_BIOS);
	for (int i = 0; i < 50 && a.answers + b.answers == 0; i++)
		if (loop_turn(&loop, 20) < 0)
			abort();
	ok_int(a.answers + b.answers, 1, "one answer cancels the other");
	a.cancels = b.cancels = NULL;
	atomic_store(&held, true);
	ask(&a, 2, ARCH_BIOS);
	policy = policy_free(policy);
	atomic_store(&held, false);
	ok_int(a.answers, 0, "nobody is answered when it ends");
}

/* --- the others --- */

static void test_start(void)
{
	static const struct {
		struct serve_settings settings;
		const char *says;
	} rows[] = {
		{ { .mode = SERVE_DIR, .dir = "/nonexistent" },
		  "/nonexistent: No such file or directory; `boomerang build "
		  "-o /nonexistent` (or `make bootstrap`) makes" },
		{ { .mode = SERVE_STATIC, .kernel = "/nonexistent" },
		  "--kernel: /nonexistent: No such file or directory" },
		{ { .mode = SERVE_STATIC, .kernel = "/dev" },
		  "--kernel: /dev is no regular file" },
		{ { .mode = SERVE_STATIC,
		    .kernel = "/proc/self/exe",
		    .initrds = { "nonexistent" },
		    .initrd_count = 1 },
		  "--initrd: /" },
		{ { .mode = SERVE_STATIC,
		    .kernel = "http://h/k",
		    .cmdline = "{{ ID }}" },
		  "--cmdline: template: " },
		{ { .mode = SERVE_STATIC,
		    .kernel = "http://h/k",
		    .cmdline = "{{ ID \"/nonexistent\" }}" },
		  "--cmdline: /nonexistent: No such" },
		{ { .mode = SERVE_API, .api = "ftp://h" },
		  "--api ftp://h: not an http or https URL" },
		{ { .mode = SERVE_API, .api = "http://h/?a" },
		  "--api http://h/?a: a prefix has no" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure failure = { 0 };
		struct policy *none = NULL;

		if (!ok(policy_new(&loop, &rows[i].settings, &none, &failure) <
					0 &&
				str_after(failure.text, rows[i].says),
			rows[i].says))
			printf("# %s\n", failure.text);
		policy_free(none);
	}
}

static void test_dir(void)
{
	static const char *const names[] = { "vmlinuz", "bootstrap.img",
					     "cmdline" };
	char dir[] = "/tmp/test-policy-XXXXXX", path[64];
	struct serve_settings of_dir = { .mode = SERVE_DIR, .dir = dir };
	struct failure failure = { 0 };
	struct asker asker = { 0 };

	if (!mkdtemp(dir))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = policy_new(&loop, &of_dir, &policy, &failure);

		ok(r < 0 && strstr(failure.text, names[i]) &&
			   strstr(failure.text, "boomerang build"),
		   "a directory without all of a bootstrap");
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (file_create(AT_FDCWD, path, "a=1 b\n") < 0)
			abort();
	}
	if (policy_new(&loop, &of_dir, &policy, &failure) < 0)
		abort();
	ask(&asker, 1, ARCH_BIOS);
	ok(asker.answers == 1 && asker.kind == PLAN_LINUX &&
		   str_eq(asker.origin, dir),
	   "a directory's bootstrap");
	policy = policy_free(policy);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void test_machines(void)
{
	char dir[] = "/tmp/test-policy-XXXXXX", path[64], other[64];
	struct serve_settings of_file = { .mode = SERVE_MACHINES,
					  .machines = path };
	struct failure failure = { 0 };
	struct asker asker = { 0 };

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/m.ini", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	if (file_create(AT_FDCWD, path, "[52:54:00:*:01]\nlocal=yes\n") < 0 ||
	    policy_new(&loop, &of_file, &policy, &failure) < 0)
		abort();
	ask(&asker, 1, ARCH_BIOS);
	ok(asker.answers == 1 && asker.kind == PLAN_LOCAL, "a section");
	ask(&asker, 2, ARCH_BIOS);
	ok(asker.kind == PLAN_IGNORE &&
		   str_eq(asker.origin, "m.ini: no section for it"),
	   "no section");
	if (file_create(AT_FDCWD, other, "[default]\nlocal=x\n") < 0 ||
	    rename(other, path) < 0)
		abort();
	ok(policy_reload(policy, &failure) < 0 &&
		   str_after(failure.text, "m.ini:2: local: "),
	   "a bad file is refused");
	ask(&asker, 1, ARCH_BIOS);
	ok_int(asker.kind, PLAN_LOCAL, "and the old one stays");
	if (file_create(AT_FDCWD, path, "[default]\nkernel=http://h/k\n") < 0)
		abort();
	ok_int(policy_reload(policy, &failure), 0, "a good file is read anew");
	ask(&asker, 1, ARCH_BIOS);
	ok_int(asker.kind, PLAN_LINUX, "and counts");
	policy = policy_free(policy);
	unlink(path);
	rmdir(dir);
}

/* Pixiecore's static mode: paths, URLs, and names for both. */
static void test_static(void)
{
	char dir[] = "/tmp/test-policy-XXXXXX", here[256];
	struct serve_settings of_files = {
		.mode = SERVE_STATIC,
		.kernel = "k",
		.initrds = { "https://h/i", "k" },
		.initrd_count = 2,
		.cmdline = "\ta={{ ID \"k\" }} b={{ URL `http://h/x` }}\n",
		.message = "Hello",
	};
	struct failure failure = { 0 };
	struct asker asker = { .keeps = true };
	char *old = getcwd(here, sizeof(here)), want[300];
	const struct plan *plan;

	if (!old || !mkdtemp(dir) || chdir(dir) < 0 ||
	    file_create(AT_FDCWD, "k", "") < 0 ||
	    policy_new(&loop, &of_files, &policy, &failure) < 0 ||
	    chdir(old) < 0) {
		printf("# %s\n", failure.text);
		abort();
	}
	snprintf(want, sizeof(want), "%s/k", dir);
	ask(&asker, 1, ARCH_BIOS);
	plan = asker.plan;
	ok_str(plan->kernel, want, "a path is absolute from the start");
	ok(plan->initrd_count == 2 && str_eq(plan->initrds[0], "https://h/i") &&
		   str_eq(plan->initrds[1], want) &&
		   str_eq(plan->message, "Hello"),
	   "initrds and message");
	ok(plan->cmdline_count == 5 && str_eq(plan->cmdline[0].text, "a=") &&
		   str_eq(plan->cmdline[1].text, want) &&
		   plan->cmdline[1].is_file &&
		   str_eq(plan->cmdline[2].text, " b=") &&
		   str_eq(plan->cmdline[3].text, "http://h/x") &&
		   plan->cmdline[4].text[0] == '\0',
	   "ID and URL in the command line");
	policy = policy_free(policy);
	ok_str(plan->kernel, want, "a plan that is held outlives the policy");
	plan_drop(asker.plan);
	snprintf(want, sizeof(want), "%s/k", dir);
	unlink(want);
	rmdir(dir);
}

/* The machines file before the API. */
static void test_machines_and_api(void)
{
	char path[] = "/tmp/test-policy-XXXXXX";
	int fd = mkstemp(path);
	struct asker asker = { 0 };

	if (fd < 0 || dprintf(fd, "[52:54:00:00:00:01]\nignore=yes\n") < 0)
		abort();
	settings.machines = path;
	restart();
	ask(&asker, 1, ARCH_BIOS);
	ok(asker.kind == PLAN_IGNORE && requests == 0,
	   "the machines file is asked first");
	ask(&asker, 2, ARCH_BIOS);
	run(&asker, 5000);
	ok(asker.kind == PLAN_LINUX && requests == 1, "then the API");
	policy = policy_free(policy);
	settings.machines = NULL;
	close(fd);
	unlink(path);
}

int main(void)
{
	pthread_t thread;
	sigset_t none;

	sigemptyset(&none);
	if (loop_init(&loop, &none, NULL) < 0 ||
	    pthread_create(&thread, NULL, serve,
			   (void *)(intptr_t)listen_on_loopback(&port)) != 0)
		return 1;
	snprintf(api, sizeof(api), "http://127.0.0.1:%u/p", port);
	test_request();
	test_keeping();
	test_faults();
	test_huge();
	test_crowd();
	test_cancel();
	test_start();
	test_dir();
	test_static();
	test_machines();
	test_machines_and_api();
	loop_done(&loop);
	return tap_done();
}
