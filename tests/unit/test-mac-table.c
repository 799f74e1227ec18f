/* SPDX-License-Identifier: MIT */
#include "server/mac-table.h"

#include <stdlib.h>

#include "tap.h"

struct thing {
	struct mac_entry entry;
	unsigned int value;
};

static unsigned int evictions;
static struct mac last_evicted;

static void count_eviction(_unused struct mac_table *table,
			   struct mac_entry *entry)
{
	evictions++;
	last_evicted = entry->mac;
}

static struct mac_table make(uint32_t capacity)
{
	struct mac_table table;

	if (mac_table_init(&table, capacity, sizeof(struct thing)) < 0)
		abort();
	table.evict = count_eviction;
	evictions = 0;
	return table;
}

static struct mac mac_of(uint32_t number)
{
	return (struct mac){ { 2, 0, (uint8_t)(number >> 24),
			       (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			       (uint8_t)number } };
}

static struct thing *touch(struct mac_table *table, uint32_t number)
{
	struct mac mac = mac_of(number);
	bool is_new;
	struct thing *thing = mac_table_touch(table, &mac, &is_new);

	if (is_new)
		thing->value = number;
	return thing;
}

static bool has(const struct mac_table *table, uint32_t number)
{
	struct mac mac = mac_of(number);
	const struct thing *thing = mac_table_find(table, &mac);

	return thing && thing->value == number;
}

static bool was_evicted(uint32_t number)
{
	struct mac mac = mac_of(number);

	return mac_eq(&last_evicted, &mac);
}

static void finding(void)
{
	struct mac_table table = make(4);
	struct mac mac = mac_of(1);
	struct thing *thing;
	bool is_new = false;

	ok(!has(&table, 1), "an empty table has nobody");
	thing = mac_table_touch(&table, &mac, &is_new);
	ok(is_new && thing->value == 0 && !thing->entry.proven,
	   "a new entry is zeroed");
	thing->value = 1;
	ok(mac_table_touch(&table, &mac, &is_new) == thing && !is_new,
	   "touched again it is the same");
	ok(has(&table, 1) && !has(&table, 2), "found, and nobody else");
	ok_int(table.count, 1, "counted");
	mac_table_done(&table);
	ok_int(evictions, 1, "the end evicts all");
}

static void order(void)
{
	struct mac_table table = make(3);

	touch(&table, 1);
	touch(&table, 2);
	touch(&table, 3);
	touch(&table, 1);
	ok_int(evictions, 0, "a full table holds its capacity");
	touch(&table, 4);
	ok(was_evicted(2) && !has(&table, 2), "the one touched longest ago "
					      "goes first");
	touch(&table, 5);
	ok(was_evicted(3), "then the next");
	touch(&table, 6);
	ok(was_evicted(1), "then the one that was touched again");
	ok(has(&table, 4) && has(&table, 5) && has(&table, 6) &&
		   table.count == 3,
	   "the new ones are there");
	(void)has(&table, 4);
	touch(&table, 7);
	ok(was_evicted(4), "being looked for is not being touched");
	mac_table_done(&table);
}

static void proven(void)
{
	struct mac_table table = make(4);
	bool all = true;

	mac_table_prove(&table, &touch(&table, 1)->entry);
	mac_table_prove(&table, &touch(&table, 2)->entry);
	mac_table_prove(&table, &touch(&table, 2)->entry);
	touch(&table, 3);
	for (uint32_t i = 1000; i < 3000; i++) {
		touch(&table, i);
		all &= has(&table, i) && has(&table, 1) && has(&table, 2);
	}
	ok(all, "a flood of invented machines pushes out no proven one");
	ok(!has(&table, 3) && table.count == 4, "but one that is not");
	mac_table_prove(&table, &touch(&table, 2999)->entry);
	mac_table_prove(&table, &touch(&table, 2998)->entry);
	touch(&table, 1);
	touch(&table, 9);
	ok(was_evicted(2), "when all are proven, the oldest of them goes");
	touch(&table, 10);
	ok(was_evicted(9), "for one that is not, and goes next");
	mac_table_done(&table);
}

static void removal(void)
{
	struct mac_table table = make(64);
	bool all = true;

	for (uint32_t i = 0; i < 64; i++) {
		struct thing *thing = touch(&table, i);

		if (i % 3 == 0)
			mac_table_prove(&table, &thing->entry);
	}
	for (uint32_t i = 0; i < 64; i += 2)
		mac_table_remove(&table, &touch(&table, i)->entry);
	ok_int(evictions, 32, "who is removed is told");
	for (uint32_t i = 0; i < 64; i++)
		all &= has(&table, i) == (i % 2 == 1);
	ok(all && table.count == 32, "the others stay");
	evictions = 0;
	for (uint32_t i = 100; i < 132; i++) {
		struct thing *thing = touch(&table, i);

		all &= !thing->entry.proven && thing->value == i;
	}
	ok(all && evictions == 0 && table.count == 64,
	   "places that were given back are given away first, clean");
	touch(&table, 200);
	ok(evictions == 1 && was_evicted(1),
	   "and then that of the oldest that is not proven");
	mac_table_done(&table);
}

static void iteration(void)
{
	struct mac_table table = make(16);
	unsigned int seen = 0, others = 0;
	struct thing *thing = NULL;

	ok(!mac_table_next(&table, NULL), "an empty table ends at once");
	for (uint32_t i = 0; i < 10; i++)
		touch(&table, i);
	mac_table_remove(&table, &touch(&table, 0)->entry);
	mac_table_remove(&table, &touch(&table, 5)->entry);
	mac_table_remove(&table, &touch(&table, 9)->entry);
	while ((thing = mac_table_next(&table, thing)))
		if (thing->value < 10 && !(seen & 1u << thing->value))
			seen |= 1u << thing->value;
		else
			others++;
	ok(seen == 0x1de && others == 0, "all are visited, each once");
	mac_table_done(&table);
}

static unsigned int longest_chain(const struct mac_table *table)
{
	unsigned int longest = 0;

	for (uint64_t b = 0; b < (uint64_t)1 << (64 - table->bucket_shift);
	     b++) {
		uint32_t number = table->buckets[b];
		unsigned int length = 0;

		for (; number; length++) {
			const struct thing *things =
				(const void *)table->entries;

			number = things[number - 1].entry.hash_next;
		}
		longest = MAX(longest, length);
	}
	return longest;
}

/* Machines of one maker differ in few bits; those that somebody invents, in
 * whichever he likes. */
static void spread(void)
{
	for (unsigned int byte = 0; byte < MAC_BYTES; byte++) {
		struct mac_table table = make(4096);
		char what[64];

		for (unsigned int i = 0; i < 256; i++) {
			struct mac mac = { { 2, 0, 0, 0x12, 0x34, 0x56 } };
			bool is_new;

			mac.bytes[byte] = (uint8_t)i;
			(void)!mac_table_touch(&table, &mac, &is_new);
		}
		(void)snprintf(what, sizeof(what),
			       "addresses that differ in byte %u are spread",
			       byte);
		if (!ok(longest_chain(&table) <= 8, what))
			printf("# longest chain: %u\n", longest_chain(&table));
		mac_table_done(&table);
	}
}

/* Everything at random against a plain list of who should be there. */
static void at_random(void)
{
	struct mac_table table = make(32);
	uint64_t touched[128] = { 0 };
	bool is_proven[128] = { false }, all = true;
	uint32_t seed = 12345;

	for (uint64_t step = 1; all && step < 30000; step++) {
		uint32_t n = (seed = seed * 1103515245 + 12345) >> 8;
		uint32_t who = n % 128, what = n / 128 % 16, there = 0;

		if (what == 0 && has(&table, who)) {
			struct mac mac = mac_of(who);

			mac_table_remove(&table, mac_table_find(&table, &mac));
			touched[who] = 0;
			is_proven[who] = false;
		} else {
			uint32_t oldest = 128;

			for (uint32_t i = 0; i < 128; i++) {
				there += touched[i] > 0;
				if (touched[i] &&
				    (oldest == 128 ||
				     is_proven[i] < is_proven[oldest] ||
				     (is_proven[i] == is_proven[oldest] &&
				      touched[i] < touched[oldest])))
					oldest = i;
			}
			if (!touched[who] && there == 32) {
				touched[oldest] = 0;
				is_proven[oldest] = false;
			}
			touched[who] = step;
			if (what == 1) {
				mac_table_prove(&table,
						&touch(&table, who)->entry);
				is_proven[who] = true;
			} else {
				touch(&table, who);
			}
		}
		for (uint32_t i = 0; i < 128; i++)
			all &= has(&table, i) == (touched[i] > 0);
	}
	ok(all, "thirty thousand steps as a plain list would have done");
	mac_table_done(&table);
}

int main(void)
{
	finding();
	order();
	proven();
	removal();
	iteration();
	spread();
	at_random();
	return tap_done();
}
