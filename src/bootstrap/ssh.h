/* SPDX-License-Identifier: MIT */
/*
 * The bootstrap's SSH server, and those who may log in. It runs from the moment
 * that there is a key, and not without; `boomerang ssh-keys` brings those that
 * the command line names by URL.
 *
 * A target has the same network and may want the server's port: the bootstrap's
 * server is held while one runs. Who is logged in stays, as each session is a
 * process of its own.
 */
#pragma once

#include "bootstrap/service.h"

struct ssh {
	/* Set by the owner: called when ssh_hold() is done, at once or later. */
	void (*held)(struct ssh *ssh);
	struct service server;
	struct worker fetcher;
	struct timer again; /* for the fetcher */
	struct loop *loop;
	const char *cmdline;
};

/* cmdline: what the kernel was told, which stays as it is. A bootstrap without
 * a server, and one that nobody may log in to, starts none. */
void ssh_start(struct ssh *ssh, struct loop *loop, const char *cmdline);

/* Ends the server, so that its port is free when held() is called, until
 * ssh_resume(). Both are fine at any time. */
void ssh_hold(struct ssh *ssh);
void ssh_resume(struct ssh *ssh);
