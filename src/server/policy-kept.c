/* SPDX-License-Identifier: MIT */
#include "server/policy-kept.h"

#include "base/clock.h"

#define SWEEP_MS 1000
/* What a plan needs besides the text it was made of. */
#define PLAN_BYTES 512

struct kept {
	struct mac_entry entry;
	struct plan *plan; /* NULL: none is kept */
	size_t bytes;
	uint16_t arch; /* that it was asked for */
	int64_t until_ms;
};

static void drop(struct kept_answers *answers, struct kept *kept)
{
	kept->plan = plan_drop(kept->plan);
	answers->bytes -= kept->bytes;
	kept->bytes = 0;
}

static void on_evicted(struct mac_table *table, struct mac_entry *entry)
{
	drop(table->context, container_of(entry, struct kept, entry));
}

int kept_init(struct kept_answers *answers)
{
	int r;

	*answers = (struct kept_answers){ 0 };
	r = mac_table_init(&answers->table, POLICY_MACHINES,
			   sizeof(struct kept));
	answers->table.evict = on_evicted;
	answers->table.context = answers;
	return r;
}

void kept_done(struct kept_answers *answers)
{
	if (answers->table.entries)
		mac_table_done(&answers->table);
}

struct plan *kept_ask(struct kept_answers *answers, const struct client *client,
		      bool *ret_first)
{
	struct kept *kept =
		mac_table_touch(&answers->table, &client->mac, ret_first);

	if (!*ret_first)
		mac_table_prove(&answers->table, &kept->entry);
	if (kept->plan && clock_ms() >= kept->until_ms)
		drop(answers, kept);
	if (client->arch != kept->arch && client->arch != ARCH_UNKNOWN)
		return NULL;
	return kept->plan;
}

/* The table is looked through at most once in a while. */
static void sweep(struct kept_answers *answers)
{
	int64_t now = clock_ms();
	struct kept *kept = NULL;

	if (now - answers->swept_ms < SWEEP_MS)
		return;
	answers->swept_ms = now;
	while ((kept = mac_table_next(&answers->table, kept)))
		if (now >= kept->until_ms)
			drop(answers, kept);
}

void kept_put(struct kept_answers *answers, const struct client *client,
	      struct plan *plan, size_t bytes, int64_t for_ms)
{
	struct kept *kept =
		mac_table_touch(&answers->table, &client->mac, &(bool){ 0 });

	drop(answers, kept);
	bytes += PLAN_BYTES;
	if (answers->bytes + bytes > POLICY_KEPT_BYTES)
		sweep(answers);
	if (answers->bytes + bytes > POLICY_KEPT_BYTES)
		return;
	answers->bytes += bytes;
	kept->bytes = bytes;
	kept->plan = plan_hold(plan);
	kept->arch = client->arch;
	kept->until_ms = clock_ms() + for_ms;
}

void kept_forget(struct kept_answers *answers)
{
	struct kept *kept = NULL;

	while ((kept = mac_table_next(&answers->table, kept)))
		drop(answers, kept);
}
