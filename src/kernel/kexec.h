/* SPDX-License-Identifier: MIT */
/*
 * The next kernel: kexec_file_load(2), which is the only way under lockdown and
 * checks a signature where the running kernel demands one. Free of allocation
 * and of libraries: PID 1's program has it too.
 */
#pragma once

#include "base/failure.h"

enum kexec_use {
	KEXEC_NEXT,  /* at the next reboot(RB_KEXEC) */
	KEXEC_CRASH, /* when this one panics; needs crashkernel= */
};

/*
 * Loads it; initrd_fd FD_NONE: without one. Both are regular files (a memfd
 * is one). -EKEYREJECTED: it must be signed, and is not, or by nobody whom this
 * kernel trusts; -EPERM: kexec is switched off here. *failure says so in words.
 */
int kexec_load_files(enum kexec_use use, int kernel_fd, int initrd_fd,
		     const char *cmdline, const char *name,
		     struct failure *failure) _must_check;

/* Nothing is loaded afterwards. */
int kexec_unload(enum kexec_use use) _must_check;

/* Whether a kernel is loaded for the next reboot(RB_KEXEC). */
bool kexec_is_loaded(void);

/* What the running kernel demands of the next. One that was built to want a
 * signature without lockdown does not tell before it is asked to load. */
struct kexec_policy {
	bool possible;	      /* it knows kexec, and it is not switched off */
	bool needs_signature; /* lockdown */
	char why[96];	      /* "the kernel is locked down …"; "": nothing */
};

void kexec_look(struct kexec_policy *ret_policy);
