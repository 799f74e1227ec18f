/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_ALIGN 16

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t room = arena->size - arena->used;
	size_t padded = DIV_ROUND_UP(size, ARENA_ALIGN) * ARENA_ALIGN;
	char *p = arena->base + arena->used;

	if (padded < size || padded > room)
		return NULL;
	arena->used += padded;
	return memset(p, 0, padded);
}

void *arena_copy(struct arena *arena, const void *src, size_t len)
{
	void *p = arena_alloc(arena, len);

	return p && len > 0 ? memcpy(p, src, len) : p;
}

void arena_reset(struct arena *arena)
{
	arena->used = 0;
}

struct arena *arena_map_shared(size_t size)
{
	struct arena *arena;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	arena = map;
	arena->base = (char *)map +
		      DIV_ROUND_UP(sizeof(*arena), ARENA_ALIGN) * ARENA_ALIGN;
	arena->size = size - (size_t)(arena->base - (char *)map);
	return arena;
}

int arena_map(struct arena *ret_arena, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -ENOMEM;
	*ret_arena = (struct arena){ .base = map, .size = size };
	return 0;
}

void arena_unmap(struct arena *arena)
{
	if (arena->base)
		munmap(arena->base, arena->size);
	*arena = (struct arena){ 0 };
}
