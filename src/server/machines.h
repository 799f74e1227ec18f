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
 * How a machine's attempts to boot went, since it last asked for its script:
 * what decide.c needs to find the loader that works on it.
 */
struct boot_history {
	uint16_t arch;		/* of the firmware for which loader counts */
	uint8_t loader;		/* index for loaders_pick() */
	uint8_t loader_fetches; /* complete fetches of it */
	uint16_t rounds;	/* DISCOVERs of firmware, by their xid */
	uint16_t ipxe_rounds;	/* DISCOVERs of iPXE, by their xid */
	uint32_t xid;		/* of the last DISCOVER */
	bool worked;		/* this loader asked for its script once */
};

struct machine {
	struct mac_entry entry;
	struct client client;
	struct boot_history history;
	void *waiting; /* the DHCP request that waits for its policy; dhcp's */
	/* What of it was last told to the timeline, so that it is not told
	 * again at once. */
	bool told_client;
	int64_t told_client_ms; /* when */
	uint8_t told_reason, told_trouble;
	uint16_t told_arch;
	int64_t told_ms; /* clock_ms(); 0: nothing yet */
};

struct machines {
	struct mac_table table;
};

int machines_init(struct machines *machines) _must_check;
void machines_done(struct machines *machines);

/* NULL: unknown. */
struct machine *machines_find(const struct machines *machines,
			      const struct mac *mac);

/* The machine that sent a request; never fails. It is told apart from those
 * that only ever asked once (mac-table.h) when it was known before and *xid
 * of its history is another. */
struct machine *machines_touch(struct machines *machines,
			       const struct client *client, uint32_t xid);

/* A loader was fetched to its end, or asked for its script. */
void machines_loader_fetched(struct machines *machines, const struct mac *mac);
void machines_script_asked(struct machines *machines, const struct mac *mac);

/* The client of mac, or one of which only the address is known. */
struct client machines_client(const struct machines *machines,
			      const struct mac *mac);
