/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator over one region. PID 1 maps a shared region once, before
 * its loop; workers forked from it fill it, and the next worker finds the
 * same bytes at the same addresses. Pointers into it stay valid until
 * arena_reset().
 */
#pragma once

#include "base/util.h"

struct arena {
	char *base;
	size_t size;
	size_t used;
};

/* Zeroed memory aligned to 16 bytes, or NULL when the arena is full. */
void *arena_alloc(struct arena *arena, size_t size) _must_check;

/* A copy of the len bytes at src, or NULL when the arena is full. */
void *arena_copy(struct arena *arena, const void *src, size_t len) _must_check;

void arena_reset(struct arena *arena);

/* The arena of size bytes and its own bookkeeping in one mapping shared with
 * all later children (MAP_SHARED | MAP_NORESERVE); NULL with errno set. */
struct arena *arena_map_shared(size_t size) _must_check;

/* An arena of size bytes of this process alone, which take memory as they are
 * used; -ENOMEM. */
int arena_map(struct arena *ret_arena, size_t size) _must_check;
void arena_unmap(struct arena *arena);
#define _cleanup_arena _cleanup(arena_unmap)
