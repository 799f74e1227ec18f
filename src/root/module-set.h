/* SPDX-License-Identifier: MIT */
/* A choice of a kernel's modules, complete in itself. Needs libkmod, so it is
 * a library of its own and not PID 1's. */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "base/util.h"

struct module_set {
	char dir[PATH_MAX];  /* absolute: …/lib/modules/RELEASE */
	const char *release; /* its last component */
	char **paths;	     /* of files below dir: "/kernel/fs/ext4/ext4.ko" */
	size_t count, room;
};

/*
 * Chooses from the kernel's directory dir (with the indexes of depmod(8)) the
 * modules that list names, in the form that initramfs/modules.list describes,
 * and those called names (NULL-terminated), with what they depend on. What is
 * not there, or built in, is passed over.
 */
int module_set_choose(struct module_set *ret_set, const char *dir,
		      const char *list, const char *const *names,
		      struct failure *failure) _must_check;

/*
 * Chooses those called names (NULL-terminated) with what they need, in an order
 * in which they can be loaded. What is built in is passed over. -ENOENT: one is
 * not there.
 */
int module_set_order(struct module_set *ret_set, const char *dir,
		     const char *const *names, struct failure *failure)
	_must_check;

/* Hands each index of just these modules, as depmod makes them, to each(),
 * until that fails. */
int module_set_index(const struct module_set *set,
		     int (*each)(const char *name, const void *bytes,
				 size_t len, void *context),
		     void *context, struct failure *failure) _must_check;

/* Hands each file of firmware that the modules name to each(), as it is named:
 * relative to the directory of firmware, with "*" where it may be one of
 * several. The same one may come again. Stops when each() fails. */
int module_set_firmware(const struct module_set *set,
			int (*each)(const char *name, void *context),
			void *context, struct failure *failure) _must_check;

void module_set_clear(struct module_set *set);
#define _cleanup_module_set _cleanup(module_set_clear)

/*
 * Whether the list chooses the module at path (as in modules.order) of this
 * name ("_" for "-").
 */
bool modules_list_chooses(const char *list, const char *path, const char *name);
