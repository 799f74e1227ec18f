/* SPDX-License-Identifier: MIT */
/*
 * boomerang initramfs edit: changes in the order in which they are given, to a
 * plan; then one file is written.
 */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-initramfs.h"
#include "cli/commands.h"
#include "cli/initramfs-output.h"
#include "initramfs/cpio-pack.h"

#define CHANGES_MAX 256

struct change {
	char option;
	char *path;
	char *value; /* behind "=", or NULL */
	int dir_fd;  /* of a directory that is added */
};

struct arguments {
	const char *file, *output;
	struct initramfs_compression compression;
	struct change changes[CHANGES_MAX];
	size_t count;
};

struct editing {
	struct cpio_plan *plan;
	struct change *change;
	char path[PATH_MAX];
};

/* --- one change --- */

static int set(struct editing *e, const struct newc_entry *entry,
	       const struct cpio_source *source, struct failure *failure)
{
	struct newc_entry dated = *entry;

	dated.mtime = e->plan->mtime;
	return cpio_plan_set(e->plan, e->path, &dated, source, CPIO_ITEM_NONE,
			     failure);
}

static int add_directory(struct editing *e, const struct stat *st,
			 struct failure *failure)
{
	const struct cpio_owner owner = { 0 };
	const struct newc_entry *there = cpio_plan_entry(e->plan, e->path);
	const struct newc_entry entry = { .mode = S_IFDIR |
						  (st->st_mode & 0777) };
	const struct cpio_source nothing = { 0 };
	bool top = str_eq(e->path, ".");
	int r = 0;

	e->change->dir_fd =
		open(e->change->value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->change->dir_fd < 0)
		return failure_errno(failure, errno, "%s", e->change->value);
	if (!top && (!there || !S_ISDIR(there->mode)))
		r = set(e, &entry, &nothing, failure);
	return r == 0 ? cpio_pack_tree(e->plan, e->change->dir_fd,
				       e->change->value, top ? "" : e->path,
				       &owner, failure)
		      : r;
}

/* A file in the place of another keeps its permissions and its owner. */
static int do_add(struct editing *e, struct failure *failure)
{
	const struct newc_entry *there = cpio_plan_entry(e->plan, e->path);
	const struct cpio_source source = { .dir_fd = AT_FDCWD,
					    .path = e->change->value };
	struct newc_entry entry = { 0 };
	struct stat st;

	if (stat(e->change->value, &st) < 0)
		return failure_errno(failure, errno, "%s", e->change->value);
	if (S_ISDIR(st.st_mode))
		return add_directory(e, &st, failure);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, EINVAL,
				   "%s: is neither a file nor a directory",
				   e->change->value);
	if (there && S_ISREG(there->mode))
		entry = *there;
	else
		entry.mode = S_IFREG | (st.st_mode & 0777);
	return set(e, &entry, &source, failure);
}

static int do_mkdir(struct editing *e, struct failure *failure)
{
	const struct newc_entry entry = { .mode = S_IFDIR | 0755 };
	const struct newc_entry *there = cpio_plan_entry(e->plan, e->path);
	const struct cpio_source nothing = { 0 };

	return there && S_ISDIR(there->mode)
		       ? 0
		       : set(e, &entry, &nothing, failure);
}

static int do_symlink(struct editing *e, struct failure *failure)
{
	const struct newc_entry entry = { .mode = S_IFLNK | 0777 };
	const struct cpio_source source = { .bytes = e->change->value };

	return set(e, &entry, &source, failure);
}

static int wrong(const struct editing *e, const char *wanted,
		 struct failure *failure)
{
	return failure_set(failure, EINVAL, "%s=%s: wanted is PATH=%s",
			   e->change->path, e->change->value, wanted);
}

static bool read_pair(const char *word, uint32_t *ret_first,
		      uint32_t *ret_second)
{
	char copy[32];
	char *colon;
	uint64_t first, second;

	if (!str_copy(copy, sizeof(copy), word))
		return false;
	colon = strchr(copy, ':');
	if (!colon)
		return false;
	*colon = '\0';
	if (str_to_u64(copy, UINT32_MAX, &first) < 0 ||
	    str_to_u64(colon + 1, UINT32_MAX, &second) < 0)
		return false;
	*ret_first = (uint32_t)first;
	*ret_second = (uint32_t)second;
	return true;
}

static int do_node(struct editing *e, struct failure *failure)
{
	const char *word = e->change->value;
	struct newc_entry entry = { 0 };
	const struct cpio_source nothing = { 0 };

	if (str_eq(word, "fifo"))
		entry.mode = S_IFIFO | 0600;
	else if (str_after(word, "c:"))
		entry.mode = S_IFCHR | 0600;
	else if (str_after(word, "b:"))
		entry.mode = S_IFBLK | 0600;
	if (!entry.mode ||
	    (!S_ISFIFO(entry.mode) &&
	     !read_pair(word + 2, &entry.node_major, &entry.node_minor)))
		return wrong(e, "c:MAJOR:MINOR, b:MAJOR:MINOR or fifo",
			     failure);
	return set(e, &entry, &nothing, failure);
}

static int get_entry(const struct editing *e, struct newc_entry *ret_entry,
		     struct failure *failure)
{
	const struct newc_entry *there = cpio_plan_entry(e->plan, e->path);

	if (!there)
		return failure_set(failure, ENOENT, "%s: is not in the initrd",
				   e->change->path);
	*ret_entry = *there;
	return 0;
}

static int do_mode(struct editing *e, struct failure *failure)
{
	const char *word = e->change->value;
	struct newc_entry entry;
	uint32_t mode = 0;
	int r = get_entry(e, &entry, failure);

	if (r < 0)
		return r;
	for (const char *at = word; *at; at++) {
		if (*at < '0' || *at > '7' || at - word > 4)
			return wrong(e, "OCTAL", failure);
		mode = mode * 8 + (uint32_t)(*at - '0');
	}
	if (word[0] == '\0' || mode > 07777)
		return wrong(e, "OCTAL", failure);
	entry.mode = (entry.mode & S_IFMT) | mode;
	cpio_plan_touch(e->plan, e->path, &entry);
	return 0;
}

static int do_owner(struct editing *e, struct failure *failure)
{
	struct newc_entry entry;
	int r = get_entry(e, &entry, failure);

	if (r < 0)
		return r;
	if (!read_pair(e->change->value, &entry.uid, &entry.gid))
		return wrong(e, "UID:GID", failure);
	cpio_plan_touch(e->plan, e->path, &entry);
	return 0;
}

static int do_remove(struct editing *e, struct failure *failure)
{
	return cpio_plan_remove(e->plan, e->path, failure);
}

static const struct {
	const char *name;
	char option;
	bool has_value;
	int (*run)(struct editing *e, struct failure *failure);
} kinds[] = {
	{ "add", 'a', true, do_add },
	{ "mkdir", 'd', false, do_mkdir },
	{ "mode", 'm', true, do_mode },
	{ "node", 'n', true, do_node },
	{ "owner", 'O', true, do_owner },
	{ "remove", 'r', false, do_remove },
	{ "symlink", 's', true, do_symlink },
};

static int run_change(struct editing *e, struct failure *failure)
{
	int r = cpio_catalog_resolve(e->plan->catalog, e->change->path,
				     e->path);

	if (r < 0)
		return failure_errno(failure, -r, "%s", e->change->path);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].option == e->change->option)
			return kinds[i].run(e, failure);
	return -EINVAL;
}

/* --- all of them --- */

static int edit_plan(struct arguments *a, const char *command,
		     struct cpio_plan *plan, const struct reader *file,
		     struct failure *failure)
{
	int r = 0;

	if (initramfs_set_compression(command, &a->compression, plan) !=
	    STATUS_OK)
		return -EINVAL;
	for (size_t i = 0; r == 0 && i < a->count; i++) {
		struct editing e = { .plan = plan, .change = &a->changes[i] };

		r = run_change(&e, failure);
	}
	return r == 0 ? initramfs_write(plan, file, a->output, failure) : r;
}

static int edit(struct arguments *a, const char *command,
		struct failure *failure)
{
	_cleanup_catalog struct cpio_catalog catalog = { 0 };
	_cleanup_plan struct cpio_plan plan = { 0 };
	_cleanup_fd int fd = open(a->file, O_RDONLY | O_CLOEXEC);
	struct reader file;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "%s", a->file);
	r = reader_over_fd(&file, fd, a->file, failure);
	if (r == 0)
		r = cpio_catalog_read(&catalog, &file, failure);
	if (r == 0)
		r = cpio_plan_open(&plan, &catalog, failure);
	return r == 0 ? edit_plan(a, command, &plan, &file, failure) : r;
}

static int add_change(struct arguments *a, int option, char **argv)
{
	size_t kind = 0;
	char *equals = strchr(optarg, '=');

	while (kinds[kind].option != option)
		kind++;
	if (a->count == CHANGES_MAX)
		return command_misuse(argv[0], "makes at most %d changes",
				      CHANGES_MAX);
	if (kinds[kind].has_value && !equals)
		return command_misuse(argv[0], "--%s wants PATH=…",
				      kinds[kind].name);
	if (kinds[kind].has_value)
		*equals = '\0';
	a->changes[a->count++] = (struct change){
		.option = (char)option,
		.path = optarg,
		.value = kinds[kind].has_value ? equals + 1 : NULL,
		.dir_fd = FD_NONE,
	};
	return STATUS_OK;
}

static int set_option(struct arguments *a, int option, char **argv)
{
	if (option == 'o')
		a->output = optarg;
	else if (option == 'c')
		a->compression.word = optarg;
	else if (option == 'l')
		a->compression.level = optarg;
	else if (option == '?' || option == ':')
		return command_bad_option(option, argv);
	else
		return add_change(a, option, argv);
	return STATUS_OK;
}

int cmd_initramfs_edit(int argc, char **argv)
{
	struct option options[ARRAY_SIZE(kinds) + 4] = {
		{ "compress", required_argument, NULL, 'c' },
		{ "level", required_argument, NULL, 'l' },
		{ "output", required_argument, NULL, 'o' },
	};
	struct arguments a = { 0 };
	struct failure failure = { 0 };
	int option, r, status = STATUS_OK;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		options[3 + i] =
			(struct option){ kinds[i].name, required_argument, NULL,
					 kinds[i].option };
	while (status == STATUS_OK &&
	       (option = getopt_long(argc, argv, ":o:", options, NULL)) != -1)
		status = set_option(&a, option, argv);
	if (status != STATUS_OK)
		return status;
	if (argc - optind != 1)
		return command_misuse(argv[0], "wants a file");
	a.file = argv[optind];
	if (!a.output)
		a.output = a.file;
	r = edit(&a, argv[0], &failure);
	for (size_t i = 0; i < a.count; i++)
		fd_close(a.changes[i].dir_fd);
	if (r == 0)
		return STATUS_OK;
	if (!failure.err)
		return STATUS_USAGE;
	log_error("%s", failure.text);
	return STATUS_FAILED;
}
