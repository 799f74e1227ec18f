/* SPDX-License-Identifier: MIT */
#include "bootstrap/supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "bootstrap/actions.h"
#include "bootstrap/modules.h"
#include "bootstrap/statefile.h"
#include "bootstrap/wifi.h"
#include "wire/boot-plan.h"

#define ARENA_SIZE (32 * MIB)

static enum phase phase_of(enum state state)
{
	static const enum phase phases[STATE_COUNT] = {
		[STATE_IDLE] = PHASE_BOOTSTRAP,
		[STATE_WAITING] = PHASE_LOADING,
		[STATE_LOADING] = PHASE_LOADING,
		[STATE_TARGET] = PHASE_TARGET,
		[STATE_STOPPING] = PHASE_RETURNING,
		[STATE_CLEANING] = PHASE_RETURNING,
	};

	return phases[state];
}

static void tell_status(struct supervisor *s, struct client *client)
{
	struct memory memory = memory_now();

	s->status.phase = phase_of(s->state);
	s->status.uptime_ms = (uint64_t)clock_ms();
	s->status.memory_total = memory.total;
	s->status.memory_available = memory.available;
	s->status.network_up = s->network_state == NETWORK_UP;
	control_status(client, &s->status);
}

void supervisor_happen(struct supervisor *s, enum event event,
		       struct client *asker)
{
	struct step step = supervise(s->state, event);

	if (step.next != s->state)
		log_debug("%s -> %s", state_name(s->state),
			  state_name(step.next));
	if (phase_of(step.next) != phase_of(s->state))
		statefile_write(STATEFILE_PHASE,
				phase_name(phase_of(step.next)));
	s->state = step.next;
	supervisor_act(s, step.actions, asker);
}

/* Where events come from. */

static void request_came(struct control *control, struct client *client,
			 const struct control_request *request)
{
	struct supervisor *s =
		container_of(control, struct supervisor, control);

	switch ((enum control_verb)request->verb) {
	case CONTROL_LOAD:
		s->request = request;
		supervisor_happen(s, EVENT_LOAD, client);
		return;
	case CONTROL_RETURN:
		if (s->state == STATE_TARGET)
			supervisor_leave_because(
				s, client->inside ? "/.bootstrap-return"
						  : "command");
		supervisor_happen(s, EVENT_RETURN, client);
		return;
	case CONTROL_STATUS:
		tell_status(s, client);
		return;
	case CONTROL_REBOOT:
		supervisor_happen(s, EVENT_REBOOT, client);
		return;
	case CONTROL_POWEROFF:
		supervisor_happen(s, EVENT_POWEROFF, client);
		return;
	case CONTROL_KEXEC:
		supervisor_happen(s, EVENT_KEXEC, client);
		return;
	}
	control_failed(client, &(struct failure){ .err = EINVAL,
						  .text = "unknown request" });
}

static void client_gone(struct control *control, struct client *client)
{
	struct supervisor *s =
		container_of(control, struct supervisor, control);

	if (client != s->asker)
		return;
	s->asker = NULL;
	supervisor_leave_because(s, "cancelled load");
	supervisor_happen(s, EVENT_CANCEL, NULL);
}

static void hotkey_pressed(struct hotkey *hotkey)
{
	struct supervisor *s = container_of(hotkey, struct supervisor, hotkey);

	if (s->state == STATE_TARGET)
		supervisor_leave_because(s, "hotkey");
	supervisor_happen(s, EVENT_RETURN, NULL);
}

static void serial_matched(struct consoles *consoles, const char *name)
{
	struct supervisor *s =
		container_of(consoles, struct supervisor, consoles);

	if (s->state == STATE_TARGET)
		supervisor_leave_because(s, "serial %s", name);
	supervisor_happen(s, EVENT_RETURN, NULL);
}

/* The kernel of a PID namespace ends its init by SIGHUP for a reboot and by
 * SIGINT for poweroff and halt (reboot(2)). */
static bool asked_for(int wait_status, int signal)
{
	return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == signal;
}

static void end_by_itself(struct supervisor *s, int wait_status)
{
	int number = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status)
					      : WEXITSTATUS(wait_status);
	unsigned int ran_ms = (unsigned int)(clock_ms() - s->entered_ms);

	if (asked_for(wait_status, SIGHUP)) {
		supervisor_leave_because(s, "reboot in the target");
	} else if (asked_for(wait_status, SIGINT)) {
		supervisor_leave_because(s, "poweroff or halt in the target");
	} else if (s->target_is_own) {
		/* How it ended is what it was started for. */
		supervisor_leave_because(s,
					 WIFSIGNALED(wait_status)
						 ? "the program was killed by "
						   "signal %d"
						 : "the program ended with "
						   "status %d",
					 number);
	} else {
		supervisor_leave_because(s, "the target's init ended");
		(void)failure_set(&s->status.failure, ECHILD,
				  "the image's init %s %d after %u.%u s",
				  WIFSIGNALED(wait_status)
					  ? "was killed by signal"
					  : "exited with status",
				  number, ran_ms / 1000, ran_ms % 1000 / 100);
	}
}

/* A kernel that the target loaded by kexec_load(2) but could not start: only
 * the real PID 1 can. */
static void start_loaded_kernel(struct supervisor *s)
{
	char loaded[8];

	if (file_read_line(AT_FDCWD, "/sys/kernel/kexec_loaded", loaded,
			   sizeof(loaded)) < 0 ||
	    !str_eq(loaded, "1"))
		return;
	log_info("starting the kernel that the target loaded");
	power_end(&s->power, &s->loop, RB_KEXEC);
}

static void target_exited(struct child *child, int wait_status)
{
	struct supervisor *s = container_of(child, struct supervisor, target);
	bool by_itself = s->returning_ms == 0;

	s->target_runs = false;
	if (by_itself) {
		end_by_itself(s, wait_status);
		if (asked_for(wait_status, SIGHUP)) {
			start_loaded_kernel(s);
			if (s->settings.really_reboot)
				supervisor_happen(s, EVENT_REBOOT, NULL);
		}
		if (asked_for(wait_status, SIGINT) &&
		    s->settings.really_poweroff)
			supervisor_happen(s, EVENT_POWEROFF, NULL);
	}
	supervisor_happen(s, EVENT_ENDED, NULL);
}

static void loader_said(struct worker *worker, const void *bytes, size_t len,
			int passed_fd)
{
	struct supervisor *s = container_of(worker, struct supervisor, loader);
	static struct load_report report;

	if (len != sizeof(report)) {
		fd_close(passed_fd);
		return;
	}
	memcpy(&report, bytes, sizeof(report));
	switch ((enum load_report_kind)report.kind) {
	case LOAD_PROGRESS:
		control_progress(s->asker, &report.progress);
		report_progress(&s->report, s->load.wanted.ref,
				&report.progress);
		break;
	case LOAD_STARTING:
		ssh_hold(&s->ssh);
		break;
	case LOAD_FAILED:
		if (s->status.failure.err == 0)
			s->status.failure = report.failure;
		break;
	case LOAD_ENTERED:
		s->target = (struct child){ .pid = report.pid,
					    .exited = target_exited };
		loop_watch(&s->loop, &s->target);
		s->target_runs = true;
		s->target_is_own = report.own;
		report.init[sizeof(report.init) - 1] = '\0';
		report_entered(&s->report,
			       (uint64_t)(clock_ms() - s->loading_ms),
			       report.init);
		control_set_target(&s->control, TAKE_FD(passed_fd));
		supervisor_happen(s, EVENT_ENTERED, NULL);
		break;
	}
	fd_close(passed_fd);
}

static void loader_ended(struct worker *worker, int wait_status)
{
	struct supervisor *s = container_of(worker, struct supervisor, loader);

	if (s->target_runs)
		return;
	if (s->status.failure.err == 0 && s->returning_ms == 0)
		(void)failure_set(&s->status.failure, EIO,
				  "the load ended without a result (wait "
				  "status %#x)",
				  (unsigned int)wait_status);
	supervisor_happen(s, EVENT_FAILED, NULL);
}

/* The target's init may end before the loader's word of it was read. */
static void orphan_ended(struct loop *loop, pid_t pid, int wait_status)
{
	struct supervisor *s = container_of(loop, struct supervisor, loop);

	worker_drain(&s->loader);
	if (s->target_runs && s->target.pid == pid) {
		loop_unwatch(loop, &s->target);
		target_exited(&s->target, wait_status);
	}
}

static void cleaner_said(struct worker *worker, const void *bytes, size_t len,
			 int passed_fd)
{
	struct supervisor *s = container_of(worker, struct supervisor, cleaner);

	fd_close(passed_fd);
	if (len == sizeof(s->status.leaks))
		memcpy(&s->status.leaks, bytes, len);
}

static void cleaner_ended(struct worker *worker, int wait_status)
{
	struct supervisor *s = container_of(worker, struct supervisor, cleaner);

	if (wait_status != 0)
		supervisor_clean_failed(s,
					"the audit failed: what is left is not "
					"known");
	supervisor_happen(s, EVENT_CLEANED, NULL);
}

static void nothing_said(_unused struct worker *worker,
			 _unused const void *bytes, _unused size_t len,
			 int passed_fd)
{
	fd_close(passed_fd);
}

static void nothing_ended(_unused struct worker *worker,
			  _unused int wait_status)
{
}

static void network_said(struct worker *worker, const void *bytes, size_t len,
			 int passed_fd)
{
	struct supervisor *s =
		container_of(worker, struct supervisor, network.worker);
	struct network_report report;

	fd_close(passed_fd);
	if (len != sizeof(report))
		return;
	memcpy(&report, bytes, sizeof(report));
	if (report.magic != CONTROL_MAGIC)
		return;
	s->network_state = (enum network_state)report.state;
	s->network_families = report.families;
	report.text[sizeof(report.text) - 1] = '\0';
	(void)str_copy(s->status.network, sizeof(s->status.network),
		       report.text);
	log_info("network: %s", s->status.network);
	s->network_changed |= s->state != STATE_IDLE;
	if (s->network_state == NETWORK_UP)
		report_network(&s->report,
			       s->settings.has_boot_mac
				       ? s->settings.boot_mac.bytes
				       : report.mac,
			       *s->settings.first.ref);
	supervisor_check_network(s);
}

static void waited_enough(struct timer *timer)
{
	supervisor_happen(container_of(timer, struct supervisor, await),
			  EVENT_READY, NULL);
}

static void took_too_long(struct timer *timer)
{
	struct supervisor *s = container_of(timer, struct supervisor, stuck);

	/* What hangs in the kernel cannot be killed; it is forgotten, so that
	 * its end, whenever it comes, is nobody's event. */
	if (s->state == STATE_CLEANING) {
		worker_abandon(&s->cleaner);
		supervisor_clean_failed(
			s, "the audit did not end: what is left is "
			   "not known");
		supervisor_happen(s, EVENT_CLEANED, NULL);
		return;
	}
	worker_abandon(&s->loader);
	if (s->target_runs)
		loop_unwatch(&s->loop, &s->target);
	s->target_runs = false;
	supervisor_happen(s, EVENT_STUCK, NULL);
}

/* Ctrl+Alt+Del is the target's, as it would be on a machine of its own. The
 * others are what reboot, poweroff and halt of busybox send to PID 1. */
static void signalled(struct loop *loop, int signal)
{
	struct supervisor *s = container_of(loop, struct supervisor, loop);

	if (signal == SIGINT && s->target_runs)
		kill(s->target.pid, SIGINT);
	else if (signal == SIGINT || signal == SIGTERM)
		supervisor_happen(s, EVENT_REBOOT, NULL);
	else
		supervisor_happen(s, EVENT_POWEROFF, NULL);
}

/* The loader waits for that. */
static void port_is_free(struct ssh *ssh)
{
	struct supervisor *s = container_of(ssh, struct supervisor, ssh);

	if (s->loader.running)
		(void)!send(s->loader.link.fd, "", 1,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int run_network(void *argument, int link)
{
	const struct supervisor *s = argument;

	return network_run(s->settings.cmdline, link);
}

static void start_services(struct supervisor *s)
{
	s->modules = (struct service){ .name = "modules", .body = modules_run };
	s->network = (struct service){ .name = "network",
				       .body = run_network,
				       .argument = s,
				       .worker.record = network_said };
	s->wifi = (struct service){ .name = "wifi", .body = wifi_run };
	service_start(&s->modules, &s->loop);
	service_start(&s->network, &s->loop);
	if (*s->settings.server)
		report_start(&s->report, &s->loop, s->settings.server);
	s->ssh.held = port_is_free;
	ssh_start(&s->ssh, &s->loop, s->settings.cmdline);
	if (access(WIFI_PROGRAM, X_OK) == 0)
		service_start(&s->wifi, &s->loop);
}

static void start_people(struct supervisor *s)
{
	int r;

	s->control.asked = request_came;
	s->control.gone = client_gone;
	r = control_start(&s->control, &s->loop);
	if (r < 0)
		log_error("no control socket: %s", strerrordesc_np(-r));
	s->hotkey.pressed = hotkey_pressed;
	r = hotkey_start(&s->hotkey, &s->loop);
	if (r < 0)
		log_error("no hotkey: %s", strerrordesc_np(-r));
	s->consoles.matched = serial_matched;
	consoles_init(&s->consoles, &s->loop, s->settings.cmdline);
	if (*s->settings.first.ref)
		s->consoles.first = &s->settings.first;
	s->consoles.resumes = access(BOOT_PLAN, F_OK) == 0;
	consoles_start(&s->consoles);
}

int supervisor_start(struct supervisor *s)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGUSR1, SIGUSR2 };
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&mask, signals[i]);
	r = loop_init(&s->loop, &mask, signalled);
	if (r < 0)
		return r;
	s->loop.orphan = orphan_ended;
	s->pty = FD_NONE;
	s->loader.record = loader_said;
	s->loader.ended = loader_ended;
	s->cleaner.record = cleaner_said;
	s->cleaner.ended = cleaner_ended;
	s->screen.record = nothing_said;
	s->screen.ended = nothing_ended;
	s->trimmer.record = nothing_said;
	s->trimmer.ended = nothing_ended;
	s->await.expired = waited_enough;
	s->stuck.expired = took_too_long;
	s->network_state = NETWORK_WAITING;
	s->status.boot_time = time(NULL);
	s->load.debug = s->settings.debug;
	s->load.arena = arena_map_shared(ARENA_SIZE);
	if (!s->load.arena)
		return -errno;
	statefile_start(s->status.boot_time);
	start_services(s);
	start_people(s);
	return 0;
}
