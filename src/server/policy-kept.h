/* SPDX-License-Identifier: MIT */
/* The API's answers while they are fresh, and which machines asked before. */
#pragma once

#include "server/mac-table.h"
#include "server/policy.h"

struct kept_answers {
	struct mac_table table;
	size_t bytes; /* of the answers kept */
	int64_t swept_ms;
};

int kept_init(struct kept_answers *kept) _must_check;
void kept_done(struct kept_answers *kept);

/* The machine asks: its fresh answer, borrowed, or NULL. *ret_first: it did
 * not ask before, as far as is known. */
struct plan *kept_ask(struct kept_answers *kept, const struct client *client,
		      bool *ret_first);

/* Keeps a machine's answer, of so many bytes, for a while. It is not kept when
 * there are POLICY_KEPT_BYTES of others. */
void kept_put(struct kept_answers *kept, const struct client *client,
	      struct plan *plan, size_t bytes, int64_t for_ms);

/* From now on no answer is fresh. */
void kept_forget(struct kept_answers *kept);
