/* SPDX-License-Identifier: MIT */
/* The commands that ask PID 1, as a script runs them: output into a pipe. */
#include <getopt.h>
#include <jansson.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/control-client.h"
#include "fake-control.h"
#include "unit/tap.h"

static struct fake fake;

struct result {
	int status;
	char out[16384];
};

/* Runs a command in a child with both outputs into *ret. */
static pid_t start(int (*run)(int, char **), char **argv, int *ret_fd)
{
	int ends[2], argc = 0;
	pid_t pid;

	while (argv[argc])
		argc++;
	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		opterr = 0;
		exit(run(argc, argv));
	}
	close(ends[1]);
	*ret_fd = ends[0];
	return pid;
}

static struct result finish(pid_t pid, int fd)
{
	struct result result = { 0 };
	size_t len = 0;
	ssize_t n;
	int status;

	while ((n = read(fd, result.out + len, sizeof(result.out) - 1 - len)) >
	       0)
		len += (size_t)n;
	close(fd);
	waitpid(pid, &status, 0);
	result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return result;
}

#define RUN(run, ...)                                  \
	({                                             \
		char *argv_[] = { __VA_ARGS__, NULL }; \
		int fd_;                               \
		pid_t pid_ = start(run, argv_, &fd_);  \
		finish(pid_, fd_);                     \
	})

#define W(word) ((char[]){ word })

static void test_load(void)
{
	struct result result = RUN(cmd_load, W("load"), W("--init"),
				   W("/bin/init"), W("http://h/image.tar"));

	ok_int(result.status, STATUS_OK, "a load that is entered: status");
	ok_str(result.out,
	       "waiting for the first byte\n"
	       "entering http://h/image.tar ...\n",
	       "a load that is entered: one line each 5 seconds");
	ok_str(fake.request->ref, "http://h/image.tar", "the reference");
	ok_str(fake.request->init, "/bin/init", "the init");
	ok_int(fake_event(&fake), 'l', "the load is asked for");

	result = RUN(cmd_load, W("load"), W("http://h/bad"));
	ok_int(result.status, STATUS_FAILED, "a load that fails: status");
	ok(strstr(result.out, "\nthe server says 404\n"), "its line");
	ok_int(fake_event(&fake), 'l', "asked for");

	result = RUN(cmd_load, W("load"), W("http://h/gone"));
	ok_int(result.status, STATUS_FAILED, "PID 1 closes: status");
	ok(strstr(result.out, "closed the connection"), "its line");
	ok_int(fake_event(&fake), 'l', "asked for");

	result = RUN(cmd_load, W("load"), W("http://h/junk"));
	ok_int(result.status, STATUS_FAILED, "a strange record: status");
	ok(strstr(result.out, "another version"), "its line");
	ok_int(fake_event(&fake), 'l', "asked for");

	result = RUN(cmd_load, W("load"), W("x.tar"));
	ok_int(result.status, STATUS_OK, "a relative path: status");
	ok(fake.request->ref[0] == '/' && strstr(fake.request->ref, "/x.tar"),
	   "a relative path is made full");
	ok_int(fake_event(&fake), 'l', "asked for");
}

static void test_cancel(void)
{
	char *argv[] = { W("load"), W("http://h/slow"), NULL };
	struct result result;
	int fd;
	pid_t pid = start(cmd_load, argv, &fd);
	char byte;

	ok_int(fake_event(&fake), 'l', "a slow load is asked for");
	/* Its first output comes after it set its signals. */
	ok_int(read(fd, &byte, 1), 1, "it reports");
	kill(pid, SIGINT);
	ok_int(fake_event(&fake), 'c', "an interrupt cancels it");
	result = finish(pid, fd);
	ok_int(result.status, STATUS_FAILED, "a cancelled load: status");
	ok(strstr(result.out, "load cancelled\n"), "its line");
}

static void test_misuse(void)
{
	char long_ref[CONTROL_REF_MAX + 1];

	memset(long_ref, 'x', sizeof(long_ref) - 1);
	long_ref[0] = '/';
	long_ref[sizeof(long_ref) - 1] = '\0';
	ok_int(RUN(cmd_load, W("load")).status, STATUS_USAGE, "no image");
	ok_int(RUN(cmd_load, W("load"), W("a"), W("b")).status, STATUS_USAGE,
	       "two images");
	ok_int(RUN(cmd_load, W("load"), W("-")).status, STATUS_USAGE,
	       "standard input");
	ok_int(RUN(cmd_load, W("load"), W("")).status, STATUS_USAGE,
	       "an empty reference");
	ok_int(RUN(cmd_load, W("load"), long_ref).status, STATUS_USAGE,
	       "a reference that is too long");
	ok_int(RUN(cmd_load, W("load"), W("--init"), W("sh"), W("/x")).status,
	       STATUS_USAGE, "an init without a slash");
	ok_int(RUN(cmd_reboot, W("reboot"), W("now")).status, STATUS_USAGE,
	       "an argument to reboot");
	ok_int(RUN(cmd_status, W("status"), W("--xml")).status, STATUS_USAGE,
	       "an option that status has not");
}

static void test_requests(void)
{
	struct result result = RUN(cmd_return, W("return"));

	ok_int(result.status, STATUS_FAILED, "a refused return: status");
	ok_str(result.out, "no image is running\n", "its line");
	ok_int(fake_event(&fake), 'r', "return is asked for");
	result = RUN(cmd_reboot, W("reboot"));
	ok_int(result.status, STATUS_OK, "reboot: status");
	ok_int(fake_event(&fake), 'b', "reboot is asked for");
	result = RUN(cmd_poweroff, W("poweroff"));
	ok_int(result.status, STATUS_OK, "poweroff: status");
	ok_int(fake_event(&fake), 'p', "poweroff is asked for");
}

static void test_status(void)
{
	struct result result;
	json_t *object;

	fake.status->phase = PHASE_TARGET;
	str_copy(fake.status->image, CONTROL_REF_MAX, "http://h/a.tar");
	str_copy(fake.status->network, 160, "eth0 10.0.2.15/24\033[2J");
	result = RUN(cmd_status, W("status"));
	ok_int(result.status, STATUS_OK, "status: status");
	ok(strstr(result.out, "phase        target\n"), "the phase");
	ok(strstr(result.out, "eth0 10.0.2.15/24?[2J\n"), "made printable");
	result = RUN(cmd_status, W("status"), W("--json"));
	object = json_loads(result.out, 0, NULL);
	ok_str(json_string_value(json_object_get(object, "phase")), "target",
	       "status --json is JSON");
	json_decref(object);
	result = RUN(cmd_images, W("images"));
	ok_str(result.out,
	       "in use  http://h/a.tar\n"
	       "the bootstrap lists all, at its prompt\n",
	       "the image in use");
	fake.status->phase = PHASE_BOOTSTRAP;
	result = RUN(cmd_images, W("images"));
	ok_str(result.out, "no images are kept\n", "no images");
}

static void test_no_bootstrap(void)
{
	struct result result;

	control_client_path = "/nonexistent/control";
	result = RUN(cmd_return, W("return"));
	ok_int(result.status, STATUS_FAILED, "no bootstrap: status");
	ok_str(result.out,
	       "this is not a boomerang bootstrap (no /nonexistent/control)\n",
	       "no bootstrap: its line");
	control_client_path = fake.path;
}

int main(void)
{
	fake_start(&fake);
	control_client_path = fake.path;
	test_load();
	test_cancel();
	test_misuse();
	test_requests();
	test_status();
	test_no_bootstrap();
	fake_stop(&fake);
	return tap_done();
}
