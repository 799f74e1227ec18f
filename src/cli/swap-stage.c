/* SPDX-License-Identifier: MIT */
/*
 * From a reference to a root in memory that this machine can go over to: the
 * image, the program that becomes PID 1, and what the new system gets of the
 * old one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/image-root.h"
#include "cli/progress-line.h"
#include "cli/sibling.h"
#include "cli/swap.h"
#include "root/adapt.h"
#include "root/examine.h"
#include "root/init.h"
#include "root/program.h"
#include "takeover/network.h"
#include "takeover/storage.h"

#define TERM "TERM=linux"

/* More words for the bootstrap's kernel command line (boomerang-init(8)). */
#define BOOTSTRAP_DIR	  "/etc/boomerang"
#define BOOTSTRAP_CMDLINE BOOTSTRAP_DIR "/cmdline"
#define BOOTSTRAP_INIT	  "/init"
#define BOOTSTRAP_ID	  "boomerang" /* in its os-release */

/* How long processes have to end by themselves. */
#define GRACE_MS     5000
#define GRACE_NOW_MS 1000

/* --- the image --- */

static int unpack(struct swap *swap, struct image_facts *facts,
		  struct failure *failure)
{
	struct image_request request = swap->arguments->image.request;
	struct progress_meter meter = { 0 };
	int r;

	request.progress = image_show_progress;
	request.context = &meter;
	r = image_unpack(&request, SWAP_DIR, facts, failure);
	image_hide_progress();
	return r;
}

static int use_file(struct swap *swap, const struct image_facts *facts,
		    struct failure *failure)
{
	_cleanup_fd int file =
		open(SWAP_DIR "/image", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd int mount = FD_NONE;
	struct disk_part part;

	if (file < 0)
		return failure_errno(failure, errno, SWAP_DIR "/image");
	mount = image_file_mount(file, facts, 0, &part, failure);
	if (mount < 0)
		return mount;
	return staging_use_mount(&swap->staging, mount, part.subdirectory,
				 failure);
}

static int bring_image(struct swap *swap, struct image_facts *facts,
		       struct failure *failure)
{
	int r = staging_open(&swap->staging, failure);

	if (r == 0)
		r = unpack(swap, facts, failure);
	if (r < 0)
		return r;
	(void)str_copy(swap->plan.image, sizeof(swap->plan.image),
		       facts->reference.name);
	return facts->layout == IMAGE_LAYOUT_FILE
		       ? use_file(swap, facts, failure)
		       : staging_use_tree(&swap->staging, failure);
}

/* --- what becomes PID 1 --- */

/* By its name: whatever else a person names is a program that wants the
 * console for itself, such as a shell. */
static bool is_init_name(const char *path)
{
	static const char *const names[] = { "init",	    "systemd",
					     "openrc-init", "runit-init",
					     "s6-svscan",   "linuxrc" };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* Appends one string with its NUL. False: there is no room. */
static bool add_string(char *strings, uint32_t *len, size_t size,
		       const char *string)
{
	size_t n = strlen(string) + 1;

	if (n > size - *len)
		return false;
	memcpy(&strings[*len], string, n);
	*len += (uint32_t)n;
	return true;
}

static bool add_argument(struct image_start *start, const char *string)
{
	return add_string(start->args, &start->args_len, sizeof(start->args),
			  string);
}

/* The same environment as a target of the bootstrap. */
static int start_init(const char *path, struct image_start *start)
{
	static struct program program;

	*start = (struct image_start){ 0 };
	program_of_init(path, &program);
	for (size_t i = 0; program.env[i]; i++)
		if (!add_string(start->env, &start->env_len, sizeof(start->env),
				program.env[i]))
			return -E2BIG;
	return add_argument(start, path) ? 0 : -E2BIG;
}

/* INIT and ARGS of the command line take the place of Entrypoint and Cmd; the
 * image's environment, directory and user stay those of a program. */
static int start_command(const struct swap *swap, struct image_start *start)
{
	const struct swap_arguments *a = swap->arguments;
	int r = 0;

	if (is_init_name(a->command[0]))
		r = start_init(a->command[0], start);
	start->args_len = 0;
	for (size_t i = 0; i < a->command_len; i++)
		if (!add_argument(start, a->command[i]))
			return -E2BIG;
	return r;
}

/* Any image has some init, so only its name tells the bootstrap. */
static int check_bootstrap(const struct swap *swap, struct failure *failure)
{
	struct examined examined;

	examine_root(swap->staging.root_fd, &examined);
	if (str_eq(examined.id, BOOTSTRAP_ID))
		return 0;
	return failure_set(failure, ENOEXEC,
			   "%s is not a bootstrap: --bootstrap wants what "
			   "`boomerang build` made; without it, swap starts "
			   "any image",
			   swap->plan.image);
}

/* The image's own init, or what it names as its program. */
static int start_image(const struct swap *swap, struct image_start *start,
		       struct failure *failure)
{
	const char *wanted = swap->arguments->bootstrap ? BOOTSTRAP_INIT : "";
	char init[PATH_MAX];
	int r = init_find(swap->staging.root_fd, wanted, init, failure);

	if (r == 0)
		return start_init(init, start);
	if (r != -ENODATA)
		return r;
	if (start->args_len > 0)
		return 0;
	return failure_set(failure, ENODATA,
			   "%s has no init, and names no program: say which, "
			   "boomerang swap IMAGE INIT",
			   swap->plan.image);
}

static int choose_start(struct swap *swap, const struct image_facts *facts,
			struct failure *failure)
{
	struct image_start *start = &swap->plan.start;
	int r = 0;

	if (swap->arguments->bootstrap)
		r = check_bootstrap(swap, failure);
	if (r < 0)
		return r;
	if (facts->has_config)
		*start = facts->config.start;
	r = swap->arguments->command_len > 0
		    ? start_command(swap, start)
		    : start_image(swap, start, failure);
	if (r == -E2BIG)
		return failure_errno(failure, E2BIG, "too many arguments");
	return r;
}

/* Finds it as the stage will, and says its whole path. */
static int check_start(struct swap *swap, struct failure *failure)
{
	static struct program program;
	struct image_start *start = &swap->plan.start;
	const char *name = start->args;
	struct image_start whole = *start;
	int r = program_of_image(swap->staging.root_fd, start, TERM, &program,
				 failure);

	if (r < 0)
		return r;
	if (!is_init_name(name))
		swap->plan.flags |= SWAP_OWN_PROGRAM;
	whole.args_len = 0;
	if (!add_argument(&whole, program.path))
		return failure_errno(failure, E2BIG, "%s", program.path);
	for (size_t i = 1; program.argv[i]; i++)
		if (!add_argument(&whole, program.argv[i]))
			return failure_errno(failure, E2BIG, "%s",
					     program.path);
	*start = whole;
	return 0;
}

/* --- what it gets of the old system --- */

/* The serial console that the kernel writes to, so that a person can log in
 * there; the last one named is /dev/console. */
static void find_serial(const char *consoles, char *serial, size_t size)
{
	serial[0] = '\0';
	while (*consoles) {
		size_t len = strcspn(consoles, " ");
		bool screen = str_after(consoles, "tty") &&
			      (len == 3 ||
			       (consoles[3] >= '0' && consoles[3] <= '9'));

		if (len > 0 && len < size && !screen)
			snprintf(serial, size, "%.*s", (int)len, consoles);
		consoles += len;
		consoles += *consoles == ' ';
	}
}

static int adapt(struct swap *swap, struct failure *failure)
{
	static const char *const none[] = { NULL };
	char serial[64];
	const struct adapt what = {
		.init = swap->plan.start.args,
		.serial = serial,
		.hidden = none,
		.resolv_conf = "",
	};

	find_serial(swap->facts.consoles, serial, sizeof(serial));
	return adapt_image(swap->staging.root_fd, &what, failure);
}

static int carry(struct swap *swap, struct failure *failure)
{
	const struct swap_arguments *a = swap->arguments;
	const struct carry what = {
		.hostname = a->hostname,
		.ssh = a->keep_ssh,
		.ssh_keys = a->ssh_keys,
		.ssh_key_count = a->ssh_key_count,
		.network = !a->drop_network,
		.bootstrap = a->bootstrap,
	};
	int root = swap->staging.root_fd;
	uint64_t bytes;
	int r = carry_over(root, &what, &swap->carried, failure);

	if (r == 0)
		r = carry_modules(root, carry_modules_list, &bytes, failure);
	if (r == 0 && !a->keep_storage)
		r = storage_mask(root, failure);
	if (r == 0 && !a->bootstrap)
		r = adapt(swap, failure);
	return r;
}

static void note_image(struct swap *swap)
{
	struct preflight_wanted *wanted = &swap->wanted;
	const char *init = swap->plan.start.args;

	wanted->image_known = true;
	wanted->image_in_memory = true;
	preflight_gather_memory(&swap->facts);
	wanted->image_bytes = memory_of_tmpfs(SWAP_DIR);
	wanted->has_ssh = swap->carried.has_ssh;
	wanted->has_ssh_keys = swap->carried.has_ssh_keys;
	(void)str_copy(wanted->init, sizeof(wanted->init), init);
	(void)str_copy(wanted->init_kind, sizeof(wanted->init_kind),
		       swap->arguments->bootstrap
			       ? "bootstrap"
			       : examine_init_kind(swap->staging.root_fd,
						   init));
}

static void make_plan(struct swap *swap)
{
	const struct swap_arguments *a = swap->arguments;
	struct swap_plan *plan = &swap->plan;

	plan->magic = SWAP_MAGIC;
	plan->grace_ms = a->now ? GRACE_NOW_MS : GRACE_MS;
	plan->watchdog_s = a->watchdog_s;
	plan->staging = swap->staging.device;
	if (!a->drop_network)
		plan->flags |= SWAP_KEEP_NETWORK;
	if (a->keep_storage)
		plan->flags |= SWAP_KEEP_STORAGE;
}

int swap_stage(struct swap *swap, struct failure *failure)
{
	_cleanup_free struct image_facts *facts = calloc(1, sizeof(*facts));
	int r = facts ? 0
		      : failure_errno(failure, ENOMEM, "cannot read an image");

	if (r == 0)
		r = bring_image(swap, facts, failure);
	if (r == 0)
		r = choose_start(swap, facts, failure);
	if (r == 0 && swap->arguments->bootstrap)
		r = staging_mount_usr(&swap->staging, failure);
	if (r == 0)
		r = check_start(swap, failure);
	if (r == 0)
		r = carry(swap, failure);
	if (r < 0)
		return r;
	note_image(swap);
	make_plan(swap);
	return 0;
}

/* --- what the stage reads --- */

static int write_cmdline(int root_fd, struct failure *failure)
{
	char resolv_conf[4096], words[2048];
	_cleanup_fd int fd = FD_NONE;
	int r;

	carry_resolv_conf(resolv_conf, sizeof(resolv_conf));
	network_cmdline(resolv_conf, words, sizeof(words));
	r = path_mkdirs_in_root(root_fd, BOOTSTRAP_DIR, 0755);
	if (r == 0)
		r = fd = path_open_in_root(root_fd, BOOTSTRAP_CMDLINE,
					   O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (r >= 0)
		r = fd_write_all(fd, words, strlen(words));
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot write " BOOTSTRAP_CMDLINE
				     " in the bootstrap");
	return 0;
}

int swap_write(struct swap *swap, struct failure *failure)
{
	const struct swap_arguments *a = swap->arguments;
	char init[PATH_MAX], network[PATH_MAX + sizeof(SWAP_NETWORK)];
	int r = sibling_find("boomerang-init", init, failure);

	if (r == 0)
		r = staging_write(&swap->staging, init, &swap->plan, failure);
	if (r == 0 && !a->drop_network) {
		snprintf(network, sizeof(network), "%s" SWAP_NETWORK,
			 swap->staging.root);
		r = network_save(network, failure);
	}
	if (r == 0 && a->bootstrap && !a->drop_network)
		r = write_cmdline(swap->staging.root_fd, failure);
	return r;
}
