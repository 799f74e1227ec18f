/* SPDX-License-Identifier: MIT */
/* A section of the table becomes a row. */
#pragma once

#include "iso/distros.h"
#include "iso/sections.h"

/* What a [key NAME] begins with. */
#define DISTRO_KEY_PREFIX "key "

/* -EBADMSG, -ENOMEM with *failure. */
int distro_row(const struct sections *sections, const struct section *section,
	       struct distro *ret_distro, struct failure *failure) _must_check;
/* That a [key NAME] is one. */
int distro_key_check(const struct sections *sections,
		     const struct section *section, struct failure *failure)
	_must_check;
void distro_clear(struct distro *distro);
