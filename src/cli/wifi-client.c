/* SPDX-License-Identifier: MIT */
/*
 * wpa_supplicant answers on one socket and announces on the other, so that an
 * answer is never waited for among announcements.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wpa-control.h"
#include "bootstrap/wifi.h"
#include "cli/wifi.h"
#include "wire/control.h"

#define SWITCH_ON_MS 5000

static int nobody_there(int r, struct failure *failure)
{
	if (access(CONTROL_DIR, F_OK) < 0)
		return failure_set(failure, ENOENT,
				   "this is no bootstrap: Wi-Fi is what this "
				   "system manages itself");
	if (access(WIFI_PROGRAM, X_OK) < 0)
		return failure_set(failure, ENOENT,
				   "this bootstrap has no Wi-Fi: build it with "
				   "`boomerang build --wifi`");
	return failure_set(failure, -r,
			   "there is no wireless interface (`dmesg` in `shell` "
			   "tells whether its driver lacks firmware)");
}

/* Of those that wpa_supplicant has, the one that was there first; it names the
 * last one first. */
static int find_interface(struct wifi *wifi, struct failure *failure)
{
	_cleanup_fd int fd = wpa_control_open(WIFI_CONTROL);
	char reply[1024], *rest = reply, *name;
	ssize_t n = fd < 0 ? fd
			   : wpa_control_ask(fd, "INTERFACES", reply,
					     sizeof(reply));
	unsigned int first = 0;

	while (n > 0 && (name = strsep(&rest, "\n"))) {
		unsigned int index = if_nametoindex(name);

		if (index == 0 || (first != 0 && index > first))
			continue;
		first = index;
		(void)str_copy(wifi->interface, sizeof(wifi->interface), name);
	}
	if (first == 0)
		return nobody_there(n < 0 ? (int)n : -ENODEV, failure);
	return 0;
}

static int open_sockets(struct wifi *wifi, struct failure *failure)
{
	char path[sizeof(WIFI_INTERFACES) + IF_NAMESIZE];
	struct text text = text_over(path, sizeof(path));
	int r;

	text_add(&text, WIFI_INTERFACES "/%s", wifi->interface);
	wifi->control = wpa_control_open(path);
	if (wifi->control < 0)
		return failure_set(failure, -wifi->control,
				   "%s is no wireless interface here",
				   wifi->interface);
	wifi->events = wpa_control_open(path);
	r = wifi->events < 0 ? wifi->events
			     : wpa_control_order(wifi->events, "ATTACH");
	return r < 0 ? failure_errno(failure, -r, "wpa_supplicant on %s",
				     wifi->interface)
		     : 0;
}

/* It sees by itself that a radio is on again, and announces that. */
static int wait_until_on(struct wifi *wifi, struct failure *failure)
{
	int64_t until_ms = clock_ms() + SWITCH_ON_MS;
	struct wpa_status status;
	int32_t level;
	int r;

	do {
		r = wifi_status(wifi, &status, &level, failure);
		if (r < 0 || !str_eq(status.state, "INTERFACE_DISABLED"))
			return r;
		r = wifi_next_event(wifi, until_ms);
	} while (r >= 0);
	return failure_set(failure, -r,
			   "%s cannot be switched on; `dmesg` in `shell` may "
			   "tell why",
			   wifi->interface);
}

int wifi_open(struct wifi *wifi, const char *interface,
	      struct interrupt *interrupt, struct failure *failure)
{
	int r = 0;

	*wifi = (struct wifi){ .control = FD_NONE,
			       .events = FD_NONE,
			       .interrupt = interrupt };
	if (!interface)
		r = find_interface(wifi, failure);
	else if (!str_copy(wifi->interface, sizeof(wifi->interface),
			   interface) ||
		 strchr(interface, '/'))
		r = failure_set(failure, EINVAL,
				"\"%s\" is no name of an interface", interface);
	if (r == 0)
		r = open_sockets(wifi, failure);
	if (r == 0)
		r = wifi_switch_on(failure);
	return r == 0 ? wait_until_on(wifi, failure) : r;
}

void wifi_close(struct wifi *wifi)
{
	if (wifi->events >= 0)
		(void)!wpa_control_order(wifi->events, "DETACH");
	wifi->events = fd_close(wifi->events);
	wifi->control = fd_close(wifi->control);
}

int wifi_next_event(struct wifi *wifi, int64_t until_ms)
{
	struct pollfd pfd[] = {
		{ .fd = wifi->events, .events = POLLIN },
		{ .fd = wifi->interrupt->fd, .events = POLLIN },
	};
	int64_t left_ms = until_ms - clock_ms();
	char message[WPA_CONTROL_REPLY_MAX];
	ssize_t n;
	int r = left_ms > 0 ? poll(pfd, ARRAY_SIZE(pfd), (int)left_ms) : 0;

	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	if (pfd[1].revents)
		return -ECANCELED;
	n = read(wifi->events, message, sizeof(message));
	if (n < 0)
		return -errno;
	return (int)wpa_event_parse(view_over(message, (size_t)n));
}

int wifi_status(struct wifi *wifi, struct wpa_status *ret_status,
		int32_t *ret_level_dbm, struct failure *failure)
{
	char reply[WPA_CONTROL_REPLY_MAX];
	ssize_t n =
		wpa_control_ask(wifi->control, "STATUS", reply, sizeof(reply));
	int r = n < 0 ? (int)n
		      : wpa_status_parse(view_over(reply, (size_t)n),
					 ret_status);

	if (r < 0)
		return failure_errno(failure, -r, "wpa_supplicant on %s",
				     wifi->interface);
	*ret_level_dbm = 0;
	n = wpa_control_ask(wifi->control, "SIGNAL_POLL", reply, sizeof(reply));
	if (n > 0)
		(void)!wpa_signal_parse(view_over(reply, (size_t)n),
					ret_level_dbm);
	return 0;
}
