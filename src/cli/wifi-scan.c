/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/text.h"
#include "base/wpa-control.h"
#include "cli/wifi.h"

/* All channels, some of them only by listening, and from within a network with
 * a way back to it after each. */
#define SCAN_MS 45000

static int scan_failed(const struct wifi *wifi, int r, struct failure *failure)
{
	if (r == -ECANCELED)
		return failure_set(failure, ECANCELED, "interrupted");
	return failure_set(failure, -r, "%s cannot look for networks: %s",
			   wifi->interface,
			   r == -ETIMEDOUT ? "it does not say what it found"
					   : strerrordesc_np(-r));
}

static int wait_for_results(struct wifi *wifi)
{
	int64_t until_ms = clock_ms() + SCAN_MS;
	int event;

	do
		event = wifi_next_event(wifi, until_ms);
	while (event >= 0 && event != WPA_EVENT_SCANNED &&
	       event != WPA_EVENT_SCAN_FAILED);
	return event == WPA_EVENT_SCAN_FAILED ? -EBUSY : MIN(event, 0);
}

/* One reply's worth. *id: from which on, and then behind the last; 0: none
 * came. */
static int read_some(struct wifi *wifi, uint32_t *id, struct wpa_scan *scan)
{
	char request[64], reply[WPA_CONTROL_REPLY_MAX];
	struct text text = text_over(request, sizeof(request));
	uint32_t next = *id;
	struct wpa_bss bss;
	struct view view;
	ssize_t n;
	int r;

	text_add(&text, WPA_BSS_REQUEST, *id);
	n = wpa_control_ask(wifi->control, request, reply, sizeof(reply));
	if (n < 0)
		return (int)n;
	view = view_over(reply, (size_t)n);
	while ((r = wpa_bss_next(&view, &bss)) != 0) {
		if (r < 0)
			continue;
		wpa_scan_add(scan, &bss);
		next = MAX(next, bss.id + 1);
	}
	r = next > *id;
	*id = next;
	return r;
}

int wifi_scan(struct wifi *wifi, struct wpa_scan *ret_scan,
	      struct failure *failure)
{
	char reply[64];
	ssize_t n = wpa_control_ask(wifi->control, "SCAN TYPE=ONLY", reply,
				    sizeof(reply));
	uint32_t id = 0;
	int r = n < 0 ? (int)n : 0;

	/* One that goes on already will do. */
	if (r == 0 && !str_eq(reply, "OK\n") && !str_eq(reply, "FAIL-BUSY\n"))
		r = -EBUSY;
	if (r == 0)
		r = wait_for_results(wifi);
	ret_scan->count = 0;
	if (r == 0)
		do
			r = read_some(wifi, &id, ret_scan);
		while (r > 0);
	return r < 0 ? scan_failed(wifi, r, failure) : 0;
}
