/* SPDX-License-Identifier: MIT */
#include "bootstrap/power.h"

#include <sys/reboot.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define SYNC_LIMIT_MS 10000

static int sync_and_end(void *argument, _unused int link)
{
	const struct power *power = argument;

	sync();
	reboot(power->command);
	return 1;
}

static void end_now(struct power *power)
{
	loop_timer_off(power->loop, &power->late);
	reboot(power->command);
	log_error("cannot end the system: %m");
}

static void sync_is_late(struct timer *timer)
{
	struct power *power = container_of(timer, struct power, late);

	log_warning("a disk does not answer, not waiting for it");
	worker_abandon(&power->worker);
	end_now(power);
}

static void worker_said(_unused struct worker *worker,
			_unused const void *bytes, _unused size_t len,
			int passed_fd)
{
	fd_close(passed_fd);
}

/* It should have ended the system instead. */
static void worker_ended(struct worker *worker, _unused int wait_status)
{
	end_now(container_of(worker, struct power, worker));
}

void power_end(struct power *power, struct loop *loop, int command)
{
	if (power->worker.running)
		return;
	power->loop = loop;
	power->command = command;
	power->worker.record = worker_said;
	power->worker.ended = worker_ended;
	power->late.expired = sync_is_late;
	if (worker_start(&power->worker, loop, sync_and_end, power) < 0)
		end_now(power);
	else
		loop_timer(loop, &power->late, SYNC_LIMIT_MS);
}
