/* SPDX-License-Identifier: MIT */
#include "initramfs/kernel.h"

#include <dirent.h>
#include <elf.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "wire/bzimage.h"

#define IMAGE_MAX (1 * GIB)

/* The kernel of this release below root, if it is all there. */
static bool kernel_at(const char *root, const char *release,
		      struct kernel *ret_kernel)
{
	char indexes[PATH_MAX];
	struct kernel kernel;
	struct text image = text_over(kernel.image, sizeof(kernel.image));
	struct text modules = text_over(kernel.modules, sizeof(kernel.modules));
	struct text text = text_over(indexes, sizeof(indexes));

	text_add(&image, "%s/boot/vmlinuz-%s", root, release);
	text_add(&modules, "%s/lib/modules/%s", root, release);
	text_add(&text, "%s/modules.dep.bin", kernel.modules);
	if (image.cut || modules.cut || text.cut ||
	    access(kernel.image, R_OK) < 0 || access(indexes, R_OK) < 0)
		return false;
	*ret_kernel = kernel;
	return true;
}

static bool newest_below(const char *root, struct kernel *ret_kernel)
{
	char boot[PATH_MAX], newest[NAME_MAX + 1] = "";
	struct text text = text_over(boot, sizeof(boot));
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;

	text_add(&text, "%s/boot", root);
	dir = opendir(boot);
	while (dir && (entry = readdir(dir))) {
		const char *release = str_after(entry->d_name, "vmlinuz-");

		if (release && strverscmp(release, newest) > 0 &&
		    kernel_at(root, release, ret_kernel))
			(void)str_copy(newest, sizeof(newest), release);
	}
	return newest[0] != '\0';
}

int kernel_find(const char *cache, struct kernel *ret_kernel,
		struct failure *failure)
{
	if (newest_below(cache, ret_kernel) || newest_below("", ret_kernel))
		return 0;
	return failure_set(failure, ENOENT,
			   "no kernel in %s or /boot with its modules; run "
			   "make kernel-fetch, or pass --kernel and --modules",
			   cache);
}

int kernel_find_in(const char *sysroot, struct kernel *ret_kernel,
		   struct failure *failure)
{
	if (newest_below(sysroot, ret_kernel))
		return 0;
	return failure_set(failure, ENOENT,
			   "no kernel in %s/boot with its modules; pass "
			   "--kernel and --modules",
			   sysroot);
}

int kernel_check(const struct kernel *kernel, uint16_t machine,
		 struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	char release[BZIMAGE_RELEASE_MAX], modules[PATH_MAX];
	const char *wanted;
	size_t len;
	int r;

	if (!realpath(kernel->modules, modules))
		return failure_errno(failure, errno, "%s", kernel->modules);
	wanted = strrchr(modules, '/') + 1;
	r = host_read(kernel->image, IMAGE_MAX, &bytes, &len);
	if (r < 0)
		return failure_errno(failure, -r, "%s", kernel->image);
	r = bzimage_release(view_over(bytes, len), release);
	if (r == 0 && !str_eq(release, wanted))
		return failure_set(failure, EINVAL,
				   "%s is kernel %s, but %s has the modules of "
				   "%s",
				   kernel->image, release, kernel->modules,
				   wanted);
	if (r == -EBADMSG && machine == EM_X86_64)
		return failure_set(failure, EINVAL,
				   "%s: not a kernel image (bzImage)",
				   kernel->image);
	if (r != -EBADMSG && machine != EM_X86_64)
		return failure_set(failure, EINVAL,
				   "%s is a kernel for x86, but boomerang-init "
				   "is not",
				   kernel->image);
	return 0;
}
