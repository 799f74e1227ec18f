/* SPDX-License-Identifier: MIT */
/* What supervise() asks for, one function an action. asker is the client that
 * caused the event, or NULL. */
#include "bootstrap/actions.h"

#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "bootstrap/await.h"
#include "bootstrap/statefile.h"
#include "root/cgroup.h"

/* DHCP with one lost packet takes 4 s, a port behind spanning tree 30 s. When
 * the network is up, but in the other family only, there may be no more. */
#define NETWORK_LIMIT_MS 40000
#define FAMILY_LIMIT_MS	 10000
/* SIGKILL takes effect at once unless a process hangs in the kernel. */
#define STUCK_LIMIT_MS 20000
/* The cleaner waits for memory and devices to come back. */
#define CLEAN_LIMIT_MS 60000

void supervisor_leave_because(struct supervisor *s, const char *format, ...)
{
	struct text text;
	va_list args;

	if (s->returning_ms)
		return;
	s->returning_ms = clock_ms();
	text = text_over(s->status.return_reason,
			 sizeof(s->status.return_reason));
	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(s->status.return_reason);
}

static void act_accept(_unused struct supervisor *s, struct client *asker)
{
	control_done(asker);
}

static void act_refuse(struct supervisor *s, struct client *asker)
{
	struct failure failure;

	if (s->state == STATE_IDLE)
		(void)failure_set(&failure, ESRCH,
				  "nothing to return from: no image is "
				  "running");
	else
		(void)failure_set(&failure, EBUSY,
				  "not now: the bootstrap is %s%s",
				  state_name(s->state),
				  s->state == STATE_TARGET
					  ? "; return from it first"
					  : "");
	control_failed(asker, &failure);
}

/* Also when it has failed so far: a cable may be plugged in right now. Where
 * ip= leaves it to others there is nothing to wait for. */
static bool must_wait(const struct supervisor *s)
{
	return s->awaited && !(s->network_families & s->awaited) &&
	       s->network_state != NETWORK_OFF;
}

void supervisor_check_network(struct supervisor *s)
{
	if (s->state != STATE_WAITING)
		return;
	if (must_wait(s))
		control_waiting(s->asker, s->status.network);
	else
		supervisor_happen(s, EVENT_READY, NULL);
}

static void act_await(struct supervisor *s, struct client *asker)
{
	s->asker = asker;
	s->returning_ms = 0;
	s->status.failure = (struct failure){ 0 };
	s->load.wanted = *s->request;
	(void)str_copy(s->status.image, sizeof(s->status.image),
		       s->load.wanted.ref);
	statefile_write(STATEFILE_IMAGE, s->load.wanted.ref);
	s->awaited = await_families(s->load.wanted.ref);
	if (must_wait(s))
		loop_timer(&s->loop, &s->await,
			   s->network_families ? FAMILY_LIMIT_MS
					       : NETWORK_LIMIT_MS);
	supervisor_check_network(s);
}

static void fail_load(struct supervisor *s, const struct failure *failure)
{
	if (s->status.failure.err == 0)
		s->status.failure = *failure;
	supervisor_happen(s, EVENT_FAILED, NULL);
}

static void act_load(struct supervisor *s, _unused struct client *asker)
{
	struct failure failure;
	int r;

	loop_timer_off(&s->loop, &s->await);
	worker_kill(&s->trimmer);
	arena_reset(s->load.arena);
	s->load.audit = arena_alloc(s->load.arena, sizeof(*s->load.audit));
	s->network_changed = false;
	s->loading_ms = clock_ms();
	report_loading(&s->report, s->load.wanted.ref);
	consoles_describe(&s->consoles, &s->load);
	s->pty = FD_NONE;
	r = 0;
	if (*s->load.serial)
		r = s->pty = console_open_pty(s->load.serial_pty);
	if (r >= 0)
		r = worker_start(&s->loader, &s->loop, load_run, &s->load);
	if (r == 0)
		return;
	(void)failure_errno(&failure, -r, "cannot start the load");
	fail_load(s, &failure);
}

static void act_hand_over(struct supervisor *s, _unused struct client *asker)
{
	char line[512];
	struct text text = text_over(line, sizeof(line) - sizeof("\r\n"));

	s->status.loads++;
	s->entered_ms = clock_ms();
	text_add(&text,
		 "\r\nboomerang: entered %s (back: Ctrl+Alt+F12, " SERIAL_MAGIC
		 " on serial, /.bootstrap-return)",
		 s->load.wanted.ref);
	memcpy(line + text.len, "\r\n", sizeof("\r\n"));
	control_done(s->asker);
	s->asker = NULL;
	consoles_hand_over(&s->consoles, TAKE_FD(s->pty), line);
}

static void act_kill(struct supervisor *s, _unused struct client *asker)
{
	supervisor_leave_because(s, "failed load");
	worker_kill(&s->loader);
	if (s->target_runs)
		kill(s->target.pid, SIGKILL);
	cgroup_kill();
	loop_timer(&s->loop, &s->stuck, STUCK_LIMIT_MS);
}

void supervisor_clean_failed(struct supervisor *s, const char *what)
{
	struct leaks *leaks = &s->status.leaks;
	struct leak *leak = &leaks->list[MIN(leaks->listed, CONTROL_LEAKS - 1)];

	leaks->count++;
	leaks->listed = MIN(leaks->listed + 1, CONTROL_LEAKS);
	leak->undone = 0;
	(void)str_copy(leak->what, sizeof(leak->what), what);
	if (worker_start(&s->screen, &s->loop, screen_run, NULL) < 0)
		log_error("cannot reset the screen");
}

static void act_clean(struct supervisor *s, _unused struct client *asker)
{
	int r;

	s->status.leaks = (struct leaks){ 0 };
	s->clean.arena = s->load.arena;
	s->clean.before = s->load.audit ? *s->load.audit : NULL;
	loop_timer(&s->loop, &s->stuck, CLEAN_LIMIT_MS);
	r = worker_start(&s->cleaner, &s->loop, clean_run, &s->clean);
	if (r < 0) {
		log_error("cannot clean up: %s", strerrordesc_np(-r));
		supervisor_clean_failed(s, "the audit could not start: what is "
					   "left is not known");
		supervisor_happen(s, EVENT_CLEANED, NULL);
	}
}

static void say_leaks(struct supervisor *s)
{
	const struct leaks *leaks = &s->status.leaks;

	if (leaks->count == 0)
		return;
	consoles_say(&s->consoles,
		     "boomerang: the target left %u thing%s behind, %u undone; "
		     "`status` lists them",
		     leaks->count, leaks->count == 1 ? "" : "s", leaks->undone);
}

static void say_return(struct supervisor *s)
{
	s->status.returns++;
	s->status.return_ms = (uint64_t)(clock_ms() - s->returning_ms);
	consoles_say(&s->consoles, "boomerang: returned (%s) in %u.%02u s",
		     s->status.return_reason,
		     (unsigned int)(s->status.return_ms / 1000),
		     (unsigned int)(s->status.return_ms % 1000 / 10));
	if (s->status.failure.err)
		consoles_say(&s->consoles, "boomerang: %s",
			     s->status.failure.text);
	say_leaks(s);
	report_returned(&s->report, &s->status);
}

/* Also after a load that was given up before anything was entered. */
static void act_welcome(struct supervisor *s, _unused struct client *asker)
{
	struct failure why;

	loop_timer_off(&s->loop, &s->await);
	loop_timer_off(&s->loop, &s->stuck);
	s->pty = fd_close(s->pty);
	control_set_target(&s->control, FD_NONE);
	consoles_take_back(&s->consoles);
	if (s->status.failure.err == 0)
		(void)failure_set(&why, ECANCELED, "load cancelled");
	else
		why = s->status.failure;
	if (s->entered_ms)
		say_return(s);
	else
		report_failed(&s->report, why.err == ECANCELED, why.text);
	s->entered_ms = s->returning_ms = 0;
	control_failed(s->asker, &why);
	s->asker = NULL;
	/* The lease that it got meanwhile was undone with the rest. */
	if (s->network_changed) {
		s->network_state = NETWORK_WAITING;
		s->network_families = 0;
		service_restart(&s->network);
	}
	ssh_resume(&s->ssh);
	consoles_start(&s->consoles);
	(void)!worker_start(&s->trimmer, &s->loop, trim_run, NULL);
}

static void act_reboot(struct supervisor *s, _unused struct client *asker)
{
	consoles_say(&s->consoles, "boomerang: rebooting");
	power_end(&s->power, &s->loop, RB_AUTOBOOT);
}

static void act_poweroff(struct supervisor *s, _unused struct client *asker)
{
	consoles_say(&s->consoles, "boomerang: powering off");
	power_end(&s->power, &s->loop, RB_POWER_OFF);
}

static void act_kexec(struct supervisor *s, _unused struct client *asker)
{
	consoles_say(&s->consoles, "boomerang: starting the next kernel");
	power_end(&s->power, &s->loop, RB_KEXEC);
}

static void (*const acts[])(struct supervisor *s, struct client *asker) = {
	act_accept,    act_refuse,   act_await, act_load,
	act_hand_over, act_kill,     act_clean, act_welcome,
	act_reboot,    act_poweroff, act_kexec,
};

void supervisor_act(struct supervisor *s, unsigned int actions,
		    struct client *asker)
{
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (actions & 1u << i)
			acts[i](s, asker);
}
