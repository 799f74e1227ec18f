/* SPDX-License-Identifier: MIT */
/*
 * boomerang boot: a live ISO by its own kernel, with the ISO in memory that
 * outlives kexec. What can be known is known before anything is fetched, and
 * what was fetched is looked at again before anything ends: find, look,
 * decide, then either reserve memory (and be started again with the plan), or
 * fetch and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/architecture.h"
#include "cli/boot.h"
#include "cli/commands.h"

enum boot_option {
	OPTION_APPEND = 256,
	OPTION_BOOTSTRAP,
	OPTION_CRASH,
	OPTION_DRY_RUN,
	OPTION_ENTRY,
	OPTION_INITRD,
	OPTION_INSECURE,
	OPTION_KERNEL,
	OPTION_METHOD,
	OPTION_RESUME,
	OPTION_YES,
};

static const struct option options[] = {
	IMAGE_OPTIONS,
	{ "append", required_argument, NULL, OPTION_APPEND },
	{ "bootstrap", required_argument, NULL, OPTION_BOOTSTRAP },
	{ "crash", no_argument, NULL, OPTION_CRASH },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "entry", required_argument, NULL, OPTION_ENTRY },
	{ "initrd", required_argument, NULL, OPTION_INITRD },
	{ "insecure", no_argument, NULL, OPTION_INSECURE },
	{ "kernel", required_argument, NULL, OPTION_KERNEL },
	{ "method", required_argument, NULL, OPTION_METHOD },
	{ "resume", no_argument, NULL, OPTION_RESUME },
	{ "yes", no_argument, NULL, OPTION_YES },
	{ 0 },
};

/* --- what is asked for --- */

static int add_initrd(struct boot_arguments *a, const char *initrd)
{
	if (a->initrd_count == BOOT_INITRDS_MAX)
		return command_misuse("boot", "more than %d --initrd",
				      BOOT_INITRDS_MAX);
	a->initrds[a->initrd_count++] = initrd;
	return STATUS_OK;
}

static int set_method(struct boot_arguments *a, const char *name)
{
	if (boot_method_parse(name, &a->method) < 0)
		return command_misuse("boot",
				      "--method wants auto, pmem or initrd, "
				      "not \"%s\"",
				      name);
	return STATUS_OK;
}

static int take_option(struct boot_arguments *a, int option)
{
	switch (option) {
	case OPTION_APPEND:
		a->append = optarg;
		return STATUS_OK;
	case OPTION_BOOTSTRAP:
		a->bootstrap = optarg;
		return STATUS_OK;
	case OPTION_CRASH:
		a->crash = true;
		return STATUS_OK;
	case OPTION_DRY_RUN:
		a->dry_run = true;
		return STATUS_OK;
	case OPTION_ENTRY:
		a->entry = optarg;
		return STATUS_OK;
	case OPTION_INITRD:
		return add_initrd(a, optarg);
	case OPTION_INSECURE:
		a->insecure = true;
		return STATUS_OK;
	case OPTION_KERNEL:
		a->kernel = optarg;
		return STATUS_OK;
	case OPTION_METHOD:
		return set_method(a, optarg);
	case OPTION_RESUME:
		a->resume = true;
		return STATUS_OK;
	default:
		a->yes = true;
		return STATUS_OK;
	}
}

static int take_operands(struct boot_arguments *a, int argc, char **argv)
{
	bool has_iso = optind < argc;

	if (argc - optind > 1)
		return command_misuse("boot",
				      "one ISO at a time, \"%s\" was given, "
				      "too",
				      argv[optind + 1]);
	if (a->kernel && (has_iso || a->entry))
		return command_misuse("boot", "--kernel is instead of an ISO");
	if (!a->kernel && a->initrd_count > 0)
		return command_misuse("boot", "--initrd wants a --kernel");
	if (a->insecure && a->image.require_signature)
		return command_misuse("boot", "--insecure and "
					      "--require-signature contradict "
					      "each other");
	if (has_iso)
		a->image.request.reference = argv[optind];
	else if (!a->kernel && !a->resume && !isatty(STDIN_FILENO))
		return command_misuse("boot", "which ISO?");
	return STATUS_OK;
}

/* What the bootstrap before this one was asked for. It is done once: whatever
 * becomes of it, the next prompt is a prompt. */
static int read_plan(struct boot_plan *plan, struct failure *failure)
{
	_cleanup_fd int fd = open(BOOT_PLAN, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, plan, sizeof(*plan));

	(void)unlink(BOOT_PLAN);
	if (n != sizeof(*plan) || !boot_plan_is_sound(plan))
		return failure_set(failure, EBADMSG,
				   "the plan of what to boot, " BOOT_PLAN
				   ", is not there or makes no sense");
	return 0;
}

/* The texts stay the plan's. */
static void take_plan(struct boot_arguments *a, const struct boot_plan *plan)
{
	a->image.request.reference = plan->reference;
	str_copy(a->image.sha256, sizeof(a->image.sha256), plan->sha256);
	a->entry = *plan->entry ? plan->entry : NULL;
	a->append = *plan->append ? plan->append : NULL;
	a->method = plan->method;
	a->insecure = plan->flags & BOOT_INSECURE;
	a->crash = plan->flags & BOOT_CRASH;
	a->image.require_signature = plan->flags & BOOT_REQUIRE_SIGNATURE;
}

/* Those that the command line gave, too. */
static int take_keys(struct trust *trust, const struct boot_plan *plan,
		     struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->key_count; i++) {
		struct minisign_key key;

		memcpy(key.id, plan->keys[i].id, sizeof(key.id));
		memcpy(key.key, plan->keys[i].key, sizeof(key.key));
		r = trust_add(trust, &key, BOOT_PLAN, failure);
	}
	return r;
}

/* --- the boot --- */

static int look_and_decide(struct boot *boot, struct failure *failure)
{
	int r = 0;

	boot_print_source(boot);
	if (boot->source.reader)
		r = boot_look(boot, failure);
	if (r < 0)
		return r;
	if (boot->chosen)
		boot_print_choice(boot);
	else
		printf("entry        known when it was fetched: its server "
		       "gives no parts of it\n");
	r = boot_decide(boot, failure);
	if (r == 0)
		boot_print_method(boot);
	return r;
}

/* A plan that would reserve again would do so for ever. */
static int reserve(struct boot *boot, struct failure *failure)
{
	if (!boot->arguments->resume)
		return boot_reserve(boot, failure);
	return failure_set(failure, ENOSPC,
			   "%s: the memory that was set aside is not there or "
			   "too small; see dmesg for \"nd_pmem\"",
			   boot->source.title);
}

static int fetch_and_go(struct boot *boot, struct failure *failure)
{
	int r = boot_fetch(boot, failure);

	/* What came is what counts, not what the server said before. */
	if (r == 0)
		r = boot_look(boot, failure);
	if (r == 0 && boot->method == BOOT_INITRD)
		r = boot_decide_initrd(boot, failure);
	return r < 0 ? r : boot_live(boot, failure);
}

static int check_policy(const struct boot *boot, struct failure *failure)
{
	if (!boot->policy.possible)
		return failure_set(failure, EPERM,
				   "no other kernel can be started: %s",
				   boot->policy.why);
	return geteuid() == 0 || boot->arguments->dry_run
		       ? 0
		       : failure_set(failure, EPERM,
				     "only root can start another kernel");
}

/* The memory that outlives kexec is set aside by memmap=, a word of x86. */
static int check_architecture(struct failure *failure)
{
	if (str_eq(architecture_here(), "x86-64"))
		return 0;
	return failure_set(failure, ENOTSUP,
			   "live ISOs are started on x86-64 only; here, "
			   "--kernel and --initrd start another kernel");
}

static int run(struct boot *boot, struct boot_arguments *a,
	       struct failure *failure)
{
	int r = boot_open(boot, failure);

	/* A dry run shows all it can, on any machine. */
	if (r == 0 && !a->dry_run)
		r = check_policy(boot, failure);
	if (r < 0)
		return r;
	if (a->kernel)
		return boot_pair(boot, failure);
	r = check_architecture(failure);
	if (r < 0)
		return r;
	if (!a->image.request.reference)
		r = boot_ask(boot, a, failure);
	if (r == 0)
		r = boot_find(boot, failure);
	if (r == 0)
		r = look_and_decide(boot, failure);
	/* The bootstrap before this one has tried it already. */
	if (r == 0 && boot->chosen && !a->resume)
		r = boot_kernel_try(boot, failure);
	if (r == 0)
		r = boot_permit(boot, failure);
	if (r < 0)
		return r;
	if (a->dry_run) {
		boot_print_demand(boot);
		return check_policy(boot, failure);
	}
	return boot->reserves ? reserve(boot, failure)
			      : fetch_and_go(boot, failure);
}

static int boot_system(struct boot_arguments *a)
{
	static struct boot_plan plan;
	static struct boot boot;
	struct failure failure = { 0 };
	int r = 0;

	boot = (struct boot){ .arguments = a };
	if (a->resume)
		r = read_plan(&plan, &failure);
	if (r == 0 && a->resume)
		take_plan(a, &plan);
	if (r == 0)
		r = image_arguments_ready(&a->image, &failure);
	if (r == 0)
		r = take_keys(&a->image.trust, &plan, &failure);
	image_interrupts_catch();
	if (r == 0) {
		r = run(&boot, a, &failure);
		boot_close(&boot);
	}
	if (r < 0)
		log_error("%s", failure.text);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_boot(int argc, char **argv)
{
	struct boot_arguments a = { .bootstrap = BOOT_DIR_DEFAULT };
	int option, status = STATUS_OK;

	while (status == STATUS_OK) {
		option = image_argument_next(&a.image, argc, argv, options);
		if (option == IMAGE_ARGUMENT_WRONG)
			return STATUS_USAGE;
		if (option == IMAGE_ARGUMENT_END)
			break;
		status = take_option(&a, option);
	}
	if (status == STATUS_OK)
		status = take_operands(&a, argc, argv);
	return status == STATUS_OK ? boot_system(&a) : status;
}
