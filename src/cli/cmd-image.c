/* SPDX-License-Identifier: MIT */
/*
 * boomerang image unpack: the pipeline of image/ with a person at its end, or
 * PID 1's load worker (--report, wire/control.h).
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress-line.h"
#include "image/unpack.h"

#define REPORT_FD 3

/* --- for a program --- */

static int send_report(const struct image_report *report)
{
	return fd_write_all(REPORT_FD, report, sizeof(*report));
}

static int report_progress(void *context _unused,
			   const struct progress *progress)
{
	const struct image_report report = {
		.magic = CONTROL_MAGIC,
		.kind = IMAGE_REPORT_PROGRESS,
		.progress = *progress,
	};
	struct pollfd room = { .fd = REPORT_FD, .events = POLLOUT };

	if (poll(&room, 1, 0) > 0 && (room.revents & (POLLERR | POLLHUP)))
		return -ECANCELED; /* nobody is there any more */
	/* A reader that is behind does not hold up the work. */
	return room.revents & POLLOUT ? send_report(&report) : 0;
}

static int unpack_reporting(struct image_unpack *what)
{
	struct image_report report = { .magic = CONTROL_MAGIC };
	enum image_layout layout = IMAGE_LAYOUT_NONE;
	int r;

	what->progress = report_progress;
	r = image_unpack(what, &layout, &report.progress, &report.failure);
	report.kind = r < 0 ? IMAGE_REPORT_FAILED : IMAGE_REPORT_DONE;
	report.layout = layout;
	return send_report(&report) < 0 || r < 0 ? STATUS_FAILED : STATUS_OK;
}

/* --- for a person --- */

static int show_progress(void *context, const struct progress *progress)
{
	struct progress_meter *meter = context;
	char line[PROGRESS_LINE_MAX];

	fprintf(stderr, "\r%-*s", PROGRESS_LINE_MAX - 1,
		progress_line(&meter->before, progress, line));
	progress_meter_add(meter, progress);
	return 0;
}

static const char *layout_name(enum image_layout layout)
{
	switch (layout) {
	case IMAGE_LAYOUT_NONE:
		return "nothing";
	case IMAGE_LAYOUT_TREE:
		return "tree";
	case IMAGE_LAYOUT_SQUASHFS:
		return "image: squashfs";
	case IMAGE_LAYOUT_EROFS:
		return "image: erofs";
	}
	return "unknown";
}

static int unpack_showing(struct image_unpack *what)
{
	enum image_layout layout = IMAGE_LAYOUT_NONE;
	struct progress_meter meter = { 0 };
	char fetched[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];
	bool terminal = isatty(STDERR_FILENO);
	struct failure failure = { 0 };
	struct progress progress;
	int r;

	what->context = &meter;
	what->progress = terminal ? show_progress : NULL;
	r = image_unpack(what, &layout, &progress, &failure);
	if (terminal)
		fprintf(stderr, "\r%*s\r", PROGRESS_LINE_MAX - 1, "");
	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	printf("%s/%s: %s fetched, %s unpacked, %.1f s\n", what->dir,
	       layout_name(layout), size_text(progress.fetched, fetched),
	       size_text(progress.unpacked, unpacked),
	       (double)progress.elapsed_ms / MS_PER_S);
	return STATUS_OK;
}

/* --- the command line --- */

static int cmd_unpack(int argc, char **argv)
{
	static const struct option options[] = {
		{ "report", no_argument, NULL, 'r' },
		{ 0 },
	};
	struct image_unpack what = { 0 };
	bool report = false;
	int option;

	while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (option != 'r')
			return command_bad_option(option, argv);
		report = true;
	}
	if (argc - optind != 2)
		return command_misuse("image unpack",
				      "wants a reference and a directory");
	if (report && fcntl(REPORT_FD, F_GETFD) < 0)
		return command_misuse("image unpack",
				      "--report needs a descriptor %d",
				      REPORT_FD);
	what.reference = argv[optind];
	what.dir = argv[optind + 1];
	signal(SIGPIPE, SIG_IGN);
	return report ? unpack_reporting(&what) : unpack_showing(&what);
}

int cmd_image(int argc, char **argv)
{
	if (argc < 2)
		return command_misuse("image", "wants a verb: unpack");
	if (!str_eq(argv[1], "unpack"))
		return command_misuse("image", "has no verb \"%s\"", argv[1]);
	return cmd_unpack(argc - 1, argv + 1);
}
