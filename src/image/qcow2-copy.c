/* SPDX-License-Identifier: MIT */
/*
 * The copy goes along the disk, so the target is written in order; where the
 * file has no extent, and where blocks are nothing but zeros, it stays a hole.
 *
 * What was copied is punched out of the source. A valid file names each of its
 * clusters once, but compressed ones share sectors, and nothing is valid before
 * it has been checked. So a first walk counts for each granule of the source
 * how many extents need it, the copy counts down, and a granule goes when
 * nobody needs it any more. Tables are never punched: whatever a hostile file
 * names twice reads the same both times.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "image/inflate.h"
#include "image/qcow2-map.h"

#define CHUNK	    MIB	       /* read and written at once */
#define BLOCK	    (4 * KIB)  /* zeros so long become a hole */
#define GRANULE	    (4 * KIB)  /* given back at once, at least */
#define STEP	    (64 * KIB) /* of looking for holes */
#define NEEDED_MOST UINT16_MAX /* never given back */

struct copy {
	struct qcow2_map map;
	int to;
	int (*tick)(void *context);
	void *context;
	struct inflate *inflate; /* NULL until there is something */
	uint8_t *packed;	 /* a compressed cluster, as in the file */
	uint8_t *plain;		 /* CHUNK or a cluster, the larger */
	uint64_t granule;	 /* bytes */
	uint64_t granule_count;
	uint16_t *needed;	   /* by how many extents, for each granule */
	uint64_t punch, punch_end; /* granules to be given back */
};

/* Where in the file data is from offset on; offset when that cannot be
 * told. */
static uint64_t skip_hole(int fd, uint64_t offset)
{
	off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? UINT64_MAX : offset;
	return (uint64_t)data;
}

/* What is taken of the raw file, in whole blocks. */
struct measure {
	struct qcow2_map map;
	uint64_t bytes;
	uint64_t end; /* of the last block that was counted */
};

static void count_blocks(struct measure *measure, uint64_t guest, uint64_t len)
{
	uint64_t start = MAX(guest / BLOCK * BLOCK, measure->end);
	uint64_t end = DIV_ROUND_UP(guest + len, BLOCK) * BLOCK;

	if (end > start)
		measure->bytes += end - start;
	measure->end = MAX(measure->end, end);
}

static int measure_extent(void *context, const struct qcow2_extent *extent)
{
	struct measure *measure = context;
	uint64_t pos = extent->host;

	if (extent->kind == QCOW2_COMPRESSED)
		count_blocks(measure, extent->guest, extent->length);
	if (extent->kind != QCOW2_DATA)
		return 0;
	while ((pos = skip_hole(measure->map.fd, pos)) <
	       extent->host + extent->length) {
		uint64_t at = pos - extent->host;

		count_blocks(measure, extent->guest + at,
			     MIN(STEP, extent->length - at));
		pos += STEP;
	}
	return 0;
}

int qcow2_measure(int from, const struct qcow2_header *header,
		  uint64_t *ret_bytes)
{
	struct measure measure = { 0 };
	int r = qcow2_map_open(&measure.map, from, header, "", NULL);

	if (r < 0)
		return r;
	r = qcow2_map_walk(&measure.map, measure_extent, &measure);
	qcow2_map_close(&measure.map);
	if (r < 0)
		return r;
	*ret_bytes = measure.bytes;
	return 0;
}

/* The granules that an extent lies in. */
static uint64_t first_granule(const struct copy *copy, uint64_t host)
{
	return host / copy->granule;
}

static uint64_t end_granule(const struct copy *copy, uint64_t end)
{
	return MIN(DIV_ROUND_UP(end, copy->granule), copy->granule_count);
}

static int count(void *context, const struct qcow2_extent *extent)
{
	struct copy *copy = context;
	uint64_t end = end_granule(copy, extent->host + extent->host_length);

	for (uint64_t i = first_granule(copy, extent->host); i < end; i++)
		if (extent->kind == QCOW2_TABLE)
			copy->needed[i] = NEEDED_MOST;
		else if (copy->needed[i] < NEEDED_MOST)
			copy->needed[i]++;
	return extent->kind == QCOW2_TABLE && copy->tick
		       ? copy->tick(copy->context)
		       : 0;
}

/* A file system that cannot do it keeps the bytes: no harm but the space. */
static void punch_now(struct copy *copy)
{
	if (copy->punch_end > copy->punch)
		(void)fallocate(copy->map.fd,
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)(copy->punch * copy->granule),
				(off_t)((copy->punch_end - copy->punch) *
					copy->granule));
	copy->punch = copy->punch_end = 0;
}

/* One extent less needs these granules. */
static void release(struct copy *copy, uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end; i++) {
		if (copy->needed[i] == NEEDED_MOST || --copy->needed[i] > 0)
			continue;
		if (i != copy->punch_end ||
		    (copy->punch_end - copy->punch) * copy->granule >= CHUNK)
			punch_now(copy);
		if (copy->punch_end == 0)
			copy->punch = i;
		copy->punch_end = i + 1;
	}
}

static int read_failed(const struct copy *copy, int err)
{
	return failure_errno(copy->map.failure, err,
			     "%s: cannot read the qcow2 file", copy->map.name);
}

/* What is behind the end of the file is zeros. */
static int read_at(const struct copy *copy, void *bytes, size_t len,
		   uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(copy->map.fd, (uint8_t *)bytes + done,
				  len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return read_failed(copy, errno);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	memset((uint8_t *)bytes + done, 0, len - done);
	return 0;
}

static int write_at(const struct copy *copy, const uint8_t *bytes, size_t len,
		    uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(copy->to, bytes, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(copy->map.failure, errno,
					     "%s: cannot write the disk out of "
					     "the qcow2 file",
					     copy->map.name);
		bytes += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Writes all but the blocks of zeros, neighbours at once. */
static int write_sparse(const struct copy *copy, const uint8_t *bytes,
			size_t len, uint64_t guest)
{
	size_t start = 0, pos = 0;
	int r = 0;

	while (pos < len && r == 0) {
		size_t block = MIN(BLOCK, len - pos);

		if (is_zero(bytes + pos, block)) {
			r = write_at(copy, bytes + start, pos - start,
				     guest + start);
			start = pos + block;
		}
		pos += block;
	}
	return r < 0 ? r
		     : write_at(copy, bytes + start, len - start,
				guest + start);
}

static int copy_data(struct copy *copy, const struct qcow2_extent *extent)
{
	uint64_t needed = first_granule(copy, extent->host), pos = 0;

	while (pos < extent->length) {
		uint64_t data = skip_hole(copy->map.fd, extent->host + pos);
		size_t len;
		int r;

		/* Only whole blocks are left out, to stay on their grid. */
		if (data >= extent->host + extent->length)
			break;
		pos += (data - extent->host - pos) / BLOCK * BLOCK;
		len = MIN(CHUNK, extent->length - pos);
		r = read_at(copy, copy->plain, len, extent->host + pos);
		if (r == 0)
			r = write_sparse(copy, copy->plain, len,
					 extent->guest + pos);
		if (r == 0 && copy->tick)
			r = copy->tick(copy->context);
		if (r < 0)
			return r;
		pos += len;
		data = (extent->host + pos) / copy->granule;
		if (pos < extent->length && data > needed) {
			release(copy, needed, data);
			needed = data;
		}
	}
	release(copy, needed,
		end_granule(copy, extent->host + extent->host_length));
	return 0;
}

static int copy_compressed(struct copy *copy, const struct qcow2_extent *extent)
{
	size_t cluster = (size_t)1 << copy->map.header.cluster_bits;
	int r = read_at(copy, copy->packed, extent->host_length, extent->host);

	if (r < 0)
		return r;
	if (!copy->inflate)
		copy->inflate = inflate_new(copy->map.header.zstd);
	if (!copy->inflate)
		return failure_errno(copy->map.failure, ENOMEM, "%s",
				     copy->map.name);
	if (inflate_run(copy->inflate,
			view_over(copy->packed, extent->host_length),
			copy->plain, cluster) < 0)
		return failure_set(copy->map.failure, EBADMSG,
				   "%s: the qcow2 file is damaged: a "
				   "compressed cluster at %llu",
				   copy->map.name,
				   (unsigned long long)extent->host);
	r = write_sparse(copy, copy->plain, extent->length, extent->guest);
	release(copy, first_granule(copy, extent->host),
		end_granule(copy, extent->host + extent->host_length));
	return r == 0 && copy->tick ? copy->tick(copy->context) : r;
}

static int copy_extent(void *context, const struct qcow2_extent *extent)
{
	struct copy *copy = context;

	switch (extent->kind) {
	case QCOW2_DATA:
		return copy_data(copy, extent);
	case QCOW2_COMPRESSED:
		return copy_compressed(copy, extent);
	case QCOW2_TABLE:
		break;
	}
	return copy->tick ? copy->tick(copy->context) : 0;
}

static int copy_prepare(struct copy *copy)
{
	uint64_t cluster = UINT64_C(1) << copy->map.header.cluster_bits;

	copy->granule = MAX(GRANULE, cluster);
	copy->granule_count = DIV_ROUND_UP(copy->map.file_size, copy->granule);
	copy->needed = calloc(copy->granule_count, sizeof(*copy->needed));
	copy->plain = malloc(MAX(CHUNK, cluster));
	/* The first sector may begin before the cluster's data. */
	copy->packed = malloc(2 * cluster + 512);
	if (!copy->needed || !copy->plain || !copy->packed)
		return failure_errno(copy->map.failure, ENOMEM, "%s",
				     copy->map.name);
	if (ftruncate(copy->to, (off_t)copy->map.header.size) < 0)
		return failure_errno(copy->map.failure, errno,
				     "%s: cannot make the disk out of the "
				     "qcow2 file",
				     copy->map.name);
	return 0;
}

static void copy_close(struct copy *copy)
{
	inflate_free(copy->inflate);
	free(copy->needed);
	free(copy->plain);
	free(copy->packed);
	qcow2_map_close(&copy->map);
}

int qcow2_to_raw(int from, int to, const char *name, int (*tick)(void *context),
		 void *context, struct failure *failure)
{
	struct copy copy = { .to = to, .tick = tick, .context = context };
	uint8_t head[QCOW2_HEAD];
	struct qcow2_header header;
	ssize_t n = pread(from, head, sizeof(head), 0);
	int r;

	if (n < 0)
		return failure_errno(failure, errno, "%s: cannot be read",
				     name);
	r = qcow2_parse_header(view_over(head, (size_t)n), name, &header,
			       failure);
	if (r == 0)
		r = qcow2_map_open(&copy.map, from, &header, name, failure);
	if (r < 0)
		return r;
	r = copy_prepare(&copy);
	if (r == 0)
		r = qcow2_map_walk(&copy.map, count, &copy);
	if (r == 0)
		r = qcow2_map_walk(&copy.map, copy_extent, &copy);
	punch_now(&copy);
	copy_close(&copy);
	return r;
}
