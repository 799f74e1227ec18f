/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <getopt.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/cmd-initramfs.h"
#include "cli/commands.h"
#include "cli/initramfs-output.h"
#include "initramfs/cpio-pack.h"
#include "initramfs/cpio-unpack.h"

struct arguments {
	const char *command, *dir, *file;
	struct initramfs_compression compression;
	bool keep_owners;
};

static int pack_tree(const struct arguments *a, int dir_fd,
		     struct failure *failure)
{
	const struct cpio_owner owner = { .keep = a->keep_owners };
	_cleanup_plan struct cpio_plan plan = { 0 };
	int r = cpio_plan_open(&plan, NULL, failure);

	if (r < 0)
		return r;
	if (initramfs_set_compression(a->command, &a->compression, &plan) !=
	    STATUS_OK)
		return -EINVAL;
	r = cpio_pack_tree(&plan, dir_fd, a->dir, "", &owner, failure);
	return r == 0 ? initramfs_write(&plan, NULL, a->file, failure) : r;
}

static int pack_unpacked(const struct arguments *a, int dir_fd, int tree_fd,
			 int original_fd, struct failure *failure)
{
	_cleanup_catalog struct cpio_catalog catalog = { 0 };
	_cleanup_plan struct cpio_plan plan = { 0 };
	struct reader original;
	int r = reader_over_fd(&original, original_fd, a->dir, failure);

	if (r == 0)
		r = cpio_catalog_read(&catalog, &original, failure);
	if (r == 0)
		r = cpio_plan_open(&plan, &catalog, failure);
	if (r < 0)
		return r;
	if (initramfs_set_compression(a->command, &a->compression, &plan) !=
	    STATUS_OK)
		return -EINVAL;
	plan.recompress = a->compression.word || a->compression.level;
	r = cpio_pack_unpacked(&plan, &original, dir_fd, tree_fd, a->dir,
			       failure);
	return r == 0 ? initramfs_write(&plan, &original, a->file, failure) : r;
}

static int pack(const struct arguments *a, struct failure *failure)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd int dir = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd int tree = FD_NONE, original = FD_NONE;

	if (dir < 0)
		return failure_errno(failure, errno, "%s", a->dir);
	tree = openat(dir, CPIO_TREE, flags | O_DIRECTORY);
	original = openat(dir, CPIO_ORIGINAL, flags);
	if (tree < 0 || original < 0 ||
	    faccessat(dir, CPIO_SPECIAL, F_OK, 0) < 0)
		return pack_tree(a, dir, failure);
	return pack_unpacked(a, dir, tree, original, failure);
}

int cmd_initramfs_pack(int argc, char **argv)
{
	static const struct option options[] = {
		{ "compress", required_argument, NULL, 'c' },
		{ "keep-owners", no_argument, NULL, 'k' },
		{ "level", required_argument, NULL, 'l' },
		{ 0 }
	};
	struct arguments a = { .command = argv[0] };
	struct failure failure = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1)
		if (option == 'c')
			a.compression.word = optarg;
		else if (option == 'l')
			a.compression.level = optarg;
		else if (option == 'k')
			a.keep_owners = true;
		else
			return command_bad_option(option, argv);
	if (argc - optind != 2)
		return command_misuse(argv[0], "wants a directory and a file");
	a.dir = argv[optind];
	a.file = argv[optind + 1];
	if (pack(&a, &failure) == 0)
		return STATUS_OK;
	if (!failure.err)
		return STATUS_USAGE;
	log_error("%s", failure.text);
	return STATUS_FAILED;
}
