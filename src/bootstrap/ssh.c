/* SPDX-License-Identifier: MIT */
#include "bootstrap/ssh.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/spawn.h"
#include "wire/build.h"
#include "wire/cmdline.h"
#include "wire/ssh.h"

#define WORDS_MAX      32
#define WORDS_SIZE     8192
#define FETCH_AGAIN_MS 5000

/* The console may be a target's while this runs. */
static void speak_to_kernel_log(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(null_fd, STDOUT_FILENO);
	(void)dup2(kmsg_fd, STDERR_FILENO);
}

/* --- the server's process --- */

static bool has_content(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

static bool somebody_may_log_in(void)
{
	return has_content(SSH_BUILT_KEYS) || has_content(SSH_TOLD_KEYS);
}

static int wait_for_keys(void)
{
	_cleanup_fd int fd = inotify_init1(IN_CLOEXEC);
	char events[4096];

	if (fd < 0 || inotify_add_watch(fd, SSH_DIR, IN_MOVED_TO) < 0)
		return -errno;
	while (!somebody_may_log_in())
		if (read(fd, events, sizeof(events)) < 0 && errno != EINTR)
			return -errno;
	return 0;
}

static int run_keygen(const char *const *argv, struct failure *failure)
{
	int r = spawn_wait(&(struct spawn){ .argv = argv,
					    .fd = { FD_NONE, STDERR_FILENO,
						    STDERR_FILENO },
					    .extra_fd = FD_NONE },
			   failure);

	if (r > 0)
		return failure_set(failure, EIO, "%s ended with status %d",
				   argv[0], r);
	return r;
}

/* A bootstrap that was built without keys has none of its own, as every copy
 * of it would have the same. */
static int make_host_key(struct failure *failure)
{
	static const char *const make[] = { SSH_KEYGEN,	  "-q",	       "-t",
					    "ed25519",	  "-N",	       "",
					    "-C",	  "bootstrap", "-f",
					    SSH_HOST_KEY, NULL };
	static const char *const show[] = { SSH_KEYGEN, "-l", "-f",
					    SSH_HOST_KEY, NULL };
	int r;

	if (access(SSH_HOST_KEY, F_OK) == 0)
		return 0;
	r = run_keygen(make, failure);
	if (r < 0)
		return r;
	log_info("sshd: a host key for this boot was made (`boomerang build "
		 "--host-key` gives one that lasts):");
	return run_keygen(show, failure);
}

static int serve(_unused void *unused, _unused int link)
{
	const char *argv[] = { SSH_SERVER, "-D", "-e", "-f", SSH_CONFIG, NULL };
	struct failure failure;
	int r = wait_for_keys();

	speak_to_kernel_log();
	if (r < 0)
		(void)failure_errno(&failure, -r, SSH_DIR);
	else
		r = make_host_key(&failure);
	if (r < 0) {
		log_error("no sshd: %s", failure.text);
		return 1;
	}
	(void)mkdir("/run/sshd", 0755);
	execv(argv[0], (char *const *)argv);
	return 127;
}

/* --- the fetcher's process --- */

static int fetch(void *argument, _unused int link)
{
	const struct ssh *ssh = argument;
	static const char *argv[WORDS_MAX + 1] = { "/usr/bin/boomerang",
						   "ssh-keys" };
	static char values[WORDS_SIZE];
	struct build words = build_over(values, sizeof(values));
	struct cmdline cmdline = cmdline_over(ssh->cmdline);
	struct cmdline_word word;
	size_t count = 2;

	while (count < WORDS_MAX && cmdline_next(&cmdline, &word)) {
		if (!cmdline_is(&word, SSH_WORD))
			continue;
		argv[count] = values + words.len;
		build_bytes(&words, word.value.at, word.value.left);
		build_u8(&words, '\0');
		count += !words.bad;
	}
	argv[count] = NULL;
	speak_to_kernel_log();
	execv(argv[0], (char *const *)argv);
	return 127;
}

/* --- PID 1's end --- */

static void start_fetcher(struct ssh *ssh)
{
	if (worker_start(&ssh->fetcher, ssh->loop, fetch, ssh) < 0)
		loop_timer(ssh->loop, &ssh->again, FETCH_AGAIN_MS);
}

static void fetch_again(struct timer *timer)
{
	start_fetcher(container_of(timer, struct ssh, again));
}

static void fetcher_said(_unused struct worker *worker,
			 _unused const void *bytes, _unused size_t len,
			 int passed_fd)
{
	fd_close(passed_fd);
}

/* It ends when it has all keys; otherwise it was killed. */
static void fetcher_ended(struct worker *worker, int wait_status)
{
	struct ssh *ssh = container_of(worker, struct ssh, fetcher);

	if (wait_status != 0)
		loop_timer(ssh->loop, &ssh->again, FETCH_AGAIN_MS);
}

static void server_held(struct service *service)
{
	struct ssh *ssh = container_of(service, struct ssh, server);

	ssh->held(ssh);
}

void ssh_start(struct ssh *ssh, struct loop *loop, const char *cmdline)
{
	bool told = cmdline_has(cmdline, SSH_WORD);

	ssh->loop = loop;
	ssh->cmdline = cmdline;
	ssh->server = (struct service){ .name = "sshd",
					.body = serve,
					.held = server_held };
	if (!told && !somebody_may_log_in())
		return;
	if (access(SSH_SERVER, X_OK) < 0) {
		log_error("no sshd: this bootstrap was built without "
			  "(`boomerang build --ssh-key` has it)");
		return;
	}
	if (path_mkdirs(SSH_DIR, 0700) < 0)
		log_error("cannot make " SSH_DIR);
	service_start(&ssh->server, loop);
	if (!told)
		return;
	ssh->again.expired = fetch_again;
	ssh->fetcher.record = fetcher_said;
	ssh->fetcher.ended = fetcher_ended;
	start_fetcher(ssh);
}

void ssh_hold(struct ssh *ssh)
{
	service_hold(&ssh->server);
}

void ssh_resume(struct ssh *ssh)
{
	service_resume(&ssh->server);
}
