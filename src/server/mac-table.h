/* SPDX-License-Identifier: MIT */
/*
 * Something kept for each machine, found by its Ethernet address, with a
 * fixed number of places: anybody on the network can invent addresses. When
 * all are taken, a new machine gets the place of the one that was touched
 * longest ago, of those first that never got beyond their first request, so
 * that a flood of invented machines does not push out those that boot.
 * For one thread, or under its owner's lock.
 */
#pragma once

#include "wire/mac.h"

/* Embedded as the first member of what is kept. */
struct mac_entry {
	struct mac mac;
	bool used;
	bool proven; /* it came back after its first request */
	uint32_t hash_next;
	uint32_t older, newer; /* in the order of use, among its like */
};

struct mac_table {
	char *entries; /* capacity entries of entry_size bytes */
	size_t entry_size;
	uint32_t capacity;
	uint32_t count; /* in use */
	uint32_t made;	/* ever in use; those above were never touched */
	uint32_t free;	/* the first of those given back */
	uint32_t *buckets;
	unsigned int bucket_shift; /* 64 less their number's bits */
	uint64_t key[2];	   /* so that nobody can choose the buckets */
	struct {
		uint32_t oldest, newest;
	} order[2]; /* [proven] */
	/* Called before an entry's place is given away; may be NULL. */
	void (*evict)(struct mac_table *table, struct mac_entry *entry);
	void *context; /* for evict */
};

/* Memory for all places at once (untouched pages cost nothing). -ENOMEM. */
int mac_table_init(struct mac_table *table, uint32_t capacity,
		   size_t entry_size) _must_check;
/* Evicts all. */
void mac_table_done(struct mac_table *table);

/* The entry of a machine, NULL: none. Its place in the order stays. */
void *mac_table_find(const struct mac_table *table, const struct mac *mac);

/* The entry of a machine, made when there is none (zeroed behind its struct
 * mac_entry), and now the one used last. Never fails. */
void *mac_table_touch(struct mac_table *table, const struct mac *mac,
		      bool *ret_new);

/* From now on it outlives those that are not proven. */
void mac_table_prove(struct mac_table *table, struct mac_entry *entry);

/* Gives its place back. */
void mac_table_remove(struct mac_table *table, struct mac_entry *entry);

/* Visits all entries: NULL begins; returns NULL at the end. */
void *mac_table_next(const struct mac_table *table, const void *entry);
