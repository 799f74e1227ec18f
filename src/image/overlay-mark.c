/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/path.h"
#include "image/unpacker.h"

#define OPAQUE	  "trusted.overlay.opaque"
#define MARKS_MAX (16 * MIB) /* what a child that is itself writes at most */

static int mark(int tree_fd, const char *name)
{
	_cleanup_fd int fd = path_open_in_root(
		tree_fd, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);

	/* A later entry of the layer may have replaced it. */
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
	return fsetxattr(fd, OPAQUE, "y", 1, 0) < 0 ? -errno : 0;
}

/* The names, and a NUL behind the last one in any case. */
static int read_marks(int marks_fd, char **ret_names, size_t *ret_len)
{
	_cleanup_free char *names = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(marks_fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || (uint64_t)st.st_size > MARKS_MAX)
		return -EBADMSG;
	names = malloc((size_t)st.st_size + 1);
	if (!names)
		return -ENOMEM;
	n = pread(marks_fd, names, (size_t)st.st_size, 0);
	if (n < 0)
		return -errno;
	names[n] = '\0';
	*ret_len = (size_t)n;
	*ret_names = TAKE_PTR(names);
	return 0;
}

int overlay_mark(int tree_fd, int marks_fd, struct failure *failure)
{
	_cleanup_free char *names = NULL;
	size_t len = 0;
	int r = read_marks(marks_fd, &names, &len);

	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot read the layer's opaque "
				     "directories");
	for (size_t at = 0; at < len && r == 0; at += strlen(names + at) + 1) {
		r = mark(tree_fd, names + at);
		if (r < 0)
			return failure_errno(failure, -r,
					     "cannot make '%.128s' opaque",
					     names + at);
	}
	return 0;
}
