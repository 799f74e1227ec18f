/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-arguments.h"
#include "cli/progress-line.h"

static const char *result_name(const struct image_facts *facts)
{
	return facts->layout == IMAGE_LAYOUT_FILE ? "image" : "tree";
}

static void print_lost(uint64_t count, const char *what)
{
	if (count > 0)
		log_warning("%llu %s", (unsigned long long)count, what);
}

static void print_facts(const char *dir, const struct image_facts *facts)
{
	const struct progress *progress = &facts->progress;
	char fetched[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];

	printf("%s/%s: %s fetched, %s unpacked, %.1f s\n", dir,
	       result_name(facts), size_text(progress->fetched, fetched),
	       size_text(progress->unpacked, unpacked),
	       (double)progress->elapsed_ms / MS_PER_S);
	print_lost(facts->lost_owners, "owners could not be kept without root");
	print_lost(facts->lost_devices,
		   "devices could not be made without root");
	print_lost(facts->lost_attributes,
		   "extended attributes could not be kept here");
}

/* Makes dir unless it is there. */
static int make_dir(const char *dir, bool *ret_made, struct failure *failure)
{
	*ret_made = mkdir(dir, 0755) == 0;
	return *ret_made || errno == EEXIST
		       ? 0
		       : failure_errno(failure, errno, "cannot make %s", dir);
}

static int unpack(struct image_arguments *a, const char *dir)
{
	struct progress_meter meter = { 0 };
	struct failure failure = { 0 };
	struct image_facts *facts = malloc(sizeof(*facts));
	bool made = false;
	int r = image_arguments_ready(a, &failure);

	a->request.progress = image_show_progress;
	a->request.context = &meter;
	image_interrupts_catch();
	if (r == 0 && !facts)
		r = failure_errno(&failure, ENOMEM, "cannot unpack");
	if (r == 0)
		r = make_dir(dir, &made, &failure);
	if (r == 0) {
		r = image_unpack(&a->request, dir, facts, &failure);
		image_hide_progress();
	}
	if (r < 0 && made)
		(void)rmdir(dir);
	if (r < 0)
		log_error("%s", failure.text);
	else
		print_facts(dir, facts);
	free(facts);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_image_unpack(int argc, char **argv)
{
	struct image_arguments a = { 0 };

	if (image_argument_next(&a, argc, argv, NULL) != IMAGE_ARGUMENT_END)
		return STATUS_USAGE;
	if (argc - optind != 2)
		return command_misuse(argv[0], "wants a reference and a "
					       "directory");
	a.request.reference = argv[optind];
	return unpack(&a, argv[optind + 1]);
}
