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

int boot_kernel_copy(const struct boot *boot, struct failure *failure)
{
	const char *path = entry_of(boot)->kernel;
	/* kexec takes regular files only. */
	_cleanup_fd int fd = memfd_create("vmlinuz", MFD_CLOEXEC);
	_cleanup_free char *bytes = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory for %s", path);
	r = iso_read_whole(&boot->choice.iso, path, KERNEL_MAX, &bytes, &len,
			   failure);
	if (r < 0)
		return r;
	r = fd_write_all(fd, bytes, len);
	return r < 0 ? failure_errno(failure, -r, "no memory for %s", path)
		     : TAKE_FD(fd);
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
