/* SPDX-License-Identifier: MIT */
/* Programs with all they need to run. */
#pragma once

#include "initramfs/manifest.h"

/*
 * Adds the program at path, mode 0755, from the host's file, with the system's
 * dynamic loader and, recursively, the shared libraries it names. A library
 * keeps the path at which the loader will look for it. Looked for as ld.so(8)
 * does, in DT_RUNPATH ($ORIGIN included) and then in the standard directories
 * of the machine; not in those that only /etc/ld.so.conf adds, which the loader
 * of the initramfs would not know. Every file is parsed, none is run.
 */
void program_add(struct manifest *m, const char *path, const char *source);

/* As program_add(), for one that must need neither loader nor libraries. */
void program_add_static(struct manifest *m, const char *path,
			const char *source);

/* The machine (EM_* of <elf.h>) that the program in the host's file is for. */
int program_machine(const char *source, uint16_t *ret_machine,
		    struct failure *failure) _must_check;
