/* SPDX-License-Identifier: MIT */
/* Root is needed to listen on the ports, and for nothing after that. */
#pragma once

#include "base/failure.h"
#include "server/settings.h"

#define PRIVILEGES_NAME_MAX 160

/*
 * Gives up what the process may do beyond reading and sending: it becomes the
 * user who called sudo(8), or nobody, and has no capabilities and no way to
 * new ones. When that user may not read the files that settings name, it stays
 * root without capabilities. Before any thread is started, as capabilities are
 * a thread's own. ret_who says for people as whom it goes on.
 */
int privileges_drop(const struct serve_settings *settings,
		    char ret_who[static PRIVILEGES_NAME_MAX],
		    struct failure *failure) _must_check;
