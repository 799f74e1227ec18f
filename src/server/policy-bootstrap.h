/* SPDX-License-Identifier: MIT */
/* The bootstrap that `boomerang build` wrote into the served directory. */
#pragma once

#include "base/failure.h"
#include "server/plan.h"

#define BOOTSTRAP_KERNEL	"vmlinuz"
#define BOOTSTRAP_INITRAMFS	"bootstrap.img"
#define BOOTSTRAP_CMDLINE	"cmdline"
#define BOOTSTRAP_KERNEL_PLACE	"./" BOOTSTRAP_KERNEL
#define BOOTSTRAP_CMDLINE_BYTES 4096

struct bootstrap {
	const char *dir; /* NULL: none is served */
	int dir_fd;
	char cmdline[BOOTSTRAP_CMDLINE_BYTES];
	bool complete;
};

/* dir must outlive it; NULL is fine. Looks at the files when need is set, or
 * when they are there. */
int bootstrap_open(struct bootstrap *bootstrap, const char *dir, bool need,
		   struct failure *failure) _must_check;
void bootstrap_close(struct bootstrap *bootstrap);

/* Looks again, for it may have been built anew. As it was on failure. */
int bootstrap_reload(struct bootstrap *bootstrap, struct failure *failure)
	_must_check;

/* Whether its files can be read. */
int bootstrap_check(const struct bootstrap *bootstrap, struct failure *failure)
	_must_check;

/* Makes the plan boot it. -ENOENT with *failure: there is none. */
int bootstrap_plan(const struct bootstrap *bootstrap, struct plan *plan,
		   struct failure *failure) _must_check;

/* Makes the plan boot it and load an image: an http(s) URL or one of a
 * registry, which it fetches itself, or a file of this host, which it fetches from us. */
int bootstrap_plan_image(const struct bootstrap *bootstrap, struct plan *plan,
			 const char *place, struct failure *failure)
	_must_check;

/* Whether that is what the plan boots. */
bool bootstrap_is(const struct plan *plan);
