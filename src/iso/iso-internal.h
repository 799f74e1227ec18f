/* SPDX-License-Identifier: MIT */
/* What the parts of the ISO reader share. */
#pragma once

#include "iso/iso-record.h"
#include "iso/iso-rock.h"

/* Adds the fields' meaning, wherever they go on. Damage in them ends them;
 * that they go on behind the image's end is -EBADMSG with *failure. */
int iso_rock_read(const struct iso *iso, struct view fields, struct rock *rock,
		  struct failure *failure) _must_check;

/* -EBADMSG with *failure. */
int iso_damaged(const struct iso *iso, const char *what,
		struct failure *failure);
