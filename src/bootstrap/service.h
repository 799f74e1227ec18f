/* SPDX-License-Identifier: MIT */
/* Workers that are kept running: one that ends is started again. */
#pragma once

#include "bootstrap/worker.h"

struct service {
	/* Set by the owner; worker.record too, NULL when it says nothing. */
	const char *name;
	worker_body body;
	void *argument;
	/* Called when service_hold() is done; NULL: nobody wants to know. */
	void (*held)(struct service *service);
	struct worker worker;
	struct timer again;
	struct loop *loop; /* NULL: it was never started */
	bool on_hold;
};

void service_start(struct service *service, struct loop *loop);

/* Ends it, after which it starts afresh. */
void service_restart(struct service *service);

/* Ends it, until service_resume(). held() is called when it has ended, which
 * may be at once. One that was never started is fine, in both. */
void service_hold(struct service *service);
void service_resume(struct service *service);
