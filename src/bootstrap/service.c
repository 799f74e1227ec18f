/* SPDX-License-Identifier: MIT */
#include "bootstrap/service.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

#define AGAIN_MS 1000

static void start(struct service *service)
{
	int r = worker_start(&service->worker, service->loop, service->body,
			     service->argument);

	if (r < 0) {
		log_error("cannot start %s: %s", service->name,
			  strerrordesc_np(-r));
		loop_timer(service->loop, &service->again, AGAIN_MS);
	}
}

static void start_again(struct timer *timer)
{
	start(container_of(timer, struct service, again));
}

static void tell_held(struct service *service)
{
	if (service->held)
		service->held(service);
}

static void ended(struct worker *worker, int wait_status)
{
	struct service *service = container_of(worker, struct service, worker);

	if (service->on_hold) {
		tell_held(service);
		return;
	}
	log_warning("%s ended (wait status %#x), starting it again",
		    service->name, (unsigned int)wait_status);
	loop_timer(service->loop, &service->again, AGAIN_MS);
}

static void ignore_record(_unused struct worker *worker,
			  _unused const void *bytes, _unused size_t len,
			  int passed_fd)
{
	fd_close(passed_fd);
}

void service_start(struct service *service, struct loop *loop)
{
	service->loop = loop;
	service->again.expired = start_again;
	service->worker.ended = ended;
	if (!service->worker.record)
		service->worker.record = ignore_record;
	start(service);
}

void service_restart(struct service *service)
{
	worker_kill(&service->worker);
}

void service_hold(struct service *service)
{
	service->on_hold = true;
	if (service->loop)
		loop_timer_off(service->loop, &service->again);
	if (service->worker.running)
		worker_kill(&service->worker);
	else
		tell_held(service);
}

void service_resume(struct service *service)
{
	bool held = service->on_hold;

	service->on_hold = false;
	/* One that has not ended yet is started again when it has. */
	if (held && service->loop && !service->worker.running)
		start(service);
}
