/* SPDX-License-Identifier: MIT */
/* What one machine is to boot: the answer of the static settings, of the
 * machines file or of the API. Immutable once made, shared, counted. */
#pragma once

#include <stdatomic.h>

#include "base/cleanup.h"

#define PLAN_INITRDS_MAX 32

enum plan_kind {
	PLAN_IGNORE, /* the machine is left alone: no answer at all */
	PLAN_LOCAL,  /* told to boot from its disk */
	PLAN_LINUX,  /* kernel, initrds, cmdline, message */
	PLAN_SCRIPT, /* an iPXE script, sent as it is */
};

/* A piece of a command line: text as it is, or where a file is that becomes
 * the URL under which this server hands it out. */
struct plan_piece {
	bool is_file;
	char *text;
};

struct plan {
	atomic_uint holders;
	enum plan_kind kind;
	/*
	 * Where files are: an absolute path on this host, "file:///…" the same,
	 * "http://…" and "https://…" (handed out by this server, which fetches
	 * them), or a path in the served directory beginning with "./".
	 */
	char *kernel;
	char *initrds[PLAN_INITRDS_MAX];
	size_t initrd_count;
	struct plan_piece *cmdline;
	size_t cmdline_count;
	char *message; /* NULL: none; printed by the loader */
	char *script;  /* PLAN_SCRIPT */
	char *loader;  /* one loader's file name, wanted by the machines file
			  or the API; NULL: as the firmware needs */
	/* One line on where this comes from or why the machine is left alone:
	 * "machines.ini [52:54:00:*]", "API: 404 Not Found". Never NULL. */
	char *origin;
};

/* With one holder, kind PLAN_IGNORE and a copy of origin; NULL: no memory. */
struct plan *plan_new(const char *origin);
struct plan *plan_hold(struct plan *plan);
/* Frees it with its last holder; returns NULL. From any thread. */
struct plan *plan_drop(struct plan *plan);

static inline void cleanup_plan(struct plan **plan)
{
	plan_drop(*plan);
}
#define _cleanup_plan _cleanup(cleanup_plan)

/* Appends to the command line, a copy. -ENOMEM. */
int plan_add_cmdline(struct plan *plan, bool is_file, const char *text)
	_must_check;

/* Whether a name can be that of a loader: a file's, with nothing of a path. */
bool plan_loader_fits(const char *name);
