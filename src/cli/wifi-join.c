/* SPDX-License-Identifier: MIT */
/*
 * A network is joined by a new entry in wpa_supplicant's configuration, which
 * alone is enabled until it worked; it then takes the place of older entries of
 * the same name. An entry that did not work is removed, and the others are
 * enabled again.
 *
 * That a passphrase is wrong shows in two ways. With PSK the handshake fails in
 * its third message, which wpa_supplicant tells apart (WRONG_KEY). With SAE the
 * access point does not confirm, and all that is seen is that authentication
 * failed, again and again.
 */
#include "base/clock.h"
#include "base/text.h"
#include "base/wpa-control.h"
#include "cli/wifi.h"

#define JOIN_MS	      45000
#define NOT_FOUND_MAX 3
#define REJECTED_MAX  2

static int ask_failed(const struct wifi *wifi, int r, struct failure *failure)
{
	return failure_errno(failure, -r, "wpa_supplicant on %s",
			     wifi->interface);
}

static int add_network(struct wifi *wifi, uint32_t *ret_id)
{
	char reply[64];
	uint64_t id;
	ssize_t n = wpa_control_ask(wifi->control, "ADD_NETWORK", reply,
				    sizeof(reply));

	if (n < 0)
		return (int)n;
	str_trim_end(reply);
	if (str_to_u64(reply, INT32_MAX, &id) < 0)
		return -EREMOTEIO;
	*ret_id = (uint32_t)id;
	return 0;
}

static int set_all(struct wifi *wifi, uint32_t id, const struct wpa_join *join)
{
	int r = 0;

	for (size_t i = 0; i < join->count && r == 0; i++)
		r = wpa_control_order(wifi->control, "SET_NETWORK %u %s %s", id,
				      join->settings[i].name,
				      join->settings[i].value);
	return r;
}

/* Calls each() for every network that is configured, until it fails. */
static int each_network(struct wifi *wifi,
			int (*each)(struct wifi *wifi,
				    const struct wpa_network *network,
				    void *context),
			void *context)
{
	char reply[WPA_CONTROL_REPLY_MAX];
	ssize_t n = wpa_control_ask(wifi->control, "LIST_NETWORKS", reply,
				    sizeof(reply));
	struct view view = view_over(reply, n < 0 ? 0 : (size_t)n);
	struct wpa_network network;
	int r = n < 0 ? (int)n : 0, found;

	while (r == 0 && (found = wpa_network_next(&view, &network)) != 0)
		if (found > 0)
			r = each(wifi, &network, context);
	return r;
}

struct removal {
	const struct wpa_ssid *ssid; /* NULL: all */
	uint32_t kept_id;	     /* UINT32_MAX: none */
	int count;
};

static int remove_network(struct wifi *wifi, const struct wpa_network *network,
			  void *context)
{
	struct removal *removal = context;

	if (network->id == removal->kept_id ||
	    (removal->ssid && !wpa_ssid_equal(removal->ssid, &network->ssid)))
		return 0;
	removal->count++;
	return wpa_control_order(wifi->control, "REMOVE_NETWORK %u",
				 network->id);
}

/* Whether it is the network that was asked for that it is in. */
static bool is_in(struct wifi *wifi, const struct wpa_ssid *ssid)
{
	struct wpa_status status;
	int32_t level;

	return wifi_status(wifi, &status, &level, NULL) == 0 &&
	       str_eq(status.state, "COMPLETED") &&
	       wpa_ssid_equal(&status.ssid, ssid);
}

static int say_why(enum wpa_event event, const struct wpa_bss *bss,
		   struct failure *failure)
{
	char name[WPA_SSID_TEXT_MAX];
	bool secret = wpa_needs_secret(bss->security);

	wpa_ssid_text(&bss->ssid, name);
	if (event == WPA_EVENT_NOT_FOUND)
		return failure_set(failure, ENETUNREACH,
				   "%s: no such network is in reach", name);
	if (event == WPA_EVENT_WRONG_KEY)
		return failure_set(failure, EACCES,
				   "%s: the passphrase is another one", name);
	if (secret && bss->security != WPA_PSK)
		return failure_set(failure, EACCES,
				   "%s: the access point refused us; most "
				   "likely the passphrase is another one",
				   name);
	return failure_set(failure, ECONNREFUSED,
			   "%s: the access point refused us; it may be full, "
			   "or know only certain addresses",
			   name);
}

static int wait_until_joined(struct wifi *wifi, const struct wpa_bss *bss,
			     struct failure *failure)
{
	int64_t until_ms = clock_ms() + JOIN_MS;
	int not_found = 0, rejected = 0, event;
	char name[WPA_SSID_TEXT_MAX];

	while ((event = wifi_next_event(wifi, until_ms)) >= 0) {
		if (event == WPA_EVENT_CONNECTED && is_in(wifi, &bss->ssid))
			return 0;
		not_found += event == WPA_EVENT_NOT_FOUND;
		rejected += event == WPA_EVENT_REJECTED;
		if (event == WPA_EVENT_WRONG_KEY || event == WPA_EVENT_FAILED ||
		    not_found == NOT_FOUND_MAX || rejected == REJECTED_MAX)
			return say_why((enum wpa_event)event, bss, failure);
	}
	if (event == -ECANCELED)
		return failure_set(failure, ECANCELED, "interrupted");
	return failure_set(failure, -event, "%s was not joined within %d s",
			   wpa_ssid_text(&bss->ssid, name),
			   JOIN_MS / (int)MS_PER_S);
}

static int try_network(struct wifi *wifi, uint32_t id,
		       const struct wpa_bss *bss, const struct wpa_join *join,
		       struct failure *failure)
{
	int r = set_all(wifi, id, join);

	if (r == -EREMOTEIO)
		return failure_set(failure, ENOTSUP,
				   "wpa_supplicant does not know how to join "
				   "such a network");
	if (r == 0)
		r = wpa_control_order(wifi->control, "SELECT_NETWORK %u", id);
	return r < 0 ? ask_failed(wifi, r, failure)
		     : wait_until_joined(wifi, bss, failure);
}

/* Its place among the others, which are tried again, too, from now on. */
static int settle(struct wifi *wifi, uint32_t id, const struct wpa_ssid *ssid,
		  bool joined)
{
	struct removal removal = { .ssid = ssid, .kept_id = id };
	int r;

	if (joined)
		r = each_network(wifi, remove_network, &removal);
	else
		r = wpa_control_order(wifi->control, "REMOVE_NETWORK %u", id);
	if (r == 0)
		r = wpa_control_order(wifi->control, "ENABLE_NETWORK all");
	return r == 0 && joined
		       ? wpa_control_order(wifi->control, "SAVE_CONFIG")
		       : r;
}

static int join_as_planned(struct wifi *wifi, const struct wpa_bss *bss,
			   const struct wpa_join *join, struct failure *failure)
{
	uint32_t id = 0;
	int r = add_network(wifi, &id), settled;

	if (r < 0)
		return ask_failed(wifi, r, failure);
	r = try_network(wifi, id, bss, join, failure);
	settled = settle(wifi, id, &bss->ssid, r == 0);
	return r == 0 && settled < 0 ? ask_failed(wifi, settled, failure) : r;
}

int wifi_join(struct wifi *wifi, const struct wpa_bss *bss, bool hidden,
	      const char *secret, struct failure *failure)
{
	struct wpa_join join;
	int r = wpa_join_plan(bss, hidden, secret, &join, failure);

	if (r == 0)
		r = join_as_planned(wifi, bss, &join, failure);
	explicit_bzero(&join, sizeof(join));
	return r;
}

int wifi_forget(struct wifi *wifi, const struct wpa_ssid *ssid,
		struct failure *failure)
{
	struct removal removal = { .ssid = ssid, .kept_id = UINT32_MAX };
	int r = each_network(wifi, remove_network, &removal);

	if (r == 0 && removal.count > 0)
		r = wpa_control_order(wifi->control, "SAVE_CONFIG");
	return r < 0 ? ask_failed(wifi, r, failure) : removal.count;
}
