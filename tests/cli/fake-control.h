/* SPDX-License-Identifier: MIT */
/*
 * A PID 1 of nothing but its control socket, in a child process. What it does
 * with a load is in the reference:
 *
 *   …/bad   fails        …/slow  goes on until it is cancelled
 *   …/junk  answers with a record of another size
 *   …/gone  closes       any other is entered after two reports
 *
 * It tells what happened in letters on a pipe: a verb's first letter when it
 * is asked, 'c' for a load that was cancelled.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/control.h"

struct fake {
	pid_t pid;
	int events;
	char directory[64], path[80];
	/* Shared with the child. */
	struct control_request *request; /* the last load */
	struct status *status;		 /* what it answers */
};

static inline void fake_send(int fd, struct control_reply *reply)
{
	reply->magic = CONTROL_MAGIC;
	(void)!send(fd, reply, sizeof(*reply), MSG_NOSIGNAL);
}

static inline void fake_end(int fd, uint32_t kind, const char *text)
{
	struct control_reply reply = { .kind = kind };

	if (text)
		failure_set(&reply.failure, EINVAL, "%s", text);
	fake_send(fd, &reply);
}

static inline void fake_load(int fd, int events, const char *ref)
{
	struct control_reply reply = { .kind = CONTROL_PROGRESS };
	const char *name = strrchr(ref, '/');
	char byte;

	reply.progress = (struct progress){ 0, 1400000000, 0, 0, 100 };
	fake_send(fd, &reply);
	reply.progress =
		(struct progress){ 312000000, 1400000000, 1100000000, 9, 2100 };
	fake_send(fd, &reply);
	if (!name || str_eq(name, "/gone"))
		return;
	if (str_eq(name, "/bad"))
		fake_end(fd, CONTROL_FAILED, "the server says 404");
	else if (str_eq(name, "/junk"))
		(void)!send(fd, "junk", 4, MSG_NOSIGNAL);
	else if (str_eq(name, "/slow") && recv(fd, &byte, 1, 0) <= 0)
		/* The end, or ECONNRESET: it left reports unread. */
		(void)!write(events, "c", 1);
	else
		fake_end(fd, CONTROL_DONE, NULL);
}

static inline void fake_answer(struct fake *fake, int fd, int events)
{
	struct control_reply reply = { .kind = CONTROL_STATUS_IS };
	struct control_request request;

	if (recv(fd, &request, sizeof(request), MSG_TRUNC) != sizeof(request) ||
	    request.magic != CONTROL_MAGIC)
		return;
	switch ((enum control_verb)request.verb) {
	case CONTROL_LOAD:
		*fake->request = request;
		(void)!write(events, "l", 1);
		fake_load(fd, events, request.ref);
		return;
	case CONTROL_STATUS:
		reply.status = *fake->status;
		fake_send(fd, &reply);
		return;
	case CONTROL_RETURN:
		(void)!write(events, "r", 1);
		fake_end(fd, CONTROL_FAILED, "no image is running");
		return;
	case CONTROL_REBOOT:
	case CONTROL_POWEROFF:
		(void)!write(events, request.verb == CONTROL_REBOOT ? "b" : "p",
			     1);
		fake_end(fd, CONTROL_DONE, NULL);
		return;
	case CONTROL_KEXEC:
		fake_end(fd, CONTROL_FAILED, "no kernel is loaded");
		return;
	}
}

static inline void fake_serve(struct fake *fake, int listener, int events)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		fake_answer(fake, fd, events);
		close(fd);
	}
}

static inline void *fake_shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static inline void fake_start(struct fake *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int ends[2];

	fake->request = fake_shared(sizeof(*fake->request));
	fake->status = fake_shared(sizeof(*fake->status));
	str_copy(fake->directory, sizeof(fake->directory),
		 "/tmp/boomerang-test-XXXXXX");
	if (!mkdtemp(fake->directory) || pipe2(ends, O_CLOEXEC) < 0)
		abort();
	snprintf(fake->path, sizeof(fake->path), "%s/control", fake->directory);
	str_copy(address.sun_path, sizeof(address.sun_path), fake->path);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 8) < 0)
		abort();
	fake->pid = fork();
	if (fake->pid == 0)
		fake_serve(fake, listener, ends[1]);
	close(listener);
	close(ends[1]);
	fake->events = ends[0];
}

/* The next letter, or 0 when none comes for some seconds. */
static inline char fake_event(struct fake *fake)
{
	struct pollfd pfd = { .fd = fake->events, .events = POLLIN };
	char letter = 0;

	if (poll(&pfd, 1, 20000) > 0 && read(fake->events, &letter, 1) != 1)
		letter = 0;
	return letter;
}

static inline void fake_stop(struct fake *fake)
{
	kill(fake->pid, SIGKILL);
	waitpid(fake->pid, NULL, 0);
	close(fake->events);
	unlink(fake->path);
	rmdir(fake->directory);
}
