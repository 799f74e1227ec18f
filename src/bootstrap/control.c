/* SPDX-License-Identifier: MIT */
#include "bootstrap/control.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

static void drop(struct client *client)
{
	loop_remove(client->control->loop, &client->source);
	client->source.fd = fd_close(client->source.fd);
}

static void leave(struct client *client)
{
	struct control *control = client->control;

	drop(client);
	control->gone(control, client);
}

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

static bool well_formed(const struct control_request *request, ssize_t len)
{
	return len == sizeof(*request) && request->magic == CONTROL_MAGIC &&
	       is_terminated(request->ref, sizeof(request->ref)) &&
	       is_terminated(request->init, sizeof(request->init)) &&
	       is_terminated(request->sha256, sizeof(request->sha256)) &&
	       is_terminated(request->keep, sizeof(request->keep)) &&
	       (!*request->sha256 || control_sha256_valid(request->sha256)) &&
	       (!*request->keep || control_keep_valid(request->keep)) &&
	       request->require_signature <= 1;
}

static void client_ready(struct source *source, _unused uint32_t events)
{
	struct client *client = container_of(source, struct client, source);
	static struct control_request request;
	ssize_t n = recv(source->fd, &request, sizeof(request), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Its end, a second request, or nonsense. */
	if (client->asked || !well_formed(&request, n)) {
		leave(client);
		return;
	}
	client->asked = true;
	client->control->asked(client->control, client, &request);
}

static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid == 0;
}

static void take_client(struct control *control, struct source *listener)
{
	_cleanup_fd int fd =
		accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 || !is_root(fd))
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (client->source.fd >= 0)
			continue;
		client->source =
			(struct source){ .fd = fd, .ready = client_ready };
		client->inside = listener == &control->targets;
		client->asked = false;
		if (loop_add(control->loop, &client->source, EPOLLIN) == 0)
			TAKE_FD(fd);
		else
			client->source.fd = FD_NONE;
		return;
	}
}

static void ours_ready(struct source *source, _unused uint32_t events)
{
	take_client(container_of(source, struct control, ours), source);
}

static void targets_ready(struct source *source, _unused uint32_t events)
{
	take_client(container_of(source, struct control, targets), source);
}

int control_start(struct control *control, struct loop *loop)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX,
				    .sun_path = CONTROL_PATH };
	int fd, r;

	control->loop = loop;
	control->ours = (struct source){ .fd = FD_NONE, .ready = ours_ready };
	control->targets =
		(struct source){ .fd = FD_NONE, .ready = targets_ready };
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i] = (struct client){
			.control = control,
			.source.fd = FD_NONE,
		};
	r = path_mkdirs(CONTROL_DIR, 0755);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	control->ours.fd = fd;
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    chmod(CONTROL_PATH, 0600) < 0 || listen(fd, CONTROL_CLIENTS) < 0)
		return -errno;
	return loop_add(loop, &control->ours, EPOLLIN);
}

void control_set_target(struct control *control, int fd)
{
	loop_remove(control->loop, &control->targets);
	control->targets.fd = fd_close(control->targets.fd);
	if (fd < 0)
		return;
	control->targets.fd = fd;
	if (loop_add(control->loop, &control->targets, EPOLLIN) < 0)
		control->targets.fd = fd_close(fd);
}

/* A full socket buffer loses the message: the client's loss. */
static void reply(struct client *client, const struct control_reply *message)
{
	if (client && client->source.fd >= 0)
		(void)!send(client->source.fd, message, sizeof(*message),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A client that does not read must still have room for the last word. */
static bool has_read(const struct client *client)
{
	int unread = 0;

	return client && ioctl(client->source.fd, SIOCOUTQ, &unread) == 0 &&
	       unread == 0;
}

void control_progress(struct client *client, const struct progress *progress)
{
	static struct control_reply message;

	if (!has_read(client))
		return;
	message = (struct control_reply){ .magic = CONTROL_MAGIC,
					  .kind = CONTROL_PROGRESS,
					  .progress = *progress };
	reply(client, &message);
}

void control_waiting(struct client *client, const char *network)
{
	static struct control_reply message;

	if (!has_read(client))
		return;
	message = (struct control_reply){ .magic = CONTROL_MAGIC,
					  .kind = CONTROL_WAITING };
	(void)str_copy(message.waiting, sizeof(message.waiting), network);
	reply(client, &message);
}

void control_status(struct client *client, const struct status *status)
{
	static struct control_reply message;

	message = (struct control_reply){ .magic = CONTROL_MAGIC,
					  .kind = CONTROL_STATUS_IS,
					  .status = *status };
	reply(client, &message);
}

void control_done(struct client *client)
{
	static struct control_reply message;

	if (!client)
		return;
	message = (struct control_reply){ .magic = CONTROL_MAGIC,
					  .kind = CONTROL_DONE };
	reply(client, &message);
	drop(client);
}

void control_failed(struct client *client, const struct failure *failure)
{
	static struct control_reply message;

	if (!client)
		return;
	message = (struct control_reply){ .magic = CONTROL_MAGIC,
					  .kind = CONTROL_FAILED,
					  .failure = *failure };
	reply(client, &message);
	drop(client);
}
