/* SPDX-License-Identifier: MIT */
/*
 * The machines as the main loop knows them: who they are, how far their
 * attempt to boot got, and so which loader they are offered next. Main loop
 * only.
 */
#pragma once

#include "server/client.h"
#include "server/mac-table.h"

#define MACHINES_MAX 65536

/*
 * A loader that was fetched but never asked for its script did not work on
 * this machine: the next one is tried. See decide.c.
 */
struct boot_history {
	uint8_t loader;		/* index for loaders_pick() */
	uint8_t loader_fetches; /* complete fetches since a script was asked */
	uint16_t rounds;	/* offers of a loader since then */
	int64_t offered_ms;	/* when the last was, clock_ms() */
	bool worked;		/* this loader asked for its script once */
};

struct machine {
	struct mac_entry entry;
	struct client client;
	struct boot_history history;
	void *waiting; /* the DHCP request that waits for its policy; dhcp's */
};

struct machines {
	struct mac_table table;
};

int machines_init(struct machines *machines) _must_check;
void machines_done(struct machines *machines);

/* NULL: unknown. */
struct machine *machines_find(const struct machines *machines,
			      const struct mac *mac);

/* A loader was fetched to its end, or asked for its script. */
void machines_loader_fetched(struct machines *machines, const struct mac *mac);
void machines_script_asked(struct machines *machines, const struct mac *mac);

/* The client of mac, or one of which only the address is known. */
struct client machines_client(const struct machines *machines,
			      const struct mac *mac);
