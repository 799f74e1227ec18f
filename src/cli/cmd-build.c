/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/sibling.h"
#include "initramfs/bootfiles.h"
#include "initramfs/bootscript.h"
#include "initramfs/media.h"

#define LIST_MAX 64 /* of an option that can be given again */

struct list {
	const char *items[LIST_MAX];
	size_t count;
	bool full;
};

struct arguments {
	struct bootfiles_options options;
	struct list ssh_keys, authorities, trust;
	struct media_options media;
	bool iso;
	const char *programs; /* where boomerang and boomerang-init are; NULL:
				 where we are */
};

static void list_add(struct list *list, const char *item)
{
	if (list->count < LIST_MAX)
		list->items[list->count++] = item;
	else
		list->full = true;
}

static int set_level(const char *word, struct arguments *a)
{
	uint64_t level;

	if (str_to_u64(word, ARCHIVE_LEVEL_MAX, &level) < 0 || level == 0)
		return command_misuse("build",
				      "--level is a number from 1 to %d",
				      ARCHIVE_LEVEL_MAX);
	a->options.level = (int)level;
	return STATUS_OK;
}

static int set_profile(const char *word, struct arguments *a)
{
	static const char *const names[] = {
		[BOOTFILES_RESCUE] = "rescue",
		[BOOTFILES_MINIMAL] = "minimal",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(word, names[i])) {
			a->options.profile = (enum bootfiles_profile)i;
			return STATUS_OK;
		}
	return command_misuse("build", "--profile is rescue or minimal");
}

/* Where the value of an option goes that takes one text; NULL: another one. */
static const char **text_of(struct arguments *a, int option)
{
	switch (option) {
	case 'A':
		return &a->options.policy.auth;
	case 'B':
		return &a->media.server;
	case 'C':
		return &a->options.policy.cache_size;
	case 'c':
		return &a->options.parameters;
	case 'f':
		return &a->options.firmware;
	case 'H':
		return &a->options.ssh.host_key;
	case 'k':
		return &a->options.kernel;
	case 'L':
		return &a->media.loaders;
	case 'm':
		return &a->options.modules;
	case 'o':
		return &a->options.out;
	case 'P':
		return &a->programs;
	case 'S':
		return &a->options.sysroot;
	}
	return NULL;
}

/* The same for one that can be given again. */
static struct list *list_of(struct arguments *a, int option)
{
	switch (option) {
	case 'a':
		return &a->authorities;
	case 's':
		return &a->ssh_keys;
	case 't':
		return &a->trust;
	}
	return NULL;
}

static int set_option(struct arguments *a, int option, char **argv)
{
	const char **text = text_of(a, option);
	struct list *list = list_of(a, option);

	if (text)
		*text = optarg;
	else if (list)
		list_add(list, optarg);
	else if (option == 'l')
		return set_level(optarg, a);
	else if (option == 'p')
		return set_profile(optarg, a);
	else if (option == 'R')
		a->options.policy.require_signature = true;
	else if (option == 'I')
		a->iso = true;
	else if (option == 'w')
		a->options.wifi = true;
	else
		return command_bad_option(option, argv);
	return STATUS_OK;
}

static int parse_options(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "auth", required_argument, NULL, 'A' },
		{ "ca", required_argument, NULL, 'a' },
		{ "cache-size", required_argument, NULL, 'C' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "firmware", required_argument, NULL, 'f' },
		{ "host-key", required_argument, NULL, 'H' },
		{ "iso", no_argument, NULL, 'I' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "level", required_argument, NULL, 'l' },
		{ "loaders", required_argument, NULL, 'L' },
		{ "modules", required_argument, NULL, 'm' },
		{ "output", required_argument, NULL, 'o' },
		{ "profile", required_argument, NULL, 'p' },
		{ "programs", required_argument, NULL, 'P' },
		{ "require-signature", no_argument, NULL, 'R' },
		{ "server", required_argument, NULL, 'B' },
		{ "ssh-key", required_argument, NULL, 's' },
		{ "sysroot", required_argument, NULL, 'S' },
		{ "trust", required_argument, NULL, 't' },
		{ "wifi", no_argument, NULL, 'w' },
		{ 0 },
	};
	int option, status = STATUS_OK;

	while (status == STATUS_OK &&
	       (option = getopt_long(argc, argv, ":o:", options, NULL)) != -1)
		status = set_option(a, option, argv);
	return status;
}

static int check_arguments(int argc, char **argv, const struct arguments *a)
{
	if (optind < argc)
		return command_misuse(argv[0],
				      "takes no argument, \"%s\" was given",
				      argv[optind]);
	if (!a->options.kernel != !a->options.modules)
		return command_misuse(argv[0],
				      "--kernel and --modules go together");
	if (!a->options.sysroot != !a->programs)
		return command_misuse(argv[0],
				      "--sysroot and --programs go together");
	if (a->options.firmware && !a->options.wifi)
		return command_misuse(argv[0], "--firmware goes with --wifi");
	if (!bootscript_parameters_fit(a->options.parameters))
		return command_misuse(argv[0],
				      "--cmdline has a quote, a backslash, "
				      "\"$\" or a letter that is not ASCII");
	if (!a->iso && (a->media.loaders || a->media.server))
		return command_misuse(argv[0],
				      "--loaders and --server go with --iso");
	if (a->iso && a->options.sysroot)
		return command_misuse(argv[0],
				      "--iso is for this machine's "
				      "architecture, --sysroot for another");
	if (a->media.server && !bootscript_parameters_fit(a->media.server))
		return command_misuse(argv[0],
				      "--server has a quote, a backslash, "
				      "\"$\" or a letter that is not ASCII");
	if (a->options.policy.require_signature && a->trust.count == 0)
		return command_misuse(argv[0],
				      "--require-signature needs a key: "
				      "--trust KEY");
	if (a->ssh_keys.full || a->authorities.full || a->trust.full)
		return command_misuse(argv[0],
				      "an option was given more than "
				      "%d times",
				      LIST_MAX);
	return STATUS_OK;
}

static void print_row(const char *what, uint64_t unpacked, uint64_t packed)
{
	char size[SIZE_TEXT_MAX], whole[SIZE_TEXT_MAX] = "";

	if (unpacked)
		size_text(unpacked, whole);
	printf("  %-22s %10s %10s\n", what, whole, size_text(packed, size));
}

static void print_sizes(const struct bootfiles_report *report)
{
	static const char *const parts[MANIFEST_PARTS] = {
		[MANIFEST_KERNEL] = "vmlinuz, to be another",
		[MANIFEST_PROGRAMS] = "programs, libraries",
		[MANIFEST_SSH] = "SSH",
		[MANIFEST_MODULES] = "kernel modules",
		[MANIFEST_FIRMWARE] = "Wi-Fi firmware",
		[MANIFEST_CERTIFICATES] = "certificates",
		[MANIFEST_OTHER] = "other",
	};
	const struct archive_sizes *sizes = &report->sizes;

	printf("  %-22s %10s %10s\n", "", "unpacked", "to load");
	for (size_t i = 0; i < MANIFEST_PARTS; i++)
		if (sizes->part[i])
			print_row(parts[i], sizes->part[i], sizes->packed[i]);
	print_row("bootstrap.img", sizes->unpacked, sizes->compressed);
	print_row("vmlinuz", 0, report->kernel_size);
	print_row("both", 0, sizes->compressed + report->kernel_size);
}

static void print_report(const char *out, const struct bootfiles_report *report,
			 int64_t elapsed_ms)
{
	printf("%s: kernel from %s\n", out, report->kernel);
	print_sizes(report);
	if (report->firmware.named > 0)
		printf("  %zu of %zu files of firmware that wireless drivers "
		       "name are here\n",
		       report->firmware.found, report->firmware.named);
	printf("  built in %.1f s\n", (double)elapsed_ms / MS_PER_S);
}

static int build_media(const struct arguments *a, struct failure *failure)
{
	static const char *const names[MEDIA_KINDS] = {
		[MEDIA_BOOTSTRAP] = "bootstrap.iso",
		[MEDIA_IPXE] = "ipxe.iso",
	};
	uint64_t sizes[MEDIA_KINDS];
	int r = media_build(&a->media, sizes, failure);

	for (size_t i = 0; r == 0 && i < MEDIA_KINDS; i++)
		print_row(names[i], 0, sizes[i]);
	return r;
}

/* The two programs that go into the bootstrap. */
static int find_programs(const struct arguments *a,
			 char program[static PATH_MAX],
			 char init[static PATH_MAX], struct failure *failure)
{
	struct text one = text_over(program, PATH_MAX);
	struct text other = text_over(init, PATH_MAX);

	if (!a->programs) {
		if (!realpath("/proc/self/exe", program))
			return failure_errno(failure, errno, "/proc/self/exe");
		return sibling_find("boomerang-init", init, failure);
	}
	text_add(&one, "%s/boomerang", a->programs);
	text_add(&other, "%s/boomerang-init", a->programs);
	return one.cut || other.cut
		       ? failure_errno(failure, ENAMETOOLONG, "%s", a->programs)
		       : 0;
}

static int build(struct arguments *a)
{
	struct bootfiles_report report;
	struct failure failure;
	char program[PATH_MAX], init[PATH_MAX];
	int64_t start_ms = clock_ms();
	int r = a->iso ? media_check(&a->media, &failure) : 0;

	/* Of a program that reads no more, what it said is to be told. */
	signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = find_programs(a, program, init, &failure);
	if (r == 0) {
		a->options.program = program;
		a->options.init = init;
		r = bootfiles_build(&a->options, &report, &failure);
	}
	if (r == 0)
		print_report(a->options.out, &report, clock_ms() - start_ms);
	if (r == 0 && a->iso)
		r = build_media(a, &failure);
	if (r < 0) {
		log_error("boomerang build: %s", failure.text);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int cmd_build(int argc, char **argv)
{
	struct arguments a = {
		.options = {
			.out = "out",
			.level = ARCHIVE_LEVEL_MAX,
			.parameters = "",
			.version = BOOMERANG_VERSION,
		},
	};
	int status = parse_options(argc, argv, &a);

	if (status == STATUS_OK)
		status = check_arguments(argc, argv, &a);
	if (status != STATUS_OK)
		return status;
	a.options.ssh.keys = a.ssh_keys.items;
	a.options.ssh.key_count = a.ssh_keys.count;
	a.options.authorities = a.authorities.items;
	a.options.authority_count = a.authorities.count;
	a.options.policy.trust = a.trust.items;
	a.options.policy.trust_count = a.trust.count;
	a.media.out = a.options.out;
	a.media.version = a.options.version;
	if (!a.media.server)
		a.media.server = "";
	return build(&a);
}
