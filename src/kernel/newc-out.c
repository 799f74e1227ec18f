/* SPDX-License-Identifier: MIT */
#include "kernel/newc-out.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "wire/newc.h"

int newc_out_entry(struct newc_out *out, const struct newc_out_entry *entry,
		   struct failure *failure)
{
	const char *path = entry->path + (entry->path[0] == '/');
	uint8_t bytes[NEWC_ENTRY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));

	if (entry->size > UINT32_MAX)
		return failure_set(failure, EFBIG,
				   "/%s: more than 4 GiB do not fit into an "
				   "initramfs",
				   path);
	/* Each entry is an inode of its own, so that none is taken for a hard
	 * link. */
	newc_build_entry(&b, &(struct newc_entry){
				     .inode = ++out->inodes,
				     .mode = entry->mode,
				     .uid = entry->uid,
				     .gid = entry->gid,
				     .links = S_ISDIR(entry->mode) ? 2 : 1,
				     .mtime = (uint32_t)entry->mtime,
				     .size = (uint32_t)entry->size,
				     .node_major = major(entry->node),
				     .node_minor = minor(entry->node),
				     .name = path,
				     .name_len = strlen(path),
			     });
	if (b.bad)
		return failure_set(failure, ENAMETOOLONG,
				   "/%s: no name for an initramfs", path);
	return out->write(out->context, bytes, b.len, failure);
}

int newc_out_padding(struct newc_out *out, uint64_t size,
		     struct failure *failure)
{
	static const uint8_t zeros[3];

	return out->write(out->context, zeros, newc_padding(size), failure);
}

int newc_out_trailer(struct newc_out *out, struct failure *failure)
{
	uint8_t bytes[128];
	struct build b = build_over(bytes, sizeof(bytes));

	newc_build_trailer(&b);
	return out->write(out->context, bytes, b.len, failure);
}
