/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. wpa_supplicant is started when the first wireless
 * interface appears, with a socket of its own and no interface; these are given
 * to it and taken from it as the kernel's link events tell of them. It dies with
 * this worker, and this worker ends when it does, so that PID 1 starts both
 * afresh: what it knew is in its configuration.
 *
 * Files that it writes are secrets, so its umask leaves them to root.
 */
#include "bootstrap/wifi.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/wpa-control.h"
#include "bootstrap/link.h"

#define INTERFACES_MAX 8
#define EVENT_MAX      (32 * 1024)
#define AGAIN_MS       50

struct radio {
	int index; /* 0: unused */
	char name[IF_NAMESIZE];
	bool offered; /* to wpa_supplicant */
};

struct wifi {
	int links;   /* events of the kernel */
	int control; /* FD_NONE: wpa_supplicant does not run yet */
	int process; /* a pidfd of it */
	struct radio radios[INTERFACES_MAX];
};

/* No network yet; both ways of SAE; and nothing of what it could do besides. */
static const char first_config[] = "update_config=1\n"
				   "p2p_disabled=1\n"
				   "pmf=1\n"
				   "sae_pwe=2\n";

static int write_config(void)
{
	_cleanup_fd int fd = FD_NONE;
	int r = path_mkdirs("/etc/boomerang", 0755);

	if (r < 0)
		return r;
	fd = open(WIFI_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	return fd_write_all(fd, first_config, sizeof(first_config) - 1);
}

static struct radio *find(struct wifi *wifi, int index)
{
	for (size_t i = 0; i < INTERFACES_MAX; i++)
		if (wifi->radios[i].index == index)
			return &wifi->radios[i];
	return NULL;
}

static void forget(struct wifi *wifi, struct radio *radio)
{
	if (radio->offered &&
	    wpa_control_order(wifi->control, "INTERFACE_REMOVE %s",
			      radio->name) < 0)
		log_debug("%s: wpa_supplicant did not have it", radio->name);
	*radio = (struct radio){ 0 };
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	struct wifi *wifi = context;
	struct radio *radio;
	struct link link;

	if (link_read(message, &link) < 0)
		return 0;
	radio = find(wifi, link.index);
	if (radio && link.removed) {
		forget(wifi, radio);
	} else if (!radio && !link.removed && link.ethernet &&
		   link_is_wireless(link.name)) {
		radio = find(wifi, 0);
		if (!radio) {
			log_warning("%s: ignored, more than %d wireless "
				    "interfaces",
				    link.name, INTERFACES_MAX);
			return 0;
		}
		radio->index = link.index;
		(void)str_copy(radio->name, sizeof(radio->name), link.name);
	}
	return 0;
}

static int list_links(struct wifi *wifi)
{
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
	int r = fd < 0 ? fd : link_list(fd, take_link, wifi);

	/* It changed meanwhile: the events that follow tell the rest. */
	return r == -EAGAIN ? 0 : r;
}

static int take_events(struct wifi *wifi)
{
	_Alignas(struct nlmsghdr) char buf[EVENT_MAX];
	const struct nlmsghdr *message = (const void *)buf;
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(wifi->links, buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &from_len);

	if (n < 0 && errno == ENOBUFS)
		return list_links(wifi); /* events were lost */
	if (n < 0 || from.nl_pid != 0)
		return 0;
	for (unsigned int left = (unsigned int)n; NLMSG_OK(message, left);
	     message = NLMSG_NEXT(message, left))
		(void)take_link(message, wifi);
	return 0;
}

/* Waits until it answers, which it does not announce, or has ended. */
static int connect_to_it(struct wifi *wifi)
{
	struct pollfd pfd = { .fd = wifi->process, .events = POLLIN };

	do
		wifi->control = wpa_control_open(WIFI_CONTROL);
	while (wifi->control < 0 && poll(&pfd, 1, AGAIN_MS) == 0);
	return wifi->control < 0 ? wifi->control : 0;
}

static int start(struct wifi *wifi, struct failure *failure)
{
	static const char *const argv[] = { WIFI_PROGRAM, "-g", WIFI_CONTROL,
					    NULL };
	const struct spawn what = {
		.argv = argv,
		.fd = { FD_NONE, FD_NONE, FD_NONE },
		.extra_fd = FD_NONE,
		.dies_with_us = true,
	};
	pid_t pid;
	int r;

	umask(077);
	r = path_mkdirs(WIFI_DIR, 0700);
	if (r == 0)
		r = write_config();
	if (r < 0)
		return failure_errno(failure, -r, "cannot prepare Wi-Fi");
	pid = spawn(&what, failure);
	if (pid < 0)
		return pid;
	wifi->process = pidfd_open(pid, 0);
	r = wifi->process < 0 ? -errno : connect_to_it(wifi);
	return r < 0 ? failure_errno(failure, -r, WIFI_PROGRAM " ended") : 0;
}

static void offer(struct wifi *wifi, struct radio *radio)
{
	int r = wpa_control_order(wifi->control,
				  "INTERFACE_ADD %s\t" WIFI_CONFIG
				  "\tnl80211,wext\t" WIFI_INTERFACES,
				  radio->name);

	radio->offered = true;
	if (r < 0)
		log_warning("%s: wpa_supplicant does not take it: %s",
			    radio->name, strerrordesc_np(-r));
	else
		log_info("%s: a wireless interface; `wifi` joins a network",
			 radio->name);
}

static int offer_all(struct wifi *wifi, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; i < INTERFACES_MAX && r == 0; i++) {
		struct radio *radio = &wifi->radios[i];

		if (radio->index == 0 || radio->offered)
			continue;
		if (wifi->control < 0)
			r = start(wifi, failure);
		if (r == 0)
			offer(wifi, radio);
	}
	return r;
}

static int serve(struct wifi *wifi, struct failure *failure)
{
	int r = list_links(wifi);

	while (r == 0) {
		struct pollfd pfd[] = {
			{ .fd = wifi->links, .events = POLLIN },
			{ .fd = wifi->process, .events = POLLIN },
		};

		r = offer_all(wifi, failure);
		if (r < 0)
			return r;
		pfd[1].fd = wifi->process;
		if (poll(pfd, ARRAY_SIZE(pfd), -1) < 0)
			continue;
		if (pfd[1].revents)
			return failure_set(failure, ECHILD,
					   WIFI_PROGRAM " ended");
		r = take_events(wifi);
	}
	return failure_errno(failure, -r, "cannot list network interfaces");
}

int wifi_run(_unused void *unused, _unused int link)
{
	struct wifi wifi = { .control = FD_NONE, .process = FD_NONE };
	struct failure failure;

	wifi.links = link_watch();
	if (wifi.links < 0)
		(void)failure_errno(&failure, -wifi.links,
				    "cannot watch network interfaces");
	else
		(void)serve(&wifi, &failure);
	log_error("no Wi-Fi: %s", failure.text);
	return 1;
}
