/* SPDX-License-Identifier: MIT */
#include "cli/initramfs-output.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/newfile.h"
#include "base/text.h"
#include "cli/commands.h"

int initramfs_set_compression(const char *command,
			      const struct initramfs_compression *compression,
			      struct cpio_plan *plan)
{
	uint64_t level = 0;
	int highest;

	if (compression->word &&
	    compression_by_name(compression->word, &plan->compression) < 0)
		return command_misuse(command,
				      "--compress is zstd, gzip, xz, lz4, "
				      "lzma or none");
	highest = compression_highest_level(plan->compression);
	if (compression->level &&
	    (str_to_u64(compression->level, (uint64_t)highest, &level) < 0 ||
	     level == 0))
		return command_misuse(command,
				      "--level for %s is a number from 1 to %d",
				      compression_name(plan->compression),
				      highest);
	plan->level = (int)level;
	return STATUS_OK;
}

int initramfs_write(const struct cpio_plan *plan, const struct reader *file,
		    const char *path, struct failure *failure)
{
	_cleanup_newfile struct newfile out = NEWFILE_NONE;
	mode_t mask = umask(0);
	char size[SIZE_TEXT_MAX];
	struct stat st;
	int r;

	umask(mask);
	r = newfile_begin(
		path, stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask,
		&out, failure);
	if (r == 0)
		r = cpio_plan_write(plan, file, out.fd, failure);
	if (r == 0 && fstat(out.fd, &st) < 0)
		r = failure_errno(failure, errno, "%s", path);
	if (r == 0)
		r = newfile_finish(&out, failure);
	if (r == 0)
		printf("%s: %s\n", path, size_text((uint64_t)st.st_size, size));
	return r;
}
