/* SPDX-License-Identifier: MIT */
/*
 * Entries are numbered from 1, so that zeroed memory means none. An entry is
 * in one bucket's chain and in one of two orders of use. Free entries are
 * those above count, and those that were removed, chained by hash_next.
 */
#include "server/mac-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static struct mac_entry *at(const struct mac_table *table, uint32_t number)
{
	size_t offset = (size_t)(number - 1) * table->entry_size;

	return (struct mac_entry *)(void *)(table->entries + offset);
}

static uint32_t number_of(const struct mac_table *table, const void *entry)
{
	size_t offset = (size_t)((const char *)entry - table->entries);

	return (uint32_t)(offset / table->entry_size) + 1;
}

static uint32_t *bucket(const struct mac_table *table, const struct mac *mac)
{
	uint64_t hash = 0;

	/* Multiplications with a random odd factor that nobody outside knows.
	 * Only the highest bits of a product depend on all bits of the
	 * address; the second one spreads addresses in a row, too. */
	memcpy(&hash, mac->bytes, MAC_BYTES);
	hash = (hash ^ table->key[0]) * (table->key[1] | 1);
	hash = (hash ^ hash >> 32) * (table->key[1] | 1);
	return &table->buckets[hash >> table->bucket_shift];
}

static void order_remove(struct mac_table *table, struct mac_entry *entry)
{
	bool proven = entry->proven;

	if (entry->older)
		at(table, entry->older)->newer = entry->newer;
	else
		table->order[proven].oldest = entry->newer;
	if (entry->newer)
		at(table, entry->newer)->older = entry->older;
	else
		table->order[proven].newest = entry->older;
}

static void order_append(struct mac_table *table, struct mac_entry *entry)
{
	bool proven = entry->proven;
	uint32_t number = number_of(table, entry);

	entry->older = table->order[proven].newest;
	entry->newer = 0;
	if (entry->older)
		at(table, entry->older)->newer = number;
	else
		table->order[proven].oldest = number;
	table->order[proven].newest = number;
}

int mac_table_init(struct mac_table *table, uint32_t capacity,
		   size_t entry_size)
{
	uint32_t buckets = 2, bits = 1;
	ssize_t n;

	for (; buckets < capacity; bits++)
		buckets *= 2;
	*table = (struct mac_table){
		.entry_size = entry_size,
		.capacity = capacity,
		.bucket_shift = 64 - bits,
	};
	n = getrandom(table->key, sizeof(table->key), 0);
	if (n != (ssize_t)sizeof(table->key))
		return n < 0 ? -errno : -EIO;
	table->entries = calloc(capacity, entry_size);
	table->buckets = calloc(buckets, sizeof(*table->buckets));
	if (!table->entries || !table->buckets) {
		mac_table_done(table);
		return -ENOMEM;
	}
	return 0;
}

void mac_table_done(struct mac_table *table)
{
	struct mac_entry *entry = NULL;

	while (table->evict && (entry = mac_table_next(table, entry)))
		table->evict(table, entry);
	free(table->entries);
	free(table->buckets);
	*table = (struct mac_table){ 0 };
}

void *mac_table_find(const struct mac_table *table, const struct mac *mac)
{
	for (uint32_t n = *bucket(table, mac); n; n = at(table, n)->hash_next)
		if (mac_eq(&at(table, n)->mac, mac))
			return at(table, n);
	return NULL;
}

/* Takes the entry out of everything; its memory is then free. */
static void forget(struct mac_table *table, struct mac_entry *entry)
{
	uint32_t number = number_of(table, entry);
	uint32_t *link = bucket(table, &entry->mac);

	if (table->evict)
		table->evict(table, entry);
	while (*link != number)
		link = &at(table, *link)->hash_next;
	*link = entry->hash_next;
	order_remove(table, entry);
	entry->used = false;
}

/* A place for a new machine; when there is none, that of the oldest. */
static struct mac_entry *place(struct mac_table *table)
{
	struct mac_entry *entry;

	if (table->free) {
		entry = at(table, table->free);
		table->free = entry->hash_next;
	} else if (table->made < table->capacity) {
		entry = at(table, ++table->made);
	} else {
		uint32_t oldest = table->order[false].oldest;

		entry = at(table, oldest ? oldest : table->order[true].oldest);
		forget(table, entry);
		table->count--;
	}
	table->count++;
	return entry;
}

void *mac_table_touch(struct mac_table *table, const struct mac *mac,
		      bool *ret_new)
{
	struct mac_entry *entry = mac_table_find(table, mac);
	uint32_t *head;

	*ret_new = !entry;
	if (entry) {
		order_remove(table, entry);
		order_append(table, entry);
		return entry;
	}
	entry = place(table);
	memset(entry, 0, table->entry_size);
	entry->mac = *mac;
	entry->used = true;
	head = bucket(table, mac);
	entry->hash_next = *head;
	*head = number_of(table, entry);
	order_append(table, entry);
	return entry;
}

void mac_table_prove(struct mac_table *table, struct mac_entry *entry)
{
	if (entry->proven)
		return;
	order_remove(table, entry);
	entry->proven = true;
	order_append(table, entry);
}

void mac_table_remove(struct mac_table *table, struct mac_entry *entry)
{
	forget(table, entry);
	entry->hash_next = table->free;
	table->free = number_of(table, entry);
	table->count--;
}

void *mac_table_next(const struct mac_table *table, const void *entry)
{
	uint32_t number = entry ? number_of(table, entry) + 1 : 1;

	for (; number <= table->made; number++)
		if (at(table, number)->used)
			return at(table, number);
	return NULL;
}
