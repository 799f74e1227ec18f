/* SPDX-License-Identifier: MIT */
#include "initramfs/scratch.h"

#include <fcntl.h>

#include "base/path.h"
#include "base/text.h"

#define TEMPORARY "boomerang-XXXXXX"

int scratch_make(char ret_path[static PATH_MAX], struct failure *failure)
{
	const char *parent = getenv("TMPDIR");
	struct text text = text_over(ret_path, PATH_MAX);

	text_add(&text, "%s/%s", parent && *parent ? parent : "/tmp",
		 TEMPORARY);
	if (!text.cut && mkdtemp(ret_path))
		return 0;
	return failure_errno(failure, text.cut ? ENAMETOOLONG : errno,
			     "cannot make a temporary directory (TMPDIR says "
			     "where)");
}

void scratch_remove(const char *path)
{
	(void)!path_remove_tree(AT_FDCWD, path);
}
