/* SPDX-License-Identifier: MIT */
#include "bootstrap/rescue.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"

#define SHELL "/bin/sh"

/* Only what is safe in a signal handler. */
static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

void rescue(const char *why)
{
	static const char *const files[] = { "/dev/kmsg", "/dev/console" };
	const char *argv[] = { "/init", "--rescue", NULL };
	const char *env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			      "HOME=/root", "TERM=linux", NULL };
	const char *help =
		access(SHELL, X_OK) == 0
			? "\nboomerang: here is a rescue shell; `reboot -f` "
			  "restarts the machine\n"
			: "\nboomerang: there is no shell either; switch the "
			  "machine off and on\n";
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		say(files[i], "\nboomerang: PID 1 cannot go on: ");
		say(files[i], why);
		say(files[i], help);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], (char *const *)argv, (char *const *)env);
	/* Without its own file, at least the machine stays as it is. */
	for (;;)
		pause();
}

static void crashed(int signal)
{
	static char text[] = "it crashed with signal ??";

	text[sizeof(text) - 3] = (char)('0' + signal / 10);
	text[sizeof(text) - 2] = (char)('0' + signal % 10);
	rescue(text);
}

void rescue_on_crash(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				       SIGABRT };
	struct sigaction action = { .sa_handler = crashed,
				    .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

static pid_t start_shell(void)
{
	const char *argv[] = { "sh", "-l", NULL };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setsid();
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		close(fd);
		(void)!open("/dev/console", O_RDWR);
	}
	(void)ioctl(STDIN_FILENO, TIOCSCTTY, 1);
	execv(SHELL, (char *const *)argv);
	_exit(127);
}

void rescue_run(void)
{
	for (;;) {
		pid_t shell = start_shell(), gone;

		do
			gone = wait(NULL);
		while (gone > 0 && gone != shell);
		/* A shell that cannot start must not take the whole CPU. */
		sleep(1);
	}
}
