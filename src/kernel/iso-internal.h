/* SPDX-License-Identifier: MIT */
/* What the parts of the ISO reader share. */
#pragma once

#include "kernel/iso-record.h"
#include "kernel/iso-rock.h"

/* Adds the fields' meaning, wherever they go on. Damage in them ends them;
 * -EIO and the like with *failure are of the reader. */
int iso_rock_read(const struct iso *iso, struct view fields, struct rock *rock,
		  struct failure *failure) _must_check;

/* The directory that begins at start, whose own record says its size. */
int iso_directory_at(const struct iso *iso, uint64_t start, uint64_t *ret_size,
		     struct failure *failure) _must_check;

/* -EBADMSG with *failure. */
int iso_damaged(const struct iso *iso, const char *what,
		struct failure *failure);
