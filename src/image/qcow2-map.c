/* SPDX-License-Identifier: MIT */
/*
 * The disk is cut into clusters. An entry of the L1 table names an L2 table,
 * one cluster long; an entry of that names the cluster. Neither is believed:
 * what is named has to be in the file, and a table is only ever read, so that
 * one that names itself, or is named by all, is as good as any other.
 *
 * An L2 table that is cut off by the end of the file is refused, as is data
 * that begins behind it: part of the file is missing. Data may end behind it:
 * QEMU writes no more of the last cluster than the disk has.
 */
#include "image/qcow2-map.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define SECTOR		  512u
#define ENTRY_COMPRESSED  (UINT64_C(1) << 62)
#define ENTRY_ZERO	  UINT64_C(1)
#define ENTRY_OFFSET_MASK UINT64_C(0x00fffffffffffe00) /* bits 9 to 55 */
#define SUBCLUSTERS	  32u

struct walk {
	struct qcow2_map *map;
	int (*each)(void *context, const struct qcow2_extent *extent);
	void *context;
	struct qcow2_extent pending; /* length 0: none */
};

static uint64_t cluster_size(const struct qcow2_map *map)
{
	return UINT64_C(1) << map->header.cluster_bits;
}

static size_t entry_size(const struct qcow2_map *map)
{
	return map->header.extended ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

/* Bytes of the disk that one L2 table leads to. */
static uint64_t table_covers(const struct qcow2_map *map)
{
	return cluster_size(map) / entry_size(map) * cluster_size(map);
}

static int refuse(const struct qcow2_map *map, const char *why)
{
	return failure_set(map->failure, EBADMSG, "%s: the qcow2 %s", map->name,
			   why);
}

/* The table at offset, or -EBADMSG when not all of it is in the file. */
static int read_table(const struct qcow2_map *map, uint64_t offset, void *table,
		      size_t size)
{
	size_t done = 0;

	if (offset > map->file_size || size > map->file_size - offset)
		return refuse(map, "file is cut short: a table is missing");
	while (done < size) {
		ssize_t n = pread(map->fd, (uint8_t *)table + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failure_errno(map->failure, n < 0 ? errno : EIO,
					     "%s: cannot read the qcow2 file",
					     map->name);
		done += (size_t)n;
	}
	return 0;
}

int qcow2_map_open(struct qcow2_map *map, int fd,
		   const struct qcow2_header *header, const char *name,
		   struct failure *failure)
{
	uint64_t needed;
	struct stat st;
	int r;

	*map = (struct qcow2_map){
		.fd = fd,
		.header = *header,
		.name = name,
		.failure = failure,
	};
	if (fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot be asked",
				     name);
	map->file_size = (uint64_t)st.st_size;
	needed = DIV_ROUND_UP(header->size, table_covers(map));
	if (needed > header->l1_entries)
		return refuse(map, "file contradicts itself: its L1 table is "
				   "smaller than the disk");
	map->l1_count = (uint32_t)needed;
	map->l1 = calloc(needed ? needed : 1, sizeof(uint64_t));
	map->l2 = malloc(cluster_size(map));
	r = map->l1 && map->l2 ? read_table(map, header->l1_offset, map->l1,
					    needed * sizeof(uint64_t))
			       : failure_errno(failure, ENOMEM, "%s", name);
	if (r < 0)
		qcow2_map_close(map);
	return r;
}

void qcow2_map_close(struct qcow2_map *map)
{
	free(map->l1);
	free(map->l2);
	map->l1 = map->l2 = NULL;
}

static int flush(struct walk *walk)
{
	struct qcow2_extent extent = walk->pending;

	walk->pending.length = 0;
	return extent.length > 0 ? walk->each(walk->context, &extent) : 0;
}

/* length bytes of the disk are in the file as they are; cut to the disk. */
static int add_data(struct walk *walk, uint64_t guest, uint64_t host,
		    uint64_t length)
{
	struct qcow2_extent *pending = &walk->pending;
	int r;

	if (guest >= walk->map->header.size)
		return 0;
	length = MIN(length, walk->map->header.size - guest);
	if (pending->length > 0 && pending->guest + pending->length == guest &&
	    pending->host + pending->host_length == host) {
		pending->length += length;
		pending->host_length += length;
		return 0;
	}
	r = flush(walk);
	*pending = (struct qcow2_extent){
		.kind = QCOW2_DATA,
		.guest = guest,
		.length = length,
		.host = host,
		.host_length = length,
	};
	return r;
}

/* The descriptor has the place, and in its upper bits the number of sectors
 * behind the first one. */
static int add_compressed(struct walk *walk, uint64_t guest,
			  uint64_t descriptor)
{
	const struct qcow2_map *map = walk->map;
	unsigned int shift = 62 - (map->header.cluster_bits - 8);
	uint64_t sectors = (descriptor & (ENTRY_COMPRESSED - 1)) >> shift;
	uint64_t host = descriptor & ((UINT64_C(1) << shift) - 1);
	uint64_t most = (sectors + 1) * SECTOR - host % SECTOR;
	struct qcow2_extent extent = {
		.kind = QCOW2_COMPRESSED,
		.guest = guest,
		.length = MIN(cluster_size(map), map->header.size - guest),
		.host = host,
	};
	int r;

	if (host >= map->file_size)
		return refuse(map, "file is cut short: a compressed cluster is "
				   "missing");
	extent.host_length = MIN(most, map->file_size - host);
	r = flush(walk);
	return r ? r : walk->each(walk->context, &extent);
}

/* The bitmap: in its lower half what is there, in its upper half what reads as
 * zeros, as all the rest does without a backing file. */
static int add_subclusters(struct walk *walk, uint64_t guest, uint64_t host,
			   uint64_t bitmap)
{
	uint64_t size = cluster_size(walk->map) / SUBCLUSTERS;
	uint32_t there = (uint32_t)bitmap, zero = (uint32_t)(bitmap >> 32);
	int r = 0;

	if (there & zero)
		return refuse(walk->map, "file contradicts itself: a "
					 "subcluster is zeros and data");
	for (unsigned int i = 0; i < SUBCLUSTERS && r == 0; i++)
		if (there >> i & 1)
			r = add_data(walk, guest + i * size, host + i * size,
				     size);
	return r;
}

static int add_entry(struct walk *walk, uint64_t guest, struct view entry)
{
	const struct qcow2_map *map = walk->map;
	uint64_t descriptor = view_be(&entry, sizeof(uint64_t));
	uint64_t bitmap = view_be(&entry, sizeof(uint64_t));
	uint64_t host = descriptor & ENTRY_OFFSET_MASK;

	if (descriptor & ENTRY_COMPRESSED)
		return add_compressed(walk, guest, descriptor);
	if (map->header.extended && (uint32_t)bitmap == 0)
		return 0;
	if (!map->header.extended && descriptor & ENTRY_ZERO)
		return map->header.version > 2
			       ? 0
			       : refuse(map, "file contradicts itself: version "
					     "2 has no clusters of zeros");
	if (host == 0)
		return map->header.extended
			       ? refuse(map, "file contradicts itself: data "
					     "without a place")
			       : 0;
	if (host % cluster_size(map))
		return refuse(map, "file contradicts itself: a cluster is at "
				   "an odd place");
	if (host >= map->file_size)
		return refuse(map, "file is cut short: a cluster is missing");
	return map->header.extended
		       ? add_subclusters(walk, guest, host, bitmap)
		       : add_data(walk, guest, host, cluster_size(map));
}

static int walk_table(struct walk *walk, uint64_t guest, uint64_t offset)
{
	struct qcow2_map *map = walk->map;
	const struct qcow2_extent table = {
		.kind = QCOW2_TABLE,
		.guest = guest,
		.host = offset,
		.host_length = cluster_size(map),
	};
	struct view entries = view_over(map->l2, cluster_size(map));
	int r;

	if (offset % cluster_size(map))
		return refuse(map, "file contradicts itself: an L2 table is at "
				   "an odd place");
	r = flush(walk);
	if (r)
		return r;
	r = read_table(map, offset, map->l2, cluster_size(map));
	if (r < 0)
		return r;
	r = walk->each(walk->context, &table);
	while (r == 0 && entries.left > 0 && guest < map->header.size) {
		r = add_entry(walk, guest, view_sub(&entries, entry_size(map)));
		guest += cluster_size(map);
	}
	return r;
}

int qcow2_map_walk(struct qcow2_map *map,
		   int (*each)(void *context,
			       const struct qcow2_extent *extent),
		   void *context)
{
	struct walk walk = { .map = map, .each = each, .context = context };
	struct view l1 = view_over(map->l1, map->l1_count * sizeof(uint64_t));
	int r = 0;

	for (uint64_t guest = 0; r == 0 && l1.left > 0;
	     guest += table_covers(map)) {
		uint64_t offset =
			view_be(&l1, sizeof(uint64_t)) & ENTRY_OFFSET_MASK;

		if (offset)
			r = walk_table(&walk, guest, offset);
	}
	return r ? r : flush(&walk);
}
