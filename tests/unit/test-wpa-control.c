/* SPDX-License-Identifier: MIT */
/* Against a wpa_supplicant that answers whatever its request says. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/text.h"
#include "base/wpa-control.h"
#include "tap.h"

static struct sockaddr_un address = { .sun_family = AF_UNIX };

static int bind_server(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fd;
}

/* "quit" ends it; "noise" is answered behind two announcements. */
static void serve(int fd)
{
	char request[2048];

	for (;;) {
		struct sockaddr_un from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, request, sizeof(request) - 1, 0,
				     (struct sockaddr *)&from, &len);

		if (n < 0)
			_exit(1);
		request[n] = '\0';
		if (str_eq(request, "quit"))
			_exit(0);
		if (str_eq(request, "noise")) {
			(void)!sendto(fd, "<3>one", 6, 0,
				      (struct sockaddr *)&from, len);
			(void)!sendto(fd, "<3>two", 6, 0,
				      (struct sockaddr *)&from, len);
			request[n++] = '\n';
		}
		(void)!sendto(fd, request, (size_t)n, 0,
			      (struct sockaddr *)&from, len);
	}
}

static void test_nobody(void)
{
	int fd;

	ok_int(wpa_control_open(address.sun_path), -ENOENT, "no socket");
	fd = bind_server();
	close(fd);
	ok_int(wpa_control_open(address.sun_path), -ECONNREFUSED,
	       "a socket that is left");
	unlink(address.sun_path);
	ok_int(wpa_control_open("/tmp/0123456789012345678901234567890123456789"
				"01234567890123456789012345678901234567890123"
				"4567890123456789012345678901234567890"),
	       -ENAMETOOLONG, "a long path");
}

/* Somebody else who knows where we are must not be able to answer. */
static void test_stranger(int fd)
{
	struct sockaddr_un ours;
	socklen_t len = sizeof(ours);
	int stranger = socket(AF_UNIX, SOCK_DGRAM, 0);
	char reply[64];

	ok(getsockname(fd, (struct sockaddr *)&ours, &len) == 0 &&
		   ours.sun_path[0] == '\0' && len > 3,
	   "our end is no file");
	ok(sendto(stranger, "OK\n", 3, 0, (struct sockaddr *)&ours, len) < 0,
	   "a stranger cannot answer");
	ok_int(wpa_control_ask(fd, "true", reply, sizeof(reply)), 4, "asked");
	ok_str(reply, "true", "the answer is from who was asked");
	close(stranger);
}

static void test_requests(int fd)
{
	char reply[64], small[4], longest[2000];

	ok_int(wpa_control_ask(fd, "PING", reply, sizeof(reply)), 4, "asked");
	ok_str(reply, "PING", "answered");
	ok_int(wpa_control_ask(fd, "noise", reply, sizeof(reply)), 6,
	       "asked amid announcements");
	ok_str(reply, "noise\n", "they are no answer");
	ok_int(wpa_control_ask(fd, "0123456789", small, sizeof(small)), 3,
	       "an answer that is too long");
	ok_str(small, "012", "is cut");
	ok_int(wpa_control_order(fd, "%s\n", "OK"), 0, "OK");
	ok_int(wpa_control_order(fd, "FAIL\n"), -EREMOTEIO, "FAIL");
	ok_int(wpa_control_order(fd, "OK"), -EREMOTEIO, "almost OK");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ok_int(wpa_control_order(fd, "%s", longest), -E2BIG,
	       "a request that is too long");
}

int main(void)
{
	char dir[] = "/tmp/test-wpa-control-XXXXXX";
	struct text path =
		text_over(address.sun_path, sizeof(address.sun_path));
	int server, fd, status;
	pid_t pid;

	if (!mkdtemp(dir))
		return 1;
	text_add(&path, "%s/control", dir);
	test_nobody();
	server = bind_server();
	pid = fork();
	if (pid == 0)
		serve(server);
	close(server);
	fd = wpa_control_open(address.sun_path);
	ok(fd >= 0, "connected");
	test_requests(fd);
	test_stranger(fd);
	ok(send(fd, "quit", 4, 0) == 4 && waitpid(pid, &status, 0) == pid,
	   "it ends");
	ok_int(wpa_control_order(fd, "PING"), -ECONNREFUSED, "it is gone");
	close(fd);
	unlink(address.sun_path);
	rmdir(dir);
	return tap_done();
}
