/* SPDX-License-Identifier: MIT */
/*
 * The commands that decide what is in a menu, and how those answer that only
 * make it pretty. One that nobody here knows is false, as it is in a GRUB
 * without that module.
 */
#include <errno.h>

#include "base/text.h"
#include "iso/grub-internal.h"

struct call {
	const struct grub_arguments *arguments;
	const struct grub_node *body;
};

static int say(struct grub *grub, enum grub_status status)
{
	grub->status = status;
	return 0;
}

/* Each NAME=VALUE. */
static int set(struct grub *grub, const struct call *call)
{
	for (size_t i = 1; i < call->arguments->count; i++) {
		const char *word = call->arguments->list[i];
		const char *equals = strchr(word, '=');
		char name[256];
		int r;

		if (!equals || (size_t)(equals - word) >= sizeof(name))
			continue;
		memcpy(name, word, (size_t)(equals - word));
		name[equals - word] = '\0';
		r = grub_set(grub, name, equals + 1);
		if (r < 0)
			return r;
	}
	return say(grub, GRUB_TRUE);
}

static int unset(struct grub *grub, const struct call *call)
{
	for (size_t i = 1; i < call->arguments->count; i++) {
		int r = grub_set(grub, call->arguments->list[i], NULL);

		if (r < 0)
			return r;
	}
	return say(grub, GRUB_TRUE);
}

/* export NAME or NAME=VALUE. */
static int export(struct grub *grub, const struct call *call)
{
	int r = set(grub, call);

	for (size_t i = 1; r == 0 && i < call->arguments->count; i++) {
		const char *word = call->arguments->list[i];
		char name[256];

		if (str_copy(name, sizeof(name), word)) {
			name[strcspn(name, "=")] = '\0';
			r = grub_export(grub, name);
		}
	}
	return r < 0 ? r : say(grub, GRUB_TRUE);
}

static int test(struct grub *grub, const struct call *call)
{
	const char *const *list = call->arguments->list;
	size_t count = call->arguments->count;

	if (str_eq(list[0], "[")) {
		if (!str_eq(list[count - 1], "]"))
			return say(grub, GRUB_FALSE);
		count--;
	}
	return say(grub, grub_test(grub, list + 1, count - 1));
}

/* ! COMMAND */
static int negate(struct grub *grub, const struct call *call)
{
	struct grub_arguments rest = { call->arguments->count - 1,
				       call->arguments->list + 1 };
	int r;

	if (rest.count == 0)
		return say(grub, GRUB_FALSE);
	r = grub_command(grub, &rest, call->body);
	return r < 0 ? r : say(grub, !grub->status);
}

/* eval WORDS: which are a script. */
static int eval(struct grub *grub, const struct call *call)
{
	struct text text = text_over(grub->scratch, sizeof(grub->scratch));
	struct grub_node *nodes;
	int r;

	for (size_t i = 1; i < call->arguments->count; i++)
		text_add(&text, "%s%s", i > 1 ? " " : "",
			 call->arguments->list[i]);
	if (text.cut)
		return -E2BIG;
	r = grub_parse(grub->arena, text.buf, &nodes);
	return r < 0 ? r : grub_run(grub, nodes);
}

/* --- other files --- */

static int take_path(const struct grub *grub, const struct call *call,
		     char *buf, size_t size)
{
	if (call->arguments->count < 2)
		return -ENOENT;
	return grub_path(grub, call->arguments->list[1], buf, size);
}

static int source(struct grub *grub, const struct call *call)
{
	struct grub_open_file file;
	char path[PATH_MAX];
	int r;

	if (take_path(grub, call, path, sizeof(path)) < 0)
		return say(grub, GRUB_FALSE);
	r = grub_open_file(grub, path, &file);
	if (r < 0)
		return r;
	r = grub_run_file(grub, &file);
	grub_close_file(grub, &file);
	return r;
}

static int configfile(struct grub *grub, const struct call *call)
{
	char path[PATH_MAX];

	if (take_path(grub, call, path, sizeof(path)) < 0)
		return say(grub, GRUB_FALSE);
	return grub_configfile(grub, path);
}

/* Without a file name: grub.cfg beside GRUB itself. */
static int normal(struct grub *grub, const struct call *call)
{
	char name[PATH_MAX], path[PATH_MAX];

	if (call->arguments->count > 1)
		return configfile(grub, call);
	snprintf(name, sizeof(name), "%.*s/grub.cfg", PATH_MAX - 16,
		 grub_get(grub, "prefix"));
	if (grub_path(grub, name, path, sizeof(path)) < 0)
		return say(grub, GRUB_FALSE);
	return grub_configfile(grub, path);
}

static int syslinux_configfile(struct grub *grub, const struct call *call)
{
	const char *last = call->arguments->list[call->arguments->count - 1];
	char path[PATH_MAX];
	int r;

	if (grub_path(grub, last, path, sizeof(path)) < 0)
		return say(grub, GRUB_FALSE);
	r = syslinux_menu(grub->files, path, grub->menu);
	if (r < 0 && r != -ENOENT)
		return r;
	grub->has_menu = true;
	return say(grub, r < 0 ? GRUB_FALSE : GRUB_TRUE);
}

static int blscfg(struct grub *grub, const struct call *call)
{
	int r = loader_entries_menu(grub->files, "/loader/entries", grub->menu);

	(void)call;
	if (r < 0 && r != -ENOENT)
		return r;
	grub->has_menu = true;
	return say(grub, r < 0 ? GRUB_FALSE : GRUB_TRUE);
}

/* loopback [-d] NAME [FILE] */
static int loopback(struct grub *grub, const struct call *call)
{
	struct grub_loop *loop;

	if (call->arguments->count < 3 || call->arguments->list[1][0] == '-')
		return say(grub, GRUB_TRUE);
	if (!grub_exists(grub, call->arguments->list[2]))
		return say(grub, GRUB_FALSE);
	loop = arena_alloc(grub->arena, sizeof(*loop));
	if (!loop)
		return -E2BIG;
	loop->name = call->arguments->list[1];
	loop->next = grub->scope.loops;
	grub->scope.loops = loop;
	return say(grub, GRUB_TRUE);
}

/* --- what an entry starts --- */

static int menuentry(struct grub *grub, const struct call *call)
{
	return grub_add_item(grub, call->arguments, call->body, false);
}

static int submenu(struct grub *grub, const struct call *call)
{
	return grub_add_item(grub, call->arguments, call->body, true);
}

static int linux_kernel(struct grub *grub, const struct call *call)
{
	return grub_linux(grub, call->arguments);
}

static int initrd(struct grub *grub, const struct call *call)
{
	return grub_initrd(grub, call->arguments);
}

static int search(struct grub *grub, const struct call *call)
{
	return grub_search(grub, call->arguments);
}

static int probe(struct grub *grub, const struct call *call)
{
	return grub_probe(grub, call->arguments);
}

/* --- leaving --- */

static int leave_loops(struct grub *grub, const struct call *call,
		       enum grub_leave leave)
{
	uint64_t count = 1;

	if (call->arguments->count > 1 &&
	    str_to_u64(call->arguments->list[1], GRUB_DEPTH_MAX, &count) < 0)
		count = 1;
	grub->leave = leave;
	grub->leave_count = MAX(count, (uint64_t)1);
	return say(grub, GRUB_TRUE);
}

static int leave_loop(struct grub *grub, const struct call *call)
{
	return leave_loops(grub, call, GRUB_BREAK);
}

static int next_round(struct grub *grub, const struct call *call)
{
	return leave_loops(grub, call, GRUB_CONTINUE);
}

static int leave_function(struct grub *grub, const struct call *call)
{
	bool is_true = call->arguments->count < 2 ||
		       str_eq(call->arguments->list[1], "0");

	grub->leave = GRUB_RETURN;
	return say(grub, is_true ? GRUB_TRUE : GRUB_FALSE);
}

static int shift(struct grub *grub, const struct call *call)
{
	struct grub_arguments *of = &grub->arguments;

	(void)call;
	if (of->count < 2)
		return say(grub, GRUB_FALSE);
	/* The list may be another's: leave it as it is, but for where it
	 * begins. What is $0 then, nobody asks for. */
	of->list++;
	of->count--;
	return say(grub, GRUB_TRUE);
}

/* An entry that only runs what is true below starts something else than Linux:
 * chainloader, multiboot, reboot, … */
static const struct {
	const char *name;
	int (*run)(struct grub *grub, const struct call *call);
} commands[] = {
	{ "set", set },
	{ "unset", unset },
	{ "export", export },
	{ "test", test },
	{ "[", test },
	{ "!", negate },
	{ "eval", eval },
	{ "source", source },
	{ ".", source },
	{ "configfile", configfile },
	{ "normal", normal },
	{ "syslinux_configfile", syslinux_configfile },
	{ "syslinux_source", syslinux_configfile },
	{ "blscfg", blscfg },
	{ "loopback", loopback },
	{ "menuentry", menuentry },
	{ "submenu", submenu },
	{ "linux", linux_kernel },
	{ "linuxefi", linux_kernel },
	{ "linux16", linux_kernel },
	{ "initrd", initrd },
	{ "initrdefi", initrd },
	{ "initrd16", initrd },
	{ "search", search },
	{ "search.file", search },
	{ "search.fs_label", search },
	{ "search.fs_uuid", search },
	{ "probe", probe },
	{ "break", leave_loop },
	{ "continue", next_round },
	{ "return", leave_function },
	{ "exit", leave_function },
	{ "shift", shift },
};

static const char *const true_commands[] = {
	"true",
	":",
	"echo",
	"insmod",
	"rmmod",
	"loadfont",
	"sleep",
	"cpuid",
	"terminal_output",
	"terminal_input",
	"terminal",
	"serial",
	"play",
	"background_image",
	"background_color",
	"clear",
	"boot",
	"setparams",
	"load_env",
	"save_env",
	"devicetree",
	"chainloader",
	"multiboot",
	"multiboot2",
	"module",
	"module2",
	"knetbsd",
	"kfreebsd",
	"kopenbsd",
	"xen_hypervisor",
	"xnu_kernel",
	"reboot",
	"halt",
	"fwsetup",
};

int grub_command(struct grub *grub, const struct grub_arguments *arguments,
		 const struct grub_node *body)
{
	const struct call call = { arguments, body };
	const char *name = arguments->list[0];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(commands[i].name, name))
			return commands[i].run(grub, &call);
	for (size_t i = 0; i < ARRAY_SIZE(true_commands); i++)
		if (str_eq(true_commands[i], name))
			return say(grub, GRUB_TRUE);
	return say(grub, GRUB_FALSE);
}
