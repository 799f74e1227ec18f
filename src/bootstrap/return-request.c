/* SPDX-License-Identifier: MIT */
#include "bootstrap/return-request.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "wire/control.h"

static int fail(const char *what)
{
	fprintf(stderr,
		"%s: %m (only root inside of a boomerang target can "
		"ask for the return)\n",
		what);
	return 1;
}

int return_request(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX,
				    .sun_path = CONTROL_PATH };
	static const struct control_request request = {
		.magic = CONTROL_MAGIC,
		.verb = CONTROL_RETURN,
	};
	static struct control_reply reply;
	_cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		return fail(CONTROL_PATH);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return fail("cannot ask for the return");
	/* It usually does not come to the answer: the return kills us. */
	if (recv(fd, &reply, sizeof(reply), 0) == sizeof(reply) &&
	    reply.kind == CONTROL_FAILED) {
		fprintf(stderr, "%s\n", reply.failure.text);
		return 1;
	}
	return 0;
}
