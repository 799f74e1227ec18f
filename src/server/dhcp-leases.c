/* SPDX-License-Identifier: MIT */
/*
 * A client is known by its identifier (option 61), or by its Ethernet address
 * when it sends none or one that is just that; so firmware without the option
 * and the iPXE that it starts, which has it, are one. A client keeps the row
 * it once had until another needs it, and a new one begins to look for a free
 * row where its identifier's hash says: addresses are the same after a restart
 * as long as nobody else came first.
 *
 * As nothing is kept over a restart, a client that asks for an address of the
 * range which is free gets it, whether or not it is known that it had it.
 */
#include "server/dhcp-leases.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "wire/ipv4.h"

#define ID_ETHERNET 1
/* Rows looked at for a free one: in a range that is all but full a flood must
 * not cost a walk through it for each packet. */
#define LOOK_MAX   1024
#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME  0x100000001b3u

enum lease_state {
	LEASE_FREE, /* never used */
	LEASE_OFFERED,
	LEASE_BOUND,
	LEASE_DECLINED, /* nobody's */
};

struct lease_key {
	uint16_t len;
	uint8_t bytes[PXE_ECHO_MAX];
};

/* Rows are numbered from 1 in chains, so that zeroed memory means none. */
struct dhcp_lease {
	enum lease_state state;
	uint32_t hash_next;
	int64_t until_ms; /* then it may become another's */
	struct lease_key key;
};

static struct lease_key key_of(const struct pxe_request *request)
{
	const struct pxe_echo *id = &request->id;
	struct lease_key key = { .len = 1 + MAC_BYTES };

	if (id->len < 2) {
		key.bytes[0] = ID_ETHERNET;
		memcpy(key.bytes + 1, request->client.mac.bytes, MAC_BYTES);
		return key;
	}
	key.len = id->len;
	memcpy(key.bytes, id->bytes, id->len);
	return key;
}

static bool key_eq(const struct lease_key *a, const struct lease_key *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static uint32_t *bucket(const struct dhcp_leases *leases,
			const struct lease_key *key)
{
	uint64_t hash = leases->key[0];

	for (size_t i = 0; i < key->len; i++)
		hash = (hash ^ key->bytes[i]) * (leases->key[1] | 1);
	hash ^= hash >> 32;
	return &leases->buckets[hash & leases->bucket_mask];
}

int dhcp_leases_init(struct dhcp_leases *leases, const struct dhcp_range *range)
{
	size_t size = dhcp_range_size(range), buckets = 1;
	ssize_t n;

	while (buckets < size)
		buckets *= 2;
	*leases = (struct dhcp_leases){
		.range = *range,
		.bucket_mask = (uint32_t)buckets - 1,
	};
	n = getrandom(leases->key, sizeof(leases->key), 0);
	if (n != (ssize_t)sizeof(leases->key))
		return n < 0 ? -errno : -EIO;
	leases->rows = calloc(size, sizeof(*leases->rows));
	leases->buckets = calloc(buckets, sizeof(*leases->buckets));
	if (!leases->rows || !leases->buckets) {
		dhcp_leases_done(leases);
		return -ENOMEM;
	}
	return 0;
}

void dhcp_leases_done(struct dhcp_leases *leases)
{
	free(leases->rows);
	free(leases->buckets);
	leases->rows = NULL;
	leases->buckets = NULL;
}

static struct dhcp_lease *find(const struct dhcp_leases *leases,
			       const struct lease_key *key)
{
	for (uint32_t n = *bucket(leases, key); n;
	     n = leases->rows[n - 1].hash_next)
		if (key_eq(&leases->rows[n - 1].key, key))
			return &leases->rows[n - 1];
	return NULL;
}

static uint32_t address_of(const struct dhcp_leases *leases,
			   const struct dhcp_lease *row)
{
	return leases->range.first + (uint32_t)(row - leases->rows);
}

/* The row of an address, NULL: it is not in the range. */
static struct dhcp_lease *row_of(const struct dhcp_leases *leases,
				 uint32_t address)
{
	if (address < leases->range.first || address > leases->range.last)
		return NULL;
	return &leases->rows[address - leases->range.first];
}

/* Nobody's from now on. */
static void unlink_row(struct dhcp_leases *leases, struct dhcp_lease *row)
{
	uint32_t number = (uint32_t)(row - leases->rows) + 1;
	uint32_t *link = bucket(leases, &row->key);

	while (*link && *link != number)
		link = &leases->rows[*link - 1].hash_next;
	if (*link)
		*link = row->hash_next;
	row->key.len = 0;
}

/* Gives a row that can be had to this client, which has no other then. */
static void assign(struct dhcp_leases *leases, struct dhcp_lease *row,
		   const struct lease_key *key)
{
	struct dhcp_lease *old = find(leases, key);
	uint32_t *head;

	if (old == row)
		return;
	if (old) {
		unlink_row(leases, old);
		old->until_ms = 0;
	}
	if (row->key.len > 0)
		unlink_row(leases, row);
	head = bucket(leases, key);
	row->key = *key;
	row->hash_next = *head;
	*head = (uint32_t)(row - leases->rows) + 1;
}

static bool can_have(const struct dhcp_leases *leases,
		     const struct dhcp_lease *row, const struct lease_key *key,
		     const struct pxe_request *request, int64_t now_ms)
{
	uint32_t host_bits = ~ipv4_mask(leases->range.prefix);
	uint32_t address = address_of(leases, row);

	/* The network's own address, its broadcast, and ours. */
	if ((address & host_bits) == 0 || (~address & host_bits) == 0 ||
	    address == request->arrival.server ||
	    address == leases->range.router)
		return false;
	return row->state == LEASE_FREE || now_ms >= row->until_ms ||
	       (row->state != LEASE_DECLINED && key_eq(&row->key, key));
}

static struct dhcp_lease *choose(const struct dhcp_leases *leases,
				 const struct lease_key *key,
				 const struct pxe_request *request,
				 int64_t now_ms)
{
	size_t size = dhcp_range_size(&leases->range);
	struct dhcp_lease *row = find(leases, key);
	uint64_t hash = FNV_OFFSET;

	if (row && can_have(leases, row, key, request, now_ms))
		return row;
	row = row_of(leases, request->requested);
	if (row && can_have(leases, row, key, request, now_ms))
		return row;
	for (size_t i = 0; i < key->len; i++)
		hash = (hash ^ key->bytes[i]) * FNV_PRIME;
	for (size_t i = 0; i < MIN(size, (size_t)LOOK_MAX); i++) {
		row = &leases->rows[(hash + i) % size];
		if (can_have(leases, row, key, request, now_ms))
			return row;
	}
	return NULL;
}

static struct dhcp_grant lease(struct dhcp_leases *leases,
			       struct dhcp_lease *row, enum lease_state state,
			       const struct lease_key *key, int64_t until_ms)
{
	assign(leases, row, key);
	/* Who asks again does not have its lease cut short. */
	if (state == LEASE_BOUND || row->state != LEASE_BOUND ||
	    row->until_ms < until_ms) {
		row->state = state;
		row->until_ms = until_ms;
	}
	return (struct dhcp_grant){
		.kind = GRANT_LEASE,
		.address = address_of(leases, row),
	};
}

static struct dhcp_grant discover(struct dhcp_leases *leases,
				  const struct pxe_request *request,
				  const struct lease_key *key, int64_t now_ms)
{
	struct dhcp_lease *row = choose(leases, key, request, now_ms);

	if (!row)
		return (struct dhcp_grant){ GRANT_NONE };
	return lease(leases, row, LEASE_OFFERED, key, now_ms + DHCP_OFFER_MS);
}

/* RFC 2131 section 4.3.2. */
static struct dhcp_grant request_address(struct dhcp_leases *leases,
					 const struct pxe_request *request,
					 const struct lease_key *key,
					 int64_t now_ms)
{
	bool selecting = request->server_id != 0;
	uint32_t wanted =
		request->ciaddr ? request->ciaddr : request->requested;
	struct dhcp_lease *own = find(leases, key);
	struct dhcp_lease *row = row_of(leases, wanted);
	int64_t lease_ms = (int64_t)leases->range.lease_s * MS_PER_S;

	if (selecting && request->server_id != request->arrival.server) {
		/* It has chosen another server; ours is free again. */
		if (own && own->state == LEASE_OFFERED)
			own->until_ms = now_ms;
		return (struct dhcp_grant){ GRANT_NONE };
	}
	if (wanted == 0)
		return (struct dhcp_grant){ GRANT_NONE };
	/* One that it was offered, or, as the table does not outlive us, one
	 * that may have been its own. */
	if (row && (!selecting || row == own) &&
	    can_have(leases, row, key, request, now_ms))
		return lease(leases, row, LEASE_BOUND, key, now_ms + lease_ms);
	/* Beside the range another server may have given it. */
	if (!row && !selecting && dhcp_range_reaches(&leases->range, wanted))
		return (struct dhcp_grant){ GRANT_NONE };
	return (struct dhcp_grant){ GRANT_NAK };
}

static void decline(struct dhcp_leases *leases,
		    const struct pxe_request *request,
		    const struct lease_key *key, int64_t now_ms)
{
	struct dhcp_lease *row = row_of(leases, request->requested);

	if (!row || row != find(leases, key))
		return;
	unlink_row(leases, row);
	row->state = LEASE_DECLINED;
	row->until_ms = now_ms + DHCP_DECLINED_MS;
}

static void release(struct dhcp_leases *leases,
		    const struct pxe_request *request,
		    const struct lease_key *key, int64_t now_ms)
{
	struct dhcp_lease *row = row_of(leases, request->ciaddr);

	if (row && row == find(leases, key))
		row->until_ms = now_ms;
}

struct dhcp_grant dhcp_leases_ask(struct dhcp_leases *leases,
				  const struct pxe_request *request,
				  int64_t now_ms)
{
	const struct lease_key key = key_of(request);

	if (request->arrival.port != PXE_PORT_DHCP ||
	    !dhcp_range_reaches(&leases->range,
				request->giaddr ? request->giaddr
						: request->arrival.server))
		return (struct dhcp_grant){ GRANT_NONE };
	switch (request->type) {
	case DHCP4_DISCOVER:
		return discover(leases, request, &key, now_ms);
	case DHCP4_REQUEST:
		return request_address(leases, request, &key, now_ms);
	case DHCP4_INFORM:
		return (struct dhcp_grant){ request->ciaddr ? GRANT_INFORM
							    : GRANT_NONE };
	case DHCP4_DECLINE:
		decline(leases, request, &key, now_ms);
		break;
	case DHCP4_RELEASE:
		release(leases, request, &key, now_ms);
		break;
	}
	return (struct dhcp_grant){ GRANT_NONE };
}
