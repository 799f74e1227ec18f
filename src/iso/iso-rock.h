/* SPDX-License-Identifier: MIT */
/*
 * The System Use Sharing Protocol (IEEE P1281) and Rock Ridge (IEEE P1282),
 * which put a POSIX file's name, type and link into the last bytes of an ISO
 * 9660 directory record. Pure.
 */
#pragma once

#include <limits.h>

#include "wire/view.h"

#define ROCK_TARGET_MAX 256

/* What the fields of one directory record say; begin with { 0 }. */
struct rock {
	char name[NAME_MAX + 1]; /* "": none, or name_bad */
	size_t name_len;
	bool name_bad; /* too long, or with "/" in it */
	char target[ROCK_TARGET_MAX];
	size_t target_len;
	bool is_link, target_bad;
	bool target_split;  /* the next component goes on where this ended */
	bool has_mode;	    /* PX */
	uint32_t mode;	    /* as in struct stat */
	bool has_child;	    /* CL: the directory is elsewhere, */
	uint32_t child;	    /* in this block */
	bool is_moved;	    /* RE: it is shown where CL is */
	bool is_coded;	    /* ZF, SF: its bytes are not the file's */
	bool is_shared;	    /* SP: there are such fields at all, */
	uint8_t skip;	    /* behind so many bytes in all other records */
	bool is_rock_ridge; /* there are fields of Rock Ridge, too */
};

/* Where the fields go on. */
struct rock_more {
	uint32_t block;
	uint32_t offset, size; /* bytes */
};

/* Adds what the fields say. Returns whether they go on elsewhere; what is
 * damaged ends them. */
bool rock_parse(struct rock *rock, struct view fields,
		struct rock_more *ret_more);
