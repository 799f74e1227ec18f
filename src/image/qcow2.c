/* SPDX-License-Identifier: MIT */
/* The header of a qcow2 file (QEMU, docs/interop/qcow2.txt, "Header"). */
#include "image/qcow2.h"

#include <errno.h>

#define MAGIC	      "QFI\xfb"
#define HEADER_LEN_V3 104u

#define CLUSTER_BITS_MIN	  9  /* by the document */
#define CLUSTER_BITS_MIN_EXTENDED 14 /* by the document */
#define CLUSTER_BITS_MAX	  21 /* QEMU's own limit, 2 MiB */

/* incompatible_features */
#define FEATURE_DIRTY	    UINT64_C(1)
#define FEATURE_CORRUPT	    UINT64_C(2)
#define FEATURE_DATA_FILE   UINT64_C(4)
#define FEATURE_COMPRESSION UINT64_C(8)
#define FEATURE_EXTENDED    UINT64_C(16)
#define FEATURES_KNOWN                                         \
	(FEATURE_DIRTY | FEATURE_CORRUPT | FEATURE_DATA_FILE | \
	 FEATURE_COMPRESSION | FEATURE_EXTENDED)

#define COMPRESSION_ZLIB 0u
#define COMPRESSION_ZSTD 1u

#define FLATTEN "make it whole: qemu-img convert -O qcow2"

/* All that is read, before any of it is believed. */
struct fields {
	uint32_t version;
	uint64_t backing_offset;
	uint32_t backing_size;
	uint32_t cluster_bits;
	uint64_t size;
	uint32_t encryption;
	uint32_t l1_entries;
	uint64_t l1_offset;
	uint64_t features;
	uint32_t compression;
};

static int contradicts(struct failure *failure, const char *name,
		       const char *what)
{
	return failure_set(failure, EBADMSG,
			   "%s: the header of the qcow2 file is damaged: %s",
			   name, what);
}

static struct fields read_v2(struct view *head)
{
	struct fields fields = { 0 };

	fields.version = view_be32(head);
	fields.backing_offset = view_be(head, 8);
	fields.backing_size = view_be32(head);
	fields.cluster_bits = view_be32(head);
	fields.size = view_be(head, 8);
	fields.encryption = view_be32(head);
	fields.l1_entries = view_be32(head);
	fields.l1_offset = view_be(head, 8);
	/* Reference counts and snapshots. */
	view_skip(head, 8 + 4 + 4 + 8);
	return fields;
}

static void read_v3(struct view *head, struct fields *fields)
{
	uint32_t length;

	fields->features = view_be(head, 8);
	/* What may be ignored, and the width of reference counts. */
	view_skip(head, 8 + 8 + 4);
	length = view_be32(head);
	if (length < HEADER_LEN_V3)
		head->bad = true;
	else if (length > HEADER_LEN_V3)
		fields->compression = view_u8(head);
}

static int refuse_backing(struct view head, const struct fields *fields,
			  const char *name, struct failure *failure)
{
	char backing[128];
	struct view at = view_at(head, fields->backing_offset);
	size_t len = MIN(fields->backing_size, sizeof(backing) - 1);

	view_copy(&at, backing, len);
	backing[len] = '\0';
	return failure_set(failure, EPROTONOSUPPORT,
			   "%s: the qcow2 file has only what differs from "
			   "another file (%s); " FLATTEN,
			   name, at.bad ? "its backing file" : backing);
}

/* What there is, but not for us. */
static int check_features(struct view head, const struct fields *fields,
			  const char *name, struct failure *failure)
{
	const char *what = NULL;

	if (fields->backing_offset)
		return refuse_backing(head, fields, name, failure);
	if (fields->features & ~FEATURES_KNOWN)
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: the qcow2 file has features that are "
				   "not known here (%#llx)",
				   name,
				   (unsigned long long)(fields->features &
							~FEATURES_KNOWN));
	if (fields->encryption)
		what = "is encrypted; decrypt it: qemu-img convert";
	else if (fields->features & FEATURE_DATA_FILE)
		what = "has its data in another file; " FLATTEN;
	else if (fields->features & FEATURE_CORRUPT)
		what = "is marked as corrupt; repair it: qemu-img check -r all";
	else if (fields->compression > COMPRESSION_ZSTD)
		what = "is compressed in a way that is not known here";
	if (!what)
		return 0;
	return failure_set(failure, EPROTONOSUPPORT, "%s: the qcow2 file %s",
			   name, what);
}

static const char *contradiction(const struct fields *fields)
{
	bool compression = fields->features & FEATURE_COMPRESSION;
	bool extended = fields->features & FEATURE_EXTENDED;

	if (fields->cluster_bits < CLUSTER_BITS_MIN ||
	    fields->cluster_bits > CLUSTER_BITS_MAX ||
	    (extended && fields->cluster_bits < CLUSTER_BITS_MIN_EXTENDED))
		return "no such cluster size";
	if (compression != (fields->compression != COMPRESSION_ZLIB))
		return "two kinds of compression";
	if (fields->l1_offset % (UINT64_C(1) << fields->cluster_bits))
		return "the L1 table is at an odd place";
	if (fields->size == 0)
		return "the disk has no size";
	return NULL;
}

int qcow2_parse_header(struct view head, const char *name,
		       struct qcow2_header *ret_header, struct failure *failure)
{
	struct view v = head;
	struct fields fields;
	const char *what;
	int r;

	if (!view_starts(head, MAGIC, strlen(MAGIC)))
		return failure_set(failure, EBADMSG, "%s: not a qcow2 file",
				   name);
	view_skip(&v, strlen(MAGIC));
	fields = read_v2(&v);
	if (fields.version >= 3)
		read_v3(&v, &fields);
	if (v.bad)
		return contradicts(failure, name, "it is cut short");
	if (fields.version != 2 && fields.version != 3)
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: qcow version %u is not known here; "
				   "convert it: qemu-img convert -O qcow2",
				   name, fields.version);
	r = check_features(head, &fields, name, failure);
	if (r < 0)
		return r;
	what = contradiction(&fields);
	if (what)
		return contradicts(failure, name, what);
	if (fields.size > QCOW2_SIZE_MAX)
		return failure_set(
			failure, EFBIG, "%s: the disk is larger than %llu TiB",
			name,
			(unsigned long long)(QCOW2_SIZE_MAX / 1024 / GIB));
	*ret_header = (struct qcow2_header){
		.version = fields.version,
		.cluster_bits = fields.cluster_bits,
		.size = fields.size,
		.l1_offset = fields.l1_offset,
		.l1_entries = fields.l1_entries,
		.zstd = fields.compression == COMPRESSION_ZSTD,
		.extended = fields.features & FEATURE_EXTENDED,
	};
	return 0;
}
