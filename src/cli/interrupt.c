/* SPDX-License-Identifier: MIT */
#include "cli/interrupt.h"

#include <sys/signalfd.h>
#include <time.h>

#include "base/cleanup.h"

int interrupt_begin(struct interrupt *interrupt)
{
	sigemptyset(&interrupt->signals);
	sigaddset(&interrupt->signals, SIGINT);
	sigaddset(&interrupt->signals, SIGTERM);
	sigaddset(&interrupt->signals, SIGHUP);
	interrupt->fd = signalfd(-1, &interrupt->signals, SFD_CLOEXEC);
	if (interrupt->fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &interrupt->signals, &interrupt->before);
	return 0;
}

void interrupt_end(struct interrupt *interrupt)
{
	static const struct timespec now = { 0 };

	/* Taken, or it would end us after all when unblocked. */
	while (sigtimedwait(&interrupt->signals, NULL, &now) > 0)
		continue;
	sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
	interrupt->fd = fd_close(interrupt->fd);
}
