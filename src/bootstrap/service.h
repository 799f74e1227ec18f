/* SPDX-License-Identifier: MIT */
/* Workers that are kept running: one that ends is started again. */
#pragma once

#include "bootstrap/worker.h"

struct service {
	/* Set by the owner; worker.record too, NULL when it says nothing. */
	const char *name;
	worker_body body;
	void *argument;
	struct worker worker;
	struct timer again;
	struct loop *loop;
};

void service_start(struct service *service, struct loop *loop);

/* Ends it, after which it starts afresh. */
void service_restart(struct service *service);
