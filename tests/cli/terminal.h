/* SPDX-License-Identifier: MIT */
/* A program on a terminal, and somebody who types and reads there. */
#pragma once

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"

#define TERMINAL_PATIENCE_MS 20000

struct terminal {
	int fd;
	pid_t pid;
	char text[65536]; /* all that was printed */
	size_t len;
	size_t at; /* behind what was last waited for */
};

/* Runs main_function(argument) in a child on a new terminal of unknown
 * size. */
static inline void terminal_start(struct terminal *terminal,
				  int (*main_function)(const char *argument),
				  const char *argument)
{
	fflush(stdout);
	terminal->len = terminal->at = 0;
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, NULL);
	if (terminal->pid == 0)
		exit(main_function(argument));
}

static inline void terminal_type(struct terminal *terminal, const char *keys)
{
	(void)!write(terminal->fd, keys, strlen(keys));
}

/* Whether the program prints what, after all that was waited for before. */
static inline bool terminal_shows(struct terminal *terminal, const char *what)
{
	int64_t end_ms = clock_ms() + TERMINAL_PATIENCE_MS;
	struct pollfd pfd = { .fd = terminal->fd, .events = POLLIN };
	size_t room;
	ssize_t n;

	for (;;) {
		char *found;

		terminal->text[terminal->len] = '\0';
		found = strstr(terminal->text + terminal->at, what);
		if (found) {
			terminal->at =
				(size_t)(found - terminal->text) + strlen(what);
			return true;
		}
		room = sizeof(terminal->text) - 1 - terminal->len;
		if (clock_ms() >= end_ms || room == 0 ||
		    poll(&pfd, 1, (int)(end_ms - clock_ms())) <= 0)
			break;
		n = read(terminal->fd, terminal->text + terminal->len, room);
		if (n <= 0)
			break;
		terminal->len += (size_t)n;
	}
	printf("# instead: \"%s\"\n", terminal->text + terminal->at);
	return false;
}

/* Reads all that is printed until the program ends. */
static inline void terminal_rest(struct terminal *terminal)
{
	ssize_t n;

	while ((n = read(terminal->fd, terminal->text + terminal->len,
			 sizeof(terminal->text) - 1 - terminal->len)) > 0)
		terminal->len += (size_t)n;
	terminal->text[terminal->len] = '\0';
}

/* Hangs up; returns the wait status. */
static inline int terminal_end(struct terminal *terminal)
{
	int status;

	close(terminal->fd);
	waitpid(terminal->pid, &status, 0);
	return status;
}
