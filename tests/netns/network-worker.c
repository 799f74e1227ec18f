/* SPDX-License-Identifier: MIT */
/*
 * The network worker in the network namespace that it is started in, for
 * test-network.py. Prints every report as "STATE TEXT"; ends when standard
 * input is closed.
 */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/text.h"
#include "bootstrap/network.h"

static const char *const states[] = {
	[NETWORK_WAITING] = "WAITING",
	[NETWORK_UP] = "UP",
	[NETWORK_FAILED] = "FAILED",
	[NETWORK_OFF] = "OFF",
};

static int print_reports(int fd)
{
	struct pollfd polled[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	struct network_report report;

	while (poll(polled, ARRAY_SIZE(polled), -1) > 0) {
		if (polled[1].revents)
			return 0;
		if (read(fd, &report, sizeof(report)) != sizeof(report) ||
		    report.magic != CONTROL_MAGIC ||
		    report.state >= ARRAY_SIZE(states))
			return 1;
		printf("%s %s\n", states[report.state], report.text);
		fflush(stdout);
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct network_setup setup;
	int ends[2], status, r;
	pid_t pid;

	if (argc != 4) {
		fprintf(stderr, "usage: %s RESOLV.CONF CMDLINE any|named\n",
			argv[0]);
		return 2;
	}
	setup.virtual_links = str_eq(argv[3], "any");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return 1;
	setup.resolv_conf = argv[1];
	setup.cmdline = argv[2];
	setup.report_fd = ends[1];
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(network_serve(&setup) < 0);
	}
	close(ends[1]);
	r = print_reports(ends[0]);
	/* The worker ends because its reports have nowhere to go. */
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return r || status;
}
