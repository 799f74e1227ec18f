/* SPDX-License-Identifier: MIT */
#include "base/signals.h"

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's, not the C library's: signal(3) leaves the two of its own
 * threads alone, which a program of another library may have ignored. */
struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

void signals_reset(void)
{
	static const struct kernel_action by_default = { 0 };
	sigset_t none;

	for (int i = 1; i < _NSIG; i++)
		(void)syscall(SYS_rt_sigaction, i, &by_default, NULL,
			      sizeof(by_default.mask));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
