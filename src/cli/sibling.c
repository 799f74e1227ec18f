/* SPDX-License-Identifier: MIT */
#include "cli/sibling.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

int sibling_find(const char *name, char ret_path[static PATH_MAX],
		 struct failure *failure)
{
	static const char *const places[] = { "", "../sbin/", "../libexec/" };
	char self[PATH_MAX];
	int dir_len;

	if (!realpath("/proc/self/exe", self))
		return failure_errno(failure, errno, "/proc/self/exe");
	dir_len = (int)(strrchr(self, '/') - self);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct text text = text_over(ret_path, PATH_MAX);

		text_add(&text, "%.*s/%s%s", dir_len, self, places[i], name);
		if (!text.cut && access(ret_path, R_OK) == 0)
			return 0;
	}
	return failure_set(failure, ENOENT,
			   "no %s beside %s or installed with it; install "
			   "boomerang whole",
			   name, self);
}
