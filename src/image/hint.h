/* SPDX-License-Identifier: MIT */
/*
 * How large a compressed stream will be, read off its first or last bytes
 * before it is fetched. Every answer is a lower bound, so that a refusal
 * built on it is never wrong: a stream of several members or frames can be
 * larger than what one of them says. 0: not known.
 */
#pragma once

#include "wire/view.h"

/* Bytes of the tail that hint_xz_tail() wants at most. */
#define HINT_TAIL 65536

/*
 * The content of a gzip stream of total bytes whose last bytes (4 at least)
 * are tail: ISIZE (RFC 1952 section 2.3.1). It counts modulo 2^32 and only the
 * last member, and in a truncated stream these bytes are something else: it is
 * believed only when it is no less than total, and a multiple of the block of
 * a tar.
 */
uint64_t hint_gzip_tail(struct view tail, uint64_t total);

/* The content of the last stream of an xz file whose end is tail: the sum of
 * the sizes in its index (xz file format, sections 2.1.2 and 4). */
uint64_t hint_xz_tail(struct view tail);

/* The content size in the first zstd frame's header, skippable frames before
 * it passed (RFC 8878 section 3.1.1.1). */
uint64_t hint_zstd_head(struct view head);

/* The content size in the first lz4 frame's descriptor (lz4 frame format). */
uint64_t hint_lz4_head(struct view head);

/* How long the file system says it is, in its superblock: the file must not
 * be shorter (kernel: squashfs_fs.h, bytes_used; erofs_fs.h, blocks). */
uint64_t hint_squashfs_head(struct view head);
uint64_t hint_erofs_head(struct view head);
