/* SPDX-License-Identifier: MIT */
#include "kernel/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

static unsigned long flag_of(enum kexec_use use)
{
	switch (use) {
	case KEXEC_NEXT:
		return 0;
	case KEXEC_CRASH:
		return KEXEC_FILE_ON_CRASH;
	}
	return 0;
}

/* The kernel's own words for it are one errno each: kexec_file_load(2) and
 * kernel/kexec_file.c. */
static int explain(int err, enum kexec_use use, const char *name,
		   struct failure *failure)
{
	struct kexec_policy policy;

	kexec_look(&policy);
	switch (err) {
	case ENOSYS:
		return failure_set(failure, err,
				   "%s cannot be started: this kernel has no "
				   "kexec_file_load(2); boot one with "
				   "CONFIG_KEXEC_FILE",
				   name);
	case EPERM:
		return failure_set(failure, err,
				   "%s cannot be started: kexec is not allowed "
				   "here (%s)",
				   name,
				   *policy.why ? policy.why : "it needs root");
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
	case ENODATA:
		return failure_set(failure, EKEYREJECTED,
				   "%s cannot be started: %s, and it is not "
				   "signed by a key that this kernel trusts",
				   name,
				   *policy.why
					   ? policy.why
					   : "this kernel wants a signature");
	case EBUSY:
		return failure_set(failure, err,
				   "%s cannot be loaded now: another program "
				   "loads a kernel",
				   name);
	case EADDRNOTAVAIL:
	case ENOMEM:
		if (use == KEXEC_CRASH)
			return failure_set(failure, err,
					   "%s does not fit into the memory "
					   "that crashkernel= reserves",
					   name);
		return failure_set(
			failure, ENOMEM,
			"%s cannot be loaded: too little free memory "
			"in one piece",
			name);
	case ENOEXEC:
		return failure_set(failure, err,
				   "%s cannot be started by kexec: it is no "
				   "kernel for this machine",
				   name);
	}
	return failure_errno(failure, err, "%s cannot be loaded", name);
}

int kexec_load_files(enum kexec_use use, int kernel_fd, int initrd_fd,
		     const char *cmdline, const char *name,
		     struct failure *failure)
{
	unsigned long flags = flag_of(use);

	if (initrd_fd < 0)
		flags |= KEXEC_FILE_NO_INITRAMFS;
	/* The length counts the NUL. */
	if (syscall(SYS_kexec_file_load, kernel_fd, initrd_fd,
		    strlen(cmdline) + 1, cmdline, flags) == 0)
		return 0;
	return explain(errno, use, name, failure);
}

int kexec_unload(enum kexec_use use)
{
	unsigned long flags = flag_of(use) | KEXEC_FILE_UNLOAD;

	return syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL, flags) < 0
		       ? -errno
		       : 0;
}

/* "none [integrity] confidentiality": the one in brackets. */
static void look_at_lockdown(struct kexec_policy *policy)
{
	struct text why = text_over(policy->why, sizeof(policy->why));
	char modes[64], *mode;

	if (file_read_line(AT_FDCWD, "/sys/kernel/security/lockdown", modes,
			   sizeof(modes)) <= 0)
		return;
	mode = strchr(modes, '[');
	if (!mode || str_after(mode, "[none]"))
		return;
	mode[strcspn(mode, "]")] = '\0';
	policy->needs_signature = true;
	text_add(&why, "the kernel is locked down (lockdown=%s)", mode + 1);
}

void kexec_look(struct kexec_policy *ret_policy)
{
	struct kexec_policy policy = { .possible = true };
	char disabled[8];

	if (file_read_line(AT_FDCWD, "/proc/sys/kernel/kexec_load_disabled",
			   disabled, sizeof(disabled)) <= 0) {
		policy.possible = false;
		str_copy(policy.why, sizeof(policy.why),
			 "this kernel was built without kexec");
	} else if (!str_eq(disabled, "0")) {
		policy.possible = false;
		str_copy(policy.why, sizeof(policy.why),
			 "kernel.kexec_load_disabled is set until the next "
			 "boot");
	} else {
		look_at_lockdown(&policy);
	}
	*ret_policy = policy;
}
