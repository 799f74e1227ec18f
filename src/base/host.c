/* SPDX-License-Identifier: MIT */
#include "base/host.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/spawn.h"
#include "base/text.h"
#include "base/whole-file.h"

int host_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : whole_file_read(fd, max, ret_bytes, ret_len);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

int host_find_program(const char *name, char ret_path[static PATH_MAX])
{
	const char *from_env = getenv("PATH");
	char search[PATH_MAX];
	struct text text = text_over(search, sizeof(search));
	char *rest = search, *dir;

	text_add(&text, "%s:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
		 from_env ? from_env : "");
	while ((dir = strsep(&rest, ":"))) {
		struct text path = text_over(ret_path, PATH_MAX);

		text_add(&path, "%s/%s", dir, name);
		if (dir[0] == '/' && !path.cut && is_program(ret_path))
			return 0;
	}
	return -ENOENT;
}

static int run(const char *const *argv, int out, struct failure *failure)
{
	const struct spawn what = {
		.argv = argv,
		.fd = { FD_NONE, out, STDERR_FILENO },
		.extra_fd = FD_NONE,
	};
	int r = spawn_wait(&what, failure);

	if (r > 0)
		return failure_set(failure, ECHILD, "%s failed, status %d",
				   argv[0], r);
	return r;
}

int host_output(const char *const *argv, size_t max, char **ret_output,
		struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("output", MFD_CLOEXEC);
	size_t len;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "%s", argv[0]);
	r = run(argv, fd, failure);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return failure_errno(failure, errno, "%s", argv[0]);
	r = whole_file_read(fd, max, ret_output, &len);
	if (r < 0)
		return failure_errno(failure, -r, "the output of %s", argv[0]);
	return 0;
}

int host_run(const char *const *argv, struct failure *failure)
{
	return run(argv, STDERR_FILENO, failure);
}
