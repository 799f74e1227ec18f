/* SPDX-License-Identifier: MIT */
/*
 * boomerang image export: changes that a load kept, as a layer. A file or
 * standard output is written as they are read; what goes to a server is read
 * by a child, since there it is libcurl that asks for the next bytes.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-arguments.h"
#include "cli/image-output.h"
#include "cli/images-text.h"
#include "image/http.h"

#define VERB "image export"

struct exporting {
	const char *store_dir;
	const char *name;
	const char *target; /* NULL: standard output */
	int upper_fd;
	struct pack_result packed;
};

/* --- finding it --- */

static int refuse_unknown(const struct exporting *exporting,
			  const struct store_kept *kept, size_t count,
			  struct failure *failure)
{
	char names[256] = "";
	struct text text = text_over(names, sizeof(names));

	for (size_t i = 0; i < count; i++)
		text_add(&text, "%s%s", i ? ", " : "", kept[i].name);
	return failure_set(failure, ENOENT,
			   "no changes are kept as \"%s\"; there %s%s",
			   exporting->name,
			   count ? "are: "
				 : "are none: load "
				   "with --keep NAME",
			   names);
}

static int check_name(const struct exporting *exporting, struct store *store,
		      struct failure *failure)
{
	_cleanup_free struct store_kept *kept = NULL;
	size_t count = 0;
	int r = store_list_kept(store, &kept, &count);

	if (r < 0)
		return failure_errno(failure, -r, "cannot read %s",
				     exporting->store_dir);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(kept[i].name, exporting->name))
			continue;
		if (!kept[i].running)
			return 0;
		return failure_set(failure, EBUSY,
				   "%s: these changes are in use; return from "
				   "the target first",
				   exporting->name);
	}
	return refuse_unknown(exporting, kept, count, failure);
}

static int open_upper(struct exporting *exporting, struct failure *failure)
{
	_cleanup_fd int store_dir =
		open(exporting->store_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[CONTROL_KEEP_MAX + 16];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "keep/%s/upper", exporting->name);
	exporting->upper_fd =
		openat(store_dir, path,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return exporting->upper_fd < 0
		       ? failure_errno(failure, errno, "%s/%s",
				       exporting->store_dir, path)
		       : 0;
}

static int find(struct exporting *exporting, struct failure *failure)
{
	struct store *store;
	int r;

	if (geteuid() != 0)
		return failure_set(failure, EPERM,
				   "image export needs root: only root sees "
				   "which directories were replaced");
	r = store_open_to_read(exporting->store_dir, &store, failure);
	if (r == -ENOENT)
		return failure_set(failure, ENOENT,
				   "%s: there is no store here; changes are "
				   "kept in the bootstrap",
				   exporting->store_dir);
	if (r < 0)
		return r;
	r = check_name(exporting, store, failure);
	store_close(store);
	return r < 0 ? r : open_upper(exporting, failure);
}

static int pack(struct exporting *exporting,
		int (*write)(void *, const void *, size_t, struct failure *),
		void *context, struct failure *failure)
{
	const struct pack what = {
		.root_fd = exporting->upper_fd,
		.name = exporting->name,
		.form = PACK_LAYER,
		.write = write,
		.context = context,
	};

	return pack_tree(&what, &exporting->packed, failure);
}

/* --- to a file --- */

static int export_file(struct exporting *exporting, struct failure *failure)
{
	_cleanup_image_output struct image_output output = IMAGE_OUTPUT_NONE;
	int r = image_output_open(exporting->target, &output, failure);

	if (r == 0)
		r = pack(exporting, image_output_write, &output, failure);
	if (r == 0)
		r = image_output_finish(&output, failure);
	if (r == 0)
		image_output_tell(&output, &exporting->packed);
	return r;
}

/* --- to a server --- */

/* What the child says at its end. */
struct told {
	struct pack_result packed;
	struct failure failure;
};

struct sender {
	pid_t pid;
	int fd;
	uint64_t bytes;
	struct told *told; /* shared with the child */
};

static int write_pipe(void *context, const void *bytes, size_t len,
		      struct failure *failure)
{
	int r = fd_write_all(*(const int *)context, bytes, len);

	return r < 0 ? failure_errno(failure, -r, "cannot hand it on") : 0;
}

static _Noreturn void child_main(struct exporting *exporting, int fd,
				 struct told *told)
{
	int r = pack(exporting, write_pipe, &fd, &told->failure);

	told->packed = exporting->packed;
	_exit(r < 0);
}

static int start_child(struct exporting *exporting, struct sender *sender,
		       struct failure *failure)
{
	int ends[2];

	sender->told = mmap(NULL, sizeof(*sender->told), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sender->told == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "%s", exporting->name);
	sender->pid = fork();
	if (sender->pid == 0) {
		close(ends[0]);
		child_main(exporting, ends[1], sender->told);
	}
	close(ends[1]);
	sender->fd = ends[0];
	return sender->pid < 0
		       ? failure_errno(failure, errno, "%s", exporting->name)
		       : 0;
}

static int reap(struct sender *sender, struct failure *failure)
{
	int status = 0;

	sender->fd = fd_close(sender->fd);
	while (waitpid(sender->pid, &status, 0) < 0 && errno == EINTR)
		;
	sender->pid = 0;
	if (status == 0)
		return 0;
	if (!sender->told->failure.err)
		return failure_set(failure, EIO, "reading the changes failed");
	*failure = sender->told->failure;
	return -failure->err;
}

/* The end only when the child says that it is one: half a layer must not
 * arrive as a whole one. */
static ssize_t next_bytes(void *context, void *buf, size_t size,
			  struct failure *failure)
{
	struct sender *sender = context;
	ssize_t n;

	if (image_interrupted())
		return failure_set(failure, ECANCELED, "interrupted");
	if (sender->pid == 0)
		return 0;
	n = read(sender->fd, buf, size);
	if (n < 0)
		return failure_errno(failure, errno, "cannot read on");
	if (n == 0)
		return reap(sender, failure);
	sender->bytes += (uint64_t)n;
	return n;
}

static int export_url(struct exporting *exporting, struct failure *failure)
{
	struct sender sender = { .fd = FD_NONE };
	char name[CONTROL_REF_MAX];
	const struct http_upload upload = {
		.url = exporting->target,
		.name = images_reference(exporting->target, name),
		.len = UINT64_MAX,
		.next = next_bytes,
		.context = &sender,
	};
	char size[SIZE_TEXT_MAX];
	int r = http_start(failure);

	if (r == 0)
		r = start_child(exporting, &sender, failure);
	if (r == 0)
		r = http_put(&upload, failure);
	/* A server that refused did not read all of it. */
	if (sender.pid > 0)
		(void)reap(&sender, &(struct failure){ 0 });
	if (r == 0)
		printf("%s: %s, %llu entries\n", name,
		       size_text(sender.bytes, size),
		       (unsigned long long)sender.told->packed.entries);
	return r;
}

/* --- the command line --- */

static bool is_url(const char *target)
{
	return target &&
	       (str_after(target, "http://") || str_after(target, "https://"));
}

static int run(struct exporting *exporting)
{
	struct failure failure = { 0 };
	int r;

	image_interrupts_catch();
	r = find(exporting, &failure);
	if (r == 0)
		r = is_url(exporting->target)
			    ? export_url(exporting, &failure)
			    : export_file(exporting, &failure);
	fd_close(exporting->upper_fd);
	if (r < 0)
		log_error("%s", failure.text);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_image_export(int argc, char **argv)
{
	static const struct option options[] = {
		{ "store", required_argument, NULL, 'S' }, { 0 }
	};
	struct exporting exporting = { .store_dir = STORE_DIR,
				       .upper_fd = FD_NONE };
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option != 'S')
			return command_bad_option(option, argv);
		exporting.store_dir = optarg;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return command_misuse(VERB, "wants the name of kept changes, "
					    "and may have a file or URL");
	exporting.name = argv[optind];
	exporting.target = argv[optind + 1];
	if (!control_keep_valid(exporting.name))
		return command_misuse(VERB, "\"%s\" is no name of kept changes",
				      exporting.name);
	return run(&exporting);
}
