/* SPDX-License-Identifier: MIT */
#include "bootstrap/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/signals.h"

#define LINK_FD 3

/* Room for one descriptor, aligned for its header. */
union passed {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int passed_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return FD_NONE;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void worker_drain(struct worker *worker)
{
	static char bytes[WORKER_RECORD_MAX];
	union passed control;

	while (worker->running) {
		struct iovec iov = { .iov_base = bytes,
				     .iov_len = sizeof(bytes) };
		struct msghdr message = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(worker->link.fd, &message,
				    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n <= 0)
			return;
		worker->record(worker, bytes, (size_t)n, passed_fd(&message));
	}
}

static void close_link(struct worker *worker)
{
	loop_remove(worker->loop, &worker->link);
	worker->link.fd = fd_close(worker->link.fd);
	worker->running = false;
}

static void link_ready(struct source *source, uint32_t events)
{
	struct worker *worker = container_of(source, struct worker, link);

	worker_drain(worker);
	/* Its end is told by the child's exit, not by the closed link. */
	if (events & (EPOLLHUP | EPOLLERR))
		loop_remove(worker->loop, source);
}

static void child_exited(struct child *child, int wait_status)
{
	struct worker *worker = container_of(child, struct worker, child);

	worker_drain(worker);
	close_link(worker);
	worker->ended(worker, wait_status);
}

static void run_child(worker_body body, void *argument, int link)
{
	signals_reset();
	signal(SIGPIPE, SIG_IGN);
	if (link != LINK_FD && dup2(link, LINK_FD) < 0)
		_exit(127);
	(void)fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
	close_range(LINK_FD + 1, ~0U, 0);
	(void)!file_write(AT_FDCWD, "/proc/self/oom_score_adj", "-500");
	_exit(body(argument, LINK_FD));
}

int worker_start(struct worker *worker, struct loop *loop, worker_body body,
		 void *argument)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2], r;
	pid_t pid;

	if (worker->running)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	worker->loop = loop;
	worker->link = (struct source){ .fd = ours, .ready = link_ready };
	r = loop_add(loop, &worker->link, EPOLLIN);
	if (r < 0) {
		worker->link.fd = FD_NONE;
		return r;
	}
	pid = fork();
	if (pid < 0) {
		r = -errno;
		loop_remove(loop, &worker->link);
		worker->link.fd = FD_NONE;
		return r;
	}
	if (pid == 0)
		run_child(body, argument, theirs);
	TAKE_FD(ours);
	worker->child = (struct child){ .pid = pid, .exited = child_exited };
	loop_watch(loop, &worker->child);
	worker->running = true;
	return 0;
}

void worker_kill(struct worker *worker)
{
	if (worker->running)
		kill(worker->child.pid, SIGKILL);
}

void worker_abandon(struct worker *worker)
{
	if (!worker->running)
		return;
	worker_kill(worker);
	worker_drain(worker);
	loop_unwatch(worker->loop, &worker->child);
	close_link(worker);
}

int worker_send(int link, const void *bytes, size_t len, int pass_fd)
{
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	union passed control = { 0 };

	if (pass_fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(pass_fd));
		memcpy(CMSG_DATA(header), &pass_fd, sizeof(pass_fd));
	}
	return sendmsg(link, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
