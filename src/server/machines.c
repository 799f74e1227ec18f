/* SPDX-License-Identifier: MIT */
#include "server/machines.h"

int machines_init(struct machines *machines)
{
	return mac_table_init(&machines->table, MACHINES_MAX,
			      sizeof(struct machine));
}

void machines_done(struct machines *machines)
{
	mac_table_done(&machines->table);
}

struct machine *machines_find(const struct machines *machines,
			      const struct mac *mac)
{
	return mac_table_find(&machines->table, mac);
}

struct machine *machines_touch(struct machines *machines,
			       const struct client *client, uint32_t xid)
{
	bool is_new;
	struct machine *machine =
		mac_table_touch(&machines->table, &client->mac, &is_new);

	/* A repeated first request proves nothing: it costs a flood nothing to
	 * send each of its packets twice. */
	if (is_new)
		machine->history.xid = xid;
	else if (machine->history.xid != xid)
		mac_table_prove(&machines->table, &machine->entry);
	return machine;
}

void machines_loader_fetched(struct machines *machines, const struct mac *mac)
{
	struct machine *machine = machines_find(machines, mac);

	if (!machine)
		return;
	mac_table_prove(&machines->table, &machine->entry);
	if (machine->history.loader_fetches < UINT8_MAX)
		machine->history.loader_fetches++;
}

void machines_script_asked(struct machines *machines, const struct mac *mac)
{
	struct machine *machine = machines_find(machines, mac);

	if (!machine)
		return;
	mac_table_prove(&machines->table, &machine->entry);
	machine->history.worked = true;
	machine->history.loader_fetches = 0;
	machine->history.rounds = 0;
	machine->history.ipxe_rounds = 0;
}

struct client machines_client(const struct machines *machines,
			      const struct mac *mac)
{
	const struct machine *machine = machines_find(machines, mac);

	if (machine)
		return machine->client;
	return (struct client){ .mac = *mac, .arch = ARCH_UNKNOWN };
}
