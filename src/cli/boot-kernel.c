/* SPDX-License-Identifier: MIT */
/*
 * The kernel of the ISO. Under lockdown the running one starts those alone that
 * are signed by a key it trusts. Which keys these are (its own, the firmware's,
 * the ones that shim handed on) it does not tell in a way that could be
 * compared; so it is asked, by loading the kernel and nothing with it, before
 * an ISO is fetched or anything ends.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/boot.h"

#define KERNEL_MAX (256 * MIB)

static const struct boot_entry *entry_of(const struct boot *boot)
{
	return &boot->choice.menu.entries[boot->choice.index];
}

static int open_kernel(const struct boot *boot, struct iso_reader *ret_kernel,
		       struct failure *failure)
{
	const char *path = entry_of(boot)->kernel;
	int r = iso_reader_open(ret_kernel, &boot->choice.iso, path, failure);

	if (r == 0 && ret_kernel->entry.size > KERNEL_MAX)
		r = failure_set(failure, EFBIG,
				"%s has more than the %llu MiB that a kernel "
				"may have",
				path, (unsigned long long)(KERNEL_MAX / MIB));
	return r;
}

static int put_memory(void *context, const void *bytes, size_t len,
		      struct failure *failure)
{
	int r = fd_write_all(*(const int *)context, bytes, len);

	return r < 0 ? failure_errno(failure, -r, "no memory for the kernel")
		     : 0;
}

int boot_kernel_copy(const struct boot *boot, struct failure *failure)
{
	/* kexec takes regular files only. */
	_cleanup_fd int fd = memfd_create("vmlinuz", MFD_CLOEXEC);
	struct iso_reader kernel;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno,
				     "no memory for the kernel");
	r = open_kernel(boot, &kernel, failure);
	if (r == 0)
		r = reader_copy(&kernel.reader, 0, kernel.reader.size,
				put_memory, &fd, failure);
	return r < 0 ? r : TAKE_FD(fd);
}

int boot_kernel_refer(const struct boot *boot, struct device_files *files,
		      struct failure *failure)
{
	struct device_file file = device_file_begin(files, DEVICE_FILE_KERNEL);
	struct iso_reader kernel;
	int r = open_kernel(boot, &kernel, failure);

	return r < 0 ? r : device_file_put_iso(&file, &kernel, failure);
}

/* One that somebody else has loaded would be lost. */
static bool can_ask(const struct boot *boot)
{
	return boot->policy.possible && boot->policy.needs_signature &&
	       geteuid() == 0 && !kexec_is_loaded();
}

int boot_kernel_try(const struct boot *boot, struct failure *failure)
{
	char name[PATH_MAX];
	struct text text = text_over(name, sizeof(name));
	struct failure why = { 0 };
	_cleanup_fd int fd = FD_NONE;
	int r;

	if (!can_ask(boot))
		return 0;
	fd = boot_kernel_copy(boot, failure);
	if (fd < 0)
		return fd;
	text_add(&text, "%s of %s", entry_of(boot)->kernel, boot->source.title);
	r = kexec_load_files(KEXEC_NEXT, fd, FD_NONE, "", name, &why);
	if (r == 0)
		return kexec_unload(KEXEC_NEXT);
	/* What else is wrong may be otherwise when it counts. */
	if (r != -EKEYREJECTED)
		return 0;
	*failure = why;
	return r;
}
