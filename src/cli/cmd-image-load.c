/* SPDX-License-Identifier: MIT */
/*
 * boomerang image load: an image into the store. PID 1's load worker runs it
 * (--report, wire/control.h); by hand it fills the store ahead of a load.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-arguments.h"
#include "cli/progress-line.h"
#include "root/disk.h"

#define REPORT_FD 3

struct load {
	struct image_arguments image;
	const char *store_dir;
	struct store *store;
	bool report;
	struct image_made made;
	struct progress progress; /* the last */
};

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

/* Until it hangs up, the store is held for it: then the image runs, or will
 * not. */
static void wait_for_reader(void)
{
	struct pollfd end = { .fd = REPORT_FD };

	while (poll(&end, 1, -1) < 0 && errno == EINTR && !image_interrupted())
		;
}

/* --- the work --- */

/* Where in a file the root is, which the store does not know. */
static int find_root(struct load *load, struct failure *failure)
{
	struct image_made *made = &load->made;
	char path[256];
	struct text text = text_over(path, sizeof(path));
	_cleanup_fd int fd = FD_NONE;
	struct reference reference;
	struct disk_part part;
	int r;

	if (made->layout != IMAGE_LAYOUT_FILE)
		return 0;
	text_add(&text, "%s/layers/%s/image", load->store_dir,
		 made->layers[0].id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(failure, errno, "cannot open %s", path);
	r = reference_parse(load->image.request.reference, &reference, failure);
	if (r == 0)
		r = disk_find_root(fd, reference.name, &part, failure);
	if (r < 0)
		return r;
	if (part.guessed)
		log_warning("%s: the largest partition is taken for its root",
			    reference.name);
	made->offset = part.offset;
	made->length = part.length;
	str_copy(made->fstype, sizeof(made->fstype), part.fstype);
	str_copy(made->subdirectory, sizeof(made->subdirectory),
		 part.subdirectory);
	return 0;
}

/* Leaves the store open, whose lock keeps the image in it. */
static int load_image(struct load *load, struct failure *failure)
{
	int r = image_arguments_ready(&load->image, failure);

	if (r == 0)
		r = store_open(load->store_dir, &load->store, failure);
	if (r < 0)
		return r;
	r = image_load(&load->image.request, load->store, &load->made,
		       &load->progress, failure);
	store_trim(load->store);
	return r < 0 ? r : find_root(load, failure);
}

static int load_reporting(struct load *load)
{
	struct image_report report = { .magic = CONTROL_MAGIC };
	int r;

	load->image.request.progress = report_progress;
	r = load_image(load, &report.failure);
	report.kind = r < 0 ? IMAGE_REPORT_FAILED : IMAGE_REPORT_DONE;
	report.progress = load->progress;
	if (send_report(&report) < 0 || r < 0 ||
	    fd_write_all(REPORT_FD, &load->made, sizeof(load->made)) < 0)
		return STATUS_FAILED;
	wait_for_reader();
	return STATUS_OK;
}

static int load_showing(struct load *load)
{
	struct progress_meter meter = { 0 };
	char fetched[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];
	struct failure failure = { 0 };
	int r;

	load->image.request.progress = image_show_progress;
	load->image.request.context = &meter;
	r = load_image(load, &failure);
	image_hide_progress();
	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	printf("%s: %s fetched, %s unpacked, %.2f s\n", load->made.id,
	       size_text(load->progress.fetched, fetched),
	       size_text(load->progress.unpacked, unpacked),
	       (double)load->progress.elapsed_ms / MS_PER_S);
	return STATUS_OK;
}

/* --- the command line --- */

static int parse(int argc, char **argv, struct load *load)
{
	static const struct option options[] = {
		{ "report", no_argument, NULL, 'r' },
		{ "store", required_argument, NULL, 'S' },
		IMAGE_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = image_argument_next(&load->image, argc, argv,
					     options)) >= 0) {
		if (option == 'r')
			load->report = true;
		else
			load->store_dir = optarg;
	}
	if (option == IMAGE_ARGUMENT_WRONG)
		return STATUS_USAGE;
	if (argc - optind != 1)
		return command_misuse(argv[0], "wants a reference");
	if (load->report && fcntl(REPORT_FD, F_GETFD) < 0)
		return command_misuse(argv[0], "--report needs a descriptor %d",
				      REPORT_FD);
	load->image.request.reference = argv[optind];
	return STATUS_OK;
}

int cmd_image_load(int argc, char **argv)
{
	static struct load load = { .store_dir = STORE_DIR };
	int status = parse(argc, argv, &load);

	if (status != STATUS_OK)
		return status;
	image_interrupts_catch();
	status = load.report ? load_reporting(&load) : load_showing(&load);
	store_close(load.store);
	return status;
}
