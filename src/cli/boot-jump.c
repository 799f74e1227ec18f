/* SPDX-License-Identifier: MIT */
/*
 * The end of this system: kexec starts the kernel that is loaded, and what is
 * not written by then is lost. So whoever is PID 1 ends things in its own way
 * where it can.
 */
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/host.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/boot.h"
#include "cli/control-client.h"
#include "takeover/machine.h"
#include "takeover/preflight.h"
#include "takeover/services.h"

#define SERVICE_LIMIT_S 90 /* systemd's own default */

int boot_confirm(const struct boot *boot, const char *what,
		 struct failure *failure)
{
	const struct boot_arguments *a = boot->arguments;
	char host[65] = "this machine";

	if (image_interrupted())
		return failure_set(failure, ECANCELED, "cancelled");
	if (boot->in_bootstrap || a->yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return failure_set(failure, ECANCELED,
				   "nobody is there to ask: say --yes to end "
				   "the running system");
	(void)gethostname(host, sizeof(host) - 1);
	if (ask_yes("End the system on %s and boot %s?", host, what))
		return 0;
	return failure_set(failure, ECANCELED, "not booted");
}

static int ask_bootstrap(struct failure *failure)
{
	struct control_reply reply;

	return control_client_ask(CONTROL_KEXEC, &reply, failure);
}

static int ask_systemd(struct failure *failure)
{
	char path[PATH_MAX];
	const char *const argv[] = { path, "kexec", NULL };

	if (host_find_program("systemctl", path) < 0)
		return failure_set(failure, ENOENT,
				   "systemctl is not there, which asks systemd "
				   "for a kexec");
	return host_run(argv, failure);
}

/* Other inits know no kexec of their own. */
static int end_services(enum init_kind init, struct failure *failure)
{
	static struct services services, stopped;
	int r = services_list(init, &services, failure);

	if (r == 0)
		r = services_stop(init, &services, SERVICE_LIMIT_S, &stopped,
				  failure);
	if (r < 0) {
		struct failure why;

		if (services_start(init, &stopped, &why) < 0)
			log_error("%s", why.text);
		return r;
	}
	machine_end(RB_KEXEC);
}

int boot_jump(const struct boot *boot, const char *what,
	      struct failure *failure)
{
	struct preflight_facts facts;
	int r;

	printf("starting     %s\n", what);
	fflush(stdout);
	if (boot->in_bootstrap) {
		r = ask_bootstrap(failure);
	} else {
		preflight_gather(&facts);
		r = facts.init == INIT_SYSTEMD
			    ? ask_systemd(failure)
			    : end_services(facts.init, failure);
	}
	if (r < 0)
		(void)!kexec_unload(KEXEC_NEXT);
	return r;
}
