/* SPDX-License-Identifier: MIT */
/*
 * The boot server: all of its parts on one main loop. Started once, runs until
 * SIGINT or SIGTERM; SIGHUP reads the machines file again.
 */
#pragma once

#include "base/failure.h"
#include "server/settings.h"
#include "wire/mac.h"

/* Opens everything, drops privileges, serves. Returns 0 at an orderly end. */
int server_run(const struct serve_settings *settings, struct failure *failure)
	_must_check;

/* --dry-run: prints on stdout what this machine would be told, and ends. Opens
 * no port. */
int server_explain(const struct serve_settings *settings, const struct mac *mac,
		   struct failure *failure) _must_check;
