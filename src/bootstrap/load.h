/* SPDX-License-Identifier: MIT */
/*
 * The load worker: from a reference to a running target. It lives in a mount
 * namespace of its own, so that whatever it mounted is gone when the target
 * and it are gone: there is nothing to unmount after a failure at any step.
 */
#pragma once

#include "base/arena.h"
#include "root/audit.h"
#include "wire/control.h"

#define LOAD_HIDDEN_MAX 8
#define LOAD_TTY_MAX	32

struct load {
	struct control_request wanted;
	char serial[LOAD_TTY_MAX];     /* "" when the console is a VT */
	char serial_pty[LOAD_TTY_MAX]; /* its stand-in, in our /dev/pts */
	char hidden_names[LOAD_HIDDEN_MAX][LOAD_TTY_MAX];
	const char *hidden[LOAD_HIDDEN_MAX + 1];
	/* Shared with PID 1 and the clean worker: what the machine was like
	 * just before. */
	struct arena *arena;
	struct audit **audit;
	bool debug;
};

enum load_report_kind {
	LOAD_PROGRESS = 1,
	LOAD_STARTING, /* the target is next; waits for any record in return,
			  but not for ever */
	LOAD_ENTERED,  /* passes the target's control socket */
	LOAD_FAILED,
};

struct load_report {
	uint32_t kind;
	int32_t pid; /* with LOAD_ENTERED: the target's init */
	struct progress progress;
	struct failure failure;
	uint32_t own; /* with LOAD_ENTERED: the image's own program, no init */
	char init[CONTROL_INIT_MAX]; /* with LOAD_ENTERED: its path, cut */
};

/* A worker_body; argument is a struct load. */
int load_run(void *argument, int link);
