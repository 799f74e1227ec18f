/* SPDX-License-Identifier: MIT */
/*
 * boomerang swap: the running system is replaced by an image in memory. What
 * can be found out is found out, and what can be undone is done, before the
 * one step that cannot: so the order is checks, image, checks again, person,
 * services, PID 1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/swap.h"
#include "takeover/guard.h"
#include "takeover/inject.h"

#define BOOTSTRAP_DEFAULT "out/bootstrap.img"

/* A wait of a month is a mistake in the unit. */
#define WATCHDOG_MAX_S (31 * 24 * 3600)
/* Less is over before sshd is up. */
#define WATCHDOG_MIN_S 30

enum swap_option {
	OPTION_BOOTSTRAP = 256,
	OPTION_CONFIRM,
	OPTION_DRY_RUN,
	OPTION_HOSTNAME,
	OPTION_KEEP_NETWORK,
	OPTION_KEEP_SSH,
	OPTION_KEEP_STORAGE,
	OPTION_METHOD,
	OPTION_NO_KEEP_NETWORK,
	OPTION_NOW,
	OPTION_SSH_KEY,
	OPTION_WATCHDOG,
	OPTION_YES,
};

static const struct option options[] = {
	IMAGE_OPTIONS,
	{ "bootstrap", no_argument, NULL, OPTION_BOOTSTRAP },
	{ "confirm", no_argument, NULL, OPTION_CONFIRM },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "hostname", required_argument, NULL, OPTION_HOSTNAME },
	{ "keep-network", no_argument, NULL, OPTION_KEEP_NETWORK },
	{ "keep-ssh", no_argument, NULL, OPTION_KEEP_SSH },
	{ "keep-storage", no_argument, NULL, OPTION_KEEP_STORAGE },
	{ "method", required_argument, NULL, OPTION_METHOD },
	{ "no-keep-network", no_argument, NULL, OPTION_NO_KEEP_NETWORK },
	{ "now", no_argument, NULL, OPTION_NOW },
	{ "ssh-key", required_argument, NULL, OPTION_SSH_KEY },
	{ "watchdog", required_argument, NULL, OPTION_WATCHDOG },
	{ "yes", no_argument, NULL, OPTION_YES },
	{ 0 },
};

/* --- what is asked for --- */

static int set_watchdog(struct swap_arguments *a, const char *value)
{
	uint64_t seconds;

	if (str_to_u64(value, WATCHDOG_MAX_S, &seconds) < 0 ||
	    seconds < WATCHDOG_MIN_S)
		return command_misuse("swap",
				      "--watchdog wants seconds, %d to %d, not "
				      "\"%s\"",
				      WATCHDOG_MIN_S, WATCHDOG_MAX_S, value);
	a->watchdog_s = (uint32_t)seconds;
	return STATUS_OK;
}

static int add_key(struct swap_arguments *a, const char *key)
{
	if (a->ssh_key_count == SWAP_SSH_KEYS_MAX)
		return command_misuse("swap", "more than %d --ssh-key",
				      SWAP_SSH_KEYS_MAX);
	a->ssh_keys[a->ssh_key_count++] = key;
	return STATUS_OK;
}

static int set_hostname(struct swap_arguments *a, const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-.";

	if (!*name || strlen(name) > 64 ||
	    strspn(name, allowed) != strlen(name))
		return command_misuse("swap",
				      "--hostname wants letters, digits, \"-\" "
				      "and \".\", at most 64, not \"%s\"",
				      name);
	a->hostname = name;
	return STATUS_OK;
}

static int take_option(struct swap_arguments *a, int option)
{
	switch (option) {
	case OPTION_BOOTSTRAP:
		a->bootstrap = true;
		return STATUS_OK;
	case OPTION_DRY_RUN:
		a->dry_run = true;
		return STATUS_OK;
	case OPTION_HOSTNAME:
		return set_hostname(a, optarg);
	case OPTION_KEEP_NETWORK:
		a->drop_network = false;
		return STATUS_OK;
	case OPTION_KEEP_SSH:
		a->keep_ssh = true;
		return STATUS_OK;
	case OPTION_KEEP_STORAGE:
		a->keep_storage = true;
		return STATUS_OK;
	case OPTION_METHOD:
		if (swap_method_parse(optarg, &a->method) < 0)
			return command_misuse("swap",
					      "--method wants auto, ptrace, "
					      "exitrd or soft-reboot, not "
					      "\"%s\"",
					      optarg);
		return STATUS_OK;
	case OPTION_NO_KEEP_NETWORK:
		a->drop_network = true;
		return STATUS_OK;
	case OPTION_NOW:
		a->now = true;
		return STATUS_OK;
	case OPTION_SSH_KEY:
		return add_key(a, optarg);
	case OPTION_WATCHDOG:
		return set_watchdog(a, optarg);
	default:
		a->yes = true;
		return STATUS_OK;
	}
}

static int take_operands(struct swap_arguments *a, int argc, char **argv)
{
	if (optind < argc)
		a->image.request.reference = argv[optind++];
	else if (a->bootstrap)
		a->image.request.reference = BOOTSTRAP_DEFAULT;
	else
		return command_misuse("swap", "which image?");
	/* No program has such a name, and who forgot that they come before
	 * waits for an image in vain. */
	if (optind < argc && argv[optind][0] == '-')
		return command_misuse("swap",
				      "options come before the image, \"%s\" "
				      "was given behind it",
				      argv[optind]);
	if (a->bootstrap && optind < argc)
		return command_misuse("swap",
				      "--bootstrap has its own init, \"%s\" "
				      "was given",
				      argv[optind]);
	a->command = (const char *const *)&argv[optind];
	a->command_len = (size_t)(argc - optind);
	return STATUS_OK;
}

/* --- the swap --- */

/* In the bootstrap nothing has to be replaced. */
static bool in_bootstrap(void)
{
	return access(CONTROL_PATH, F_OK) == 0;
}

static int refuse(size_t refused, struct failure *failure)
{
	return failure_set(failure, EPERM,
			   "this system cannot be swapped as it is: %zu %s "
			   "above; nothing was changed",
			   refused,
			   refused == 1 ? "reason stands" : "reasons stand");
}

static bool somebody_answers(const struct swap_arguments *a)
{
	return a->yes || a->dry_run || isatty(STDIN_FILENO);
}

/* The first rows cost nothing; a long download after them would. */
static int check_first(struct swap *swap, struct failure *failure)
{
	enum swap_method method;
	size_t refused;

	if (!somebody_answers(swap->arguments))
		return failure_set(failure, ECANCELED,
				   "nobody is there to ask: say --yes to "
				   "replace the running system");
	preflight_gather(&swap->facts);
	if (swap->arguments->dry_run)
		return swap->facts.is_root
			       ? 0
			       : failure_set(failure, EPERM,
					     "only root can try more than "
					     "this; nothing was changed");
	refused = swap_print_checks(swap, CHECK_REFUSED);
	return refused ? refuse(refused, failure)
		       : preflight_method(&swap->facts, &swap->wanted, &method,
					  failure);
}

/* Brings the image, and judges again now that it is known. A dry run prints
 * every row, however far it came. */
static int prepare(struct swap *swap, struct failure *failure)
{
	bool dry = swap->arguments->dry_run;
	enum swap_method method;
	size_t refused = 0;
	int r = check_first(swap, failure);

	if (r == 0)
		r = swap_stage(swap, failure);
	if (r == 0 || dry)
		refused = swap_print_checks(swap,
					    dry ? CHECK_FINE : CHECK_WARNING);
	if (r == 0 && refused > 0)
		r = refuse(refused, failure);
	if (r == 0)
		r = preflight_method(&swap->facts, &swap->wanted, &method,
				     failure);
	if (r < 0)
		return r;
	swap->plan.method = method;
	return swap_write(swap, failure);
}

/* What only trying tells. */
static int try_out(struct swap *swap, struct failure *failure)
{
	int r;

	if (swap->plan.method != SWAP_PTRACE)
		return 0;
	r = inject_probe(1, failure);
	if (r == 0 && !swap->arguments->now)
		r = services_list(swap->facts.init, &swap->services, failure);
	return r;
}

static int ask(const struct swap *swap, struct failure *failure)
{
	char host[65] = "this machine";

	(void)gethostname(host, sizeof(host) - 1);
	if (swap->arguments->yes ||
	    ask_yes("Replace the system on %s by %s? All its processes end.",
		    host, swap->plan.image))
		return 0;
	return failure_set(failure, ECANCELED, "not replaced");
}

static int run(struct swap *swap, struct failure *failure)
{
	int r = prepare(swap, failure);

	if (r == 0)
		r = try_out(swap, failure);
	if (r < 0)
		return r;
	if (swap->arguments->dry_run) {
		swap_print_plan(swap);
		return 0;
	}
	r = ask(swap, failure);
	return r < 0 ? r : swap_go(swap, failure);
}

static int swap_system(struct swap_arguments *a)
{
	static struct swap swap;
	struct failure failure = { 0 };
	int r = image_arguments_ready(&a->image, &failure);

	swap.arguments = a;
	swap.staging = STAGING_NONE;
	swap.wanted = (struct preflight_wanted){
		.method = a->method,
		.keep_storage = a->keep_storage,
		.drop_network = a->drop_network,
		.watchdog_s = a->watchdog_s,
	};
	if (in_bootstrap())
		r = failure_set(&failure, EPERM,
				"this is the bootstrap: `boomerang load %s` "
				"makes it the running system",
				a->image.request.reference);
	image_interrupts_catch();
	if (r == 0)
		r = run(&swap, &failure);
	/* After the hand-over the new root is the stage's, and when nobody
	 * can tell it may be. */
	if ((r < 0 && r != -EINPROGRESS) || a->dry_run)
		staging_close(&swap.staging);
	if (r < 0)
		log_error("%s", failure.text);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_swap(int argc, char **argv)
{
	struct swap_arguments a = { .image.in_order = true, .hostname = "" };
	int option, status = STATUS_OK;

	while (status == STATUS_OK) {
		option = image_argument_next(&a.image, argc, argv, options);
		if (option == IMAGE_ARGUMENT_WRONG)
			return STATUS_USAGE;
		if (option == IMAGE_ARGUMENT_END)
			break;
		if (option == OPTION_CONFIRM)
			return argc == 2 ? guard_confirm_command()
					 : command_misuse("swap",
							  "--confirm stands "
							  "alone");
		status = take_option(&a, option);
	}
	if (status == STATUS_OK)
		status = take_operands(&a, argc, argv);
	return status == STATUS_OK ? swap_system(&a) : status;
}
