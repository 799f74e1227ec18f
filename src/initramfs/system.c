/* SPDX-License-Identifier: MIT */
#include "initramfs/system.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/path.h"
#include "base/text.h"

static bool find_in_sysroot(const char *sysroot, const char *path,
			    char ret_source[static PATH_MAX])
{
	_cleanup_fd int root_fd =
		open(sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd int fd = FD_NONE;
	char link[64];
	struct text text = text_over(link, sizeof(link));
	ssize_t len;

	if (root_fd < 0)
		return false;
	fd = path_open_in_root(root_fd, path, O_PATH, 0);
	if (fd < 0)
		return false;
	text_add(&text, "/proc/self/fd/%d", fd);
	len = readlink(link, ret_source, PATH_MAX);
	if (len < 0 || len == PATH_MAX)
		return false;
	ret_source[len] = '\0';
	return true;
}

bool system_find(const struct manifest *m, const char *path,
		 char ret_source[static PATH_MAX])
{
	if (m->sysroot)
		return find_in_sysroot(m->sysroot, path, ret_source);
	return access(path, R_OK) == 0 && str_copy(ret_source, PATH_MAX, path);
}

bool system_find_program(const struct manifest *m, const char *name,
			 char ret_source[static PATH_MAX])
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin",
					    "/usr/sbin",       "/usr/bin",
					    "/sbin",	       "/bin" };

	if (!m->sysroot)
		return host_find_program(name, ret_source) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		char path[PATH_MAX];
		struct text text = text_over(path, sizeof(path));
		struct stat st;

		text_add(&text, "%s/%s", dirs[i], name);
		if (!text.cut && system_find(m, path, ret_source) &&
		    stat(ret_source, &st) == 0 && S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

bool system_add_file(struct manifest *m, const char *path, mode_t mode)
{
	char source[PATH_MAX];

	if (!system_find(m, path, source))
		return false;
	manifest_file(m, path, mode, source);
	return true;
}
