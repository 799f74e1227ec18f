/* SPDX-License-Identifier: MIT */
/*
 * From an image of the store to a root that can be entered: its layers below,
 * read-only, and above them a directory for what the target changes. In the
 * load worker, alone in its mount namespace.
 */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

#define ASSEMBLE_ROOT CONTROL_DIR "/root" /* the assembled root */

/* Whether a record from the child that made the image can be acted upon:
 * every text is terminated, names are names, counts are in their bounds. */
bool assemble_is_sound(const struct image_made *made);

/*
 * Mounts the image at ASSEMBLE_ROOT. keep: the name under which its changes
 * are kept in the store, "": they go into a fresh tmpfs and end with it.
 * Before anything is used, the store is told that this image (and these
 * changes) run now. -EEXIST with *failure when the changes of that name are
 * another image's.
 */
int assemble(const struct image_made *made, const char *keep,
	     struct failure *failure) _must_check;

/* Nothing of the store runs any more: takes back what assemble() told it. Not
 * told is fine. */
void assemble_ended(void);
