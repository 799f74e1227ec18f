/* SPDX-License-Identifier: MIT */
/*
 * Wireless interfaces of a bootstrap that was built with --wifi. The worker
 * keeps wpa_supplicant running, and every wireless interface that is there or
 * appears later in its care. Which networks it joins is told by `boomerang
 * wifi` over wpa_supplicant's own sockets; an address is the network worker's
 * (network.h), for which a network that was joined is a link that came up.
 */
#pragma once

#define WIFI_PROGRAM "/usr/sbin/wpa_supplicant"

/* Only root may look into it. */
#define WIFI_DIR	"/run/boomerang/wifi"
#define WIFI_CONTROL	WIFI_DIR "/control"
#define WIFI_INTERFACES WIFI_DIR "/interfaces" /* a socket each, by name */

/*
 * wpa_supplicant.conf(5) with the networks that were joined, and so with
 * secrets. It is a file of the bootstrap itself, not of /run: with it a
 * bootstrap that starts itself again by kexec has its network again.
 */
#define WIFI_CONFIG "/etc/boomerang/wifi.conf"

/* A worker_body; ends when wpa_supplicant does. */
int wifi_run(void *unused, int link);
