/* SPDX-License-Identifier: MIT */
/* A menu for what cannot move a cursor: a pipe, a printer, a dumb terminal. */
#pragma once

#include "cli/menu.h"

/*
 * What a typed line means: a number, nothing (the default), or a part of one
 * item's text. -ENOENT: none has it, -EEXIST: several have, both with
 * *failure; -ECANCELED: "q".
 */
int menu_plain_find(const struct menu *menu, const char *answer,
		    size_t *ret_index, struct failure *failure) _must_check;

/* Lists and asks until there is an answer. -ECANCELED: the person left, or the
 * input ended. */
int menu_plain_choose(const struct menu *menu, size_t *ret_index) _must_check;
