/* SPDX-License-Identifier: MIT */
#include "cli/control-client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/text.h"

/* PID 1 answers from its loop, in which nothing waits. */
#define ANSWER_TIMEOUT_MS 10000

const char *control_client_path = CONTROL_PATH;

static int connect_failure(int err, struct failure *failure)
{
	if (err == ENOENT)
		return failure_set(failure, err,
				   "this is not a boomerang bootstrap (no %s)",
				   control_client_path);
	if (err == EACCES || err == EPERM)
		return failure_set(failure, err, "%s may be used by root only",
				   control_client_path);
	return failure_errno(failure, err, "nothing answers at %s",
			     control_client_path);
}

int control_client_send(struct control_request *request,
			struct failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd int fd = FD_NONE;

	if (!str_copy(address.sun_path, sizeof(address.sun_path),
		      control_client_path))
		return connect_failure(ENAMETOOLONG, failure);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return connect_failure(errno, failure);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return connect_failure(errno, failure);
	request->magic = CONTROL_MAGIC;
	if (send(fd, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return failure_errno(failure, errno, "cannot ask at %s",
				     control_client_path);
	return TAKE_FD(fd);
}

/* Both ends are ours, but the texts in between come from images, servers and
 * command lines. */
static void make_text(char *text, size_t size)
{
	text[size - 1] = '\0';
	str_make_printable(text);
}

#define MAKE_TEXT(array) make_text(array, sizeof(array))

static void make_status_text(struct status *status)
{
	struct leaks *leaks = &status->leaks;

	MAKE_TEXT(status->return_reason);
	MAKE_TEXT(status->image);
	MAKE_TEXT(status->network);
	MAKE_TEXT(status->failure.text);
	leaks->listed = MIN(leaks->listed, (uint32_t)CONTROL_LEAKS);
	for (uint32_t i = 0; i < leaks->listed; i++)
		MAKE_TEXT(leaks->list[i].what);
}

int control_client_receive(int fd, struct control_reply *ret_reply,
			   struct failure *failure)
{
	struct control_reply reply;
	ssize_t n;

	do
		n = recv(fd, &reply, sizeof(reply), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_errno(failure, errno, "no answer from PID 1");
	if (n == 0)
		return failure_set(failure, ECONNRESET,
				   "PID 1 closed the connection without an "
				   "answer; see its messages on the console");
	if (n != (ssize_t)sizeof(reply) || reply.magic != CONTROL_MAGIC)
		return failure_set(failure, EBADMSG,
				   "PID 1 answered in another version's "
				   "words; use its own boomerang program");
	if (reply.kind == CONTROL_STATUS_IS)
		make_status_text(&reply.status);
	if (reply.kind == CONTROL_FAILED)
		MAKE_TEXT(reply.failure.text);
	if (reply.kind == CONTROL_WAITING)
		MAKE_TEXT(reply.waiting);
	*ret_reply = reply;
	return 0;
}

static int wait_answer(int fd, struct failure *failure)
{
	int64_t end_ms = clock_ms() + ANSWER_TIMEOUT_MS;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left_ms = ANSWER_TIMEOUT_MS;

	while (left_ms > 0) {
		int n = poll(&pfd, 1, (int)left_ms);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return failure_errno(failure, errno,
					     "cannot wait for PID 1");
		left_ms = end_ms - clock_ms();
	}
	return failure_set(failure, ETIMEDOUT,
			   "PID 1 did not answer in %d seconds",
			   ANSWER_TIMEOUT_MS / 1000);
}

int control_client_ask(enum control_verb verb, struct control_reply *ret_reply,
		       struct failure *failure)
{
	struct control_request request = { .verb = verb };
	_cleanup_fd int fd = control_client_send(&request, failure);
	struct control_reply reply;
	int r;

	if (fd < 0)
		return fd;
	r = wait_answer(fd, failure);
	if (r < 0)
		return r;
	r = control_client_receive(fd, &reply, failure);
	if (r < 0)
		return r;
	if (reply.kind == CONTROL_FAILED)
		return failure_set(failure, MAX(reply.failure.err, 1), "%s",
				   reply.failure.text);
	*ret_reply = reply;
	return 0;
}

int control_client_status(struct status *ret_status, struct failure *failure)
{
	struct control_reply reply;
	int r = control_client_ask(CONTROL_STATUS, &reply, failure);

	if (r < 0)
		return r;
	if (reply.kind != CONTROL_STATUS_IS)
		return failure_set(failure, EBADMSG,
				   "PID 1 gave no status when asked for it");
	*ret_status = reply.status;
	return 0;
}
