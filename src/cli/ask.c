/* SPDX-License-Identifier: MIT */
#include "cli/ask.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/image-arguments.h"

/* Until there is something to read. False: interrupted, also when that was
 * just before. */
static bool wait_for_answer(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t all, before;
	bool answered;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	answered = !image_interrupted() && ppoll(&input, 1, NULL, &before) > 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return answered;
}

bool ask_yes(const char *format, ...)
{
	char answer[16];
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" Type yes: ");
	fflush(stdout);
	if (wait_for_answer() && fgets(answer, sizeof(answer), stdin)) {
		str_trim_end(answer);
		return str_eq(answer, "yes");
	}
	/* Ctrl+C or Ctrl+D leaves the line as it is. */
	printf("\n");
	fflush(stdout);
	return false;
}
