/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/cmd-initramfs.h"
#include "cli/commands.h"
#include "initramfs/cpio-unpack.h"

static void print_unpacked(const char *dir,
			   const struct cpio_unpacked *unpacked)
{
	printf("%s/" CPIO_TREE ": %llu entries of %llu segment%s\n", dir,
	       (unsigned long long)unpacked->entries,
	       (unsigned long long)unpacked->segments,
	       unpacked->segments == 1 ? "" : "s");
	if (unpacked->special > 0)
		printf("%s/" CPIO_SPECIAL ": %llu of them with owners, "
		       "permissions or devices that are only noted\n",
		       dir, (unsigned long long)unpacked->special);
}

int cmd_initramfs_unpack(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	struct cpio_unpacked unpacked;
	struct failure failure = { 0 };
	int option = getopt_long(argc, argv, ":", options, NULL);

	if (option != -1)
		return command_bad_option(option, argv);
	if (argc - optind != 2)
		return command_misuse(argv[0], "wants a file and a directory");
	if (cpio_unpack(argv[optind], argv[optind + 1], &unpacked, &failure) <
	    0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	print_unpacked(argv[optind + 1], &unpacked);
	return STATUS_OK;
}
