/* SPDX-License-Identifier: MIT */
/*
 * A load lasts as long as its connection: PID 1 reports on it, and cancels
 * the load when it closes. So an interrupt is only that: the connection is
 * closed.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control-client.h"
#include "cli/progress-line.h"

#define PLAIN_LINE_MS 5000 /* between two lines where none is rewritten */

/* What the person sees of the load. */
struct display {
	bool terminal;
	struct progress_meter meter;
	size_t width;	 /* of the line that is being rewritten */
	int64_t next_ms; /* when the next plain line is due */
};

static void display_progress(struct display *display,
			     const struct progress *progress)
{
	char buf[PROGRESS_LINE_MAX];
	const char *line = progress_line(&display->meter.before, progress, buf);
	size_t width = strlen(line);

	progress_meter_add(&display->meter, progress);
	if (display->terminal) {
		/* Blanks over the rest of a longer line: any terminal knows
		 * them. */
		printf("\r%s%*s", line,
		       (int)(MAX(display->width, width) - width), "");
		display->width = width;
	} else if (clock_ms() >= display->next_ms) {
		printf("%s\n", line);
		display->next_ms = clock_ms() + PLAIN_LINE_MS;
	}
	fflush(stdout);
}

static void display_waiting(struct display *display, const char *network)
{
	char line[PROGRESS_LINE_MAX];
	struct text text = text_over(line, sizeof(line));

	text_add(&text, "waiting for the network%s%s", *network ? ": " : "",
		 network);
	if (display->terminal)
		printf("\r%s%*s", line,
		       (int)(MAX(display->width, text.len) - text.len), "");
	else
		printf("%s\n", line);
	display->width = display->terminal ? text.len : 0;
	fflush(stdout);
}

static void display_end(struct display *display)
{
	if (display->width > 0)
		printf("\n");
	display->width = 0;
	fflush(stdout);
}

/*
 * Follows the load to its end. Returns 0 when the target's init runs,
 * -ECANCELED on a signal, or what went wrong.
 */
static int follow(int fd, int signal_fd, struct display *display,
		  struct failure *failure)
{
	struct pollfd pfd[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	struct control_reply reply;
	int r;

	for (;;) {
		if (poll(pfd, ARRAY_SIZE(pfd), -1) < 0) {
			if (errno == EINTR)
				continue;
			return failure_errno(failure, errno,
					     "cannot wait for PID 1");
		}
		if (pfd[1].revents)
			return failure_set(failure, ECANCELED,
					   "load cancelled");
		r = control_client_receive(fd, &reply, failure);
		if (r < 0)
			return r;
		switch (reply.kind) {
		case CONTROL_PROGRESS:
			display_progress(display, &reply.progress);
			break;
		case CONTROL_WAITING:
			display_waiting(display, reply.waiting);
			break;
		case CONTROL_DONE:
			return 0;
		case CONTROL_FAILED:
			return failure_set(failure, MAX(reply.failure.err, 1),
					   "%s", reply.failure.text);
		}
	}
}

static int load(struct control_request *request, struct failure *failure)
{
	struct display display = { .terminal = isatty(STDOUT_FILENO) };
	_cleanup_fd int fd = FD_NONE, signal_fd = FD_NONE;
	sigset_t interrupts, before;
	int r;

	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGHUP);
	/* Blocked, they wait for signal_fd even where the prompt has them
	 * ignored. */
	sigprocmask(SIG_BLOCK, &interrupts, &before);
	signal_fd = signalfd(-1, &interrupts, SFD_CLOEXEC);
	fd = control_client_send(request, failure);
	r = fd < 0 ? fd : follow(fd, signal_fd, &display, failure);
	fd = fd_close(fd);
	display_end(&display);
	if (r == -ECANCELED)
		/* Taken, or it would end us after all when unblocked. */
		(void)sigtimedwait(&interrupts, NULL,
				   &(struct timespec){ .tv_sec = 0 });
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

/*
 * The path in word when it names a file relative to the working directory,
 * which PID 1 does not share, otherwise NULL. Behind a transport there is a
 * path; another word with a colon has a scheme.
 */
static const char *relative_path(const char *word)
{
	static const char *const transports[] = { "oci:", "oci-archive:",
						  "docker-archive:" };
	const char *path = strchr(word, ':') ? NULL : word;

	for (size_t i = 0; !path && i < ARRAY_SIZE(transports); i++)
		path = str_after(word, transports[i]);
	return path && path[0] != '/' ? path : NULL;
}

static int set_reference(struct control_request *request, const char *word)
{
	struct text ref = text_over(request->ref, sizeof(request->ref));
	const char *path = relative_path(word);
	_cleanup_free char *directory = NULL;

	if (!*word)
		return command_misuse("load", "the image reference is empty");
	if (str_eq(word, "-"))
		return command_misuse("load", "an image cannot come from "
					      "standard input here; name a "
					      "file or a URL");
	if (path) {
		directory = getcwd(NULL, 0);
		if (!directory) {
			log_error("cannot find %s: the working directory is "
				  "gone; use a full path",
				  word);
			return STATUS_FAILED;
		}
		text_add(&ref, "%.*s%s/", (int)(path - word), word, directory);
		word = path;
	}
	text_put(&ref, word);
	if (ref.cut)
		return command_misuse("load",
				      "the image reference is longer than %d "
				      "bytes",
				      CONTROL_REF_MAX - 1);
	return STATUS_OK;
}

static int set_init(struct control_request *request, const char *path)
{
	if (path[0] != '/')
		return command_misuse("load",
				      "--init needs a full path in the image, "
				      "not \"%s\"",
				      path);
	if (!str_copy(request->init, sizeof(request->init), path))
		return command_misuse("load",
				      "the path of --init is longer than %d "
				      "bytes",
				      CONTROL_INIT_MAX - 1);
	return STATUS_OK;
}

static int set_sha256(struct control_request *request, const char *hex)
{
	if (!control_sha256_valid(hex))
		return command_misuse("load",
				      "--sha256 needs 64 hexadecimal digits, "
				      "not \"%s\"",
				      hex);
	(void)str_copy(request->sha256, sizeof(request->sha256), hex);
	return STATUS_OK;
}

static int set_keep(struct control_request *request, const char *name)
{
	if (!control_keep_valid(name))
		return command_misuse(
			"load",
			"--keep needs a name of at most %d "
			"letters, digits and ._- that begins with "
			"none of .-, not \"%s\"",
			CONTROL_KEEP_MAX - 1, name);
	(void)str_copy(request->keep, sizeof(request->keep), name);
	return STATUS_OK;
}

static int set_require_signature(struct control_request *request,
				 _unused const char *none)
{
	request->require_signature = 1;
	return STATUS_OK;
}

int cmd_load(int argc, char **argv)
{
	static const struct option options[] = {
		{ "init", required_argument, NULL, 'i' },
		{ "keep", required_argument, NULL, 'k' },
		{ "sha256", required_argument, NULL, 's' },
		{ "require-signature", no_argument, NULL, 'r' },
		{ 0 },
	};
	static const struct {
		int option;
		int (*set)(struct control_request *request, const char *value);
	} setters[] = {
		{ 'i', set_init },
		{ 'k', set_keep },
		{ 's', set_sha256 },
		{ 'r', set_require_signature },
	};
	struct control_request request = { .verb = CONTROL_LOAD };
	struct failure failure = { 0 };
	int option, r;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		size_t i = 0;

		while (i < ARRAY_SIZE(setters) && setters[i].option != option)
			i++;
		if (i == ARRAY_SIZE(setters))
			return command_bad_option(option, argv);
		r = setters[i].set(&request, optarg);
		if (r != STATUS_OK)
			return r;
	}
	if (argc - optind != 1)
		return command_misuse(argv[0], "which image? One reference");
	r = set_reference(&request, argv[optind]);
	if (r != STATUS_OK)
		return r;
	if (load(&request, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	str_make_printable(request.ref);
	printf("entering %s ...\n", request.ref);
	fflush(stdout);
	return STATUS_OK;
}
