/* SPDX-License-Identifier: MIT */
#include "kernel/kexec.h"

#include <errno.h>
#include <linux/kexec.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pseudo.h"
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

static int explain_signature(const struct kexec_policy *policy,
			     const char *name, struct failure *failure)
{
	return failure_set(
		failure, EKEYREJECTED,
		"%s cannot be started: %s, and it is not signed by "
		"a key that this kernel trusts; enrol its key by "
		"mokutil(1)%s",
		name,
		*policy->why ? policy->why : "this kernel wants a signature",
		policy->needs_signature ? ", or turn Secure Boot off" : "");
}

static int explain_memory(enum kexec_use use, const char *name,
			  struct failure *failure)
{
	switch (use) {
	case KEXEC_NEXT:
		return failure_set(failure, ENOMEM,
				   "%s cannot be loaded: too little free "
				   "memory in one piece",
				   name);
	case KEXEC_CRASH:
		return failure_set(failure, ENOMEM,
				   "%s does not fit into the memory that "
				   "crashkernel= reserves, if it does",
				   name);
	}
	return -ENOMEM;
}

/* Each errno of kexec_file_load(2) says one thing (kernel/kexec_file.c); what
 * checking a signature answers is handed on where one is demanded. */
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
		/* Of lockdown, for whatever is wrong with a signature. */
		if (policy.possible && policy.needs_signature)
			return explain_signature(&policy, name, failure);
		return failure_set(failure, err,
				   "%s cannot be started: kexec is not allowed "
				   "here (%s)",
				   name,
				   *policy.why ? policy.why : "it needs root");
	case EKEYREJECTED:
	case ENOKEY:
	case ENOPKG:
	case EBADMSG:
	case ELIBBAD:
	case ENODATA:
		return explain_signature(&policy, name, failure);
	case EBUSY:
		return failure_set(failure, err,
				   "%s cannot be loaded now: another program "
				   "loads a kernel",
				   name);
	case EADDRNOTAVAIL:
	case ENOMEM:
		return explain_memory(use, name, failure);
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

bool kexec_is_loaded(void)
{
	char loaded[8];

	return pseudo_read_line(PSEUDO_SYS, "kernel/kexec_loaded", loaded,
				sizeof(loaded)) > 0 &&
	       str_eq(loaded, "1");
}

/* "none [integrity] confidentiality": the one in brackets. */
static void look_at_lockdown(struct kexec_policy *policy)
{
	struct text why = text_over(policy->why, sizeof(policy->why));
	char modes[64], *mode;

	if (pseudo_read_line(PSEUDO_SECURITY, "lockdown", modes,
			     sizeof(modes)) <= 0)
		return;
	mode = strchr(modes, '[');
	if (!mode || str_after(mode, "[none]"))
		return;
	mode[strcspn(mode, "]")] = '\0';
	policy->needs_signature = true;
	text_add(&why, "the kernel is locked down (lockdown=%s)", mode + 1);
}

/* Documentation/admin-guide/sysctl/kernel.rst: each can only become
 * stricter. The first is there with every kernel that knows kexec. */
static const struct {
	const char *path, *off, *why;
} switches[] = {
	{ "sys/kernel/kexec_load_disabled", "1",
	  "kernel.kexec_load_disabled is set until the next boot" },
	{ "sys/kernel/kexec_load_limit_reboot", "0",
	  "kernel.kexec_load_limit_reboot is used up until the next boot" },
};

/* What forbids it, or NULL. */
static const char *look_at_switches(void)
{
	char value[16];

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		ssize_t n = pseudo_read_line(PSEUDO_PROC, switches[i].path,
					     value, sizeof(value));

		if (n < 0 && i == 0)
			return "this kernel was built without kexec";
		if (n > 0 && str_eq(value, switches[i].off))
			return switches[i].why;
	}
	return NULL;
}

void kexec_look(struct kexec_policy *ret_policy)
{
	struct kexec_policy policy = { 0 };
	const char *why = look_at_switches();

	policy.possible = !why;
	look_at_lockdown(&policy);
	if (why)
		str_copy(policy.why, sizeof(policy.why), why);
	*ret_policy = policy;
}
