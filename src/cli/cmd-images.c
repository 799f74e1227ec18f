/* SPDX-License-Identifier: MIT */
/*
 * boomerang images: what the bootstrap keeps in memory. The store is a
 * directory that only root in the bootstrap sees; in a target there is only
 * PID 1's word for what runs.
 */
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control-client.h"
#include "cli/images-text.h"

/* --- looking --- */

static void view_free(struct images_view *view)
{
	free(view->images);
	free(view->kept);
}

#define _cleanup_view _cleanup(view_free)

static int look(struct store *store, struct images_view *ret_view)
{
	_cleanup_view struct images_view view = { .now_s = time(NULL) };
	int r = store_list(store, &view.images, &view.image_count);

	if (r == 0)
		r = store_list_kept(store, &view.kept, &view.kept_count);
	if (r == 0)
		r = store_size(store, &view.size);
	if (r < 0) {
		log_error("cannot list the images: %s", strerror(-r));
		return STATUS_FAILED;
	}
	*ret_view = view;
	view = (struct images_view){ 0 };
	return STATUS_OK;
}

static int print_json(const struct images_view *view)
{
	json_t *list = images_json(view);
	int r = -1;

	if (list)
		r = json_dumpf(list, stdout, JSON_INDENT(2));
	json_decref(list);
	if (r == 0)
		return putchar('\n') == EOF ? STATUS_FAILED : STATUS_OK;
	log_error("cannot write the images as JSON");
	return STATUS_FAILED;
}

/* Where there is no store: in a target, or on a host that is no bootstrap. */
static int tell_without_store(bool json)
{
	struct status status;
	struct failure failure;

	if (control_client_status(&status, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	if (json) {
		log_error("only the bootstrap can list its images, at its "
			  "prompt");
		return STATUS_FAILED;
	}
	if (status.phase == PHASE_TARGET)
		printf("in use  %s\nthe bootstrap lists all, at its prompt\n",
		       status.image);
	else
		printf("no images are kept\n");
	return STATUS_OK;
}

static int list_images(const char *dir, bool json)
{
	_cleanup_view struct images_view view = { 0 };
	struct failure failure;
	struct store *store;
	int r = store_open_to_read(dir, &store, &failure);

	if (r == -ENOENT && str_eq(dir, STORE_DIR))
		return tell_without_store(json);
	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	r = look(store, &view);
	store_close(store);
	if (r != STATUS_OK)
		return r;
	if (json)
		return print_json(&view);
	images_print(stdout, &view);
	return STATUS_OK;
}

/* --- changing --- */

static int open_store(const char *dir, struct store **ret_store)
{
	struct failure failure;
	struct store *store;

	/* Dropping from a store that is not there makes none. */
	if (store_open_to_read(dir, &store, &failure) == 0) {
		store_close(store);
		if (store_open(dir, ret_store, &failure) == 0)
			return STATUS_OK;
	}
	log_error("%s", failure.text);
	return STATUS_FAILED;
}

static int drop_one(struct store *store, const char *which)
{
	char size[SIZE_TEXT_MAX], name[CONTROL_REF_MAX];
	struct failure failure;
	uint64_t bytes;

	if (store_drop(store, which, &bytes, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	printf("%s: dropped, %s freed\n", images_reference(which, name),
	       size_text(bytes, size));
	return STATUS_OK;
}

static int drop(const char *dir, bool all, int count, char **which)
{
	char size[SIZE_TEXT_MAX];
	struct store *store;
	int status = open_store(dir, &store);

	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < count; i++)
		if (drop_one(store, which[i]) != STATUS_OK)
			status = STATUS_FAILED;
	if (all)
		printf("all images that do not run: dropped, %s freed\n",
		       size_text(store_drop_all(store), size));
	store_close(store);
	return status;
}

/* After a return, by PID 1: a load that is under way does it by itself. */
static int trim(const char *dir)
{
	struct failure failure;
	struct store *store;
	int r = store_open(dir, &store, &failure);

	if (r == -EBUSY)
		return STATUS_OK;
	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	store_trim(store);
	store_close(store);
	return STATUS_OK;
}

/* What is above it goes at once. */
static int set_bound(const char *dir, const char *size)
{
	struct store *store;
	int status = open_store(dir, &store), r;

	if (status != STATUS_OK)
		return status;
	r = store_set_bound(store, size);
	if (r == 0)
		store_trim(store);
	store_close(store);
	if (r == 0)
		return STATUS_OK;
	if (r == -EINVAL)
		return command_misuse("images",
				      "--cache-size: \"%s\" is no size; bytes, "
				      "with K, M, G or T, or a share such as "
				      "30%%",
				      size);
	log_error("cannot change the bound: %s", strerror(-r));
	return STATUS_FAILED;
}

/* --- the command line --- */

struct arguments {
	const char *dir;
	const char *cache_size; /* NULL: it stays */
	bool json, all;
};

static int run_verb(const struct arguments *arguments, int count, char **word)
{
	if (arguments->cache_size &&
	    (count || arguments->all || arguments->json))
		return command_misuse("images", "--cache-size stands alone");
	if (arguments->cache_size)
		return set_bound(arguments->dir, arguments->cache_size);
	if (count == 0 && !arguments->all)
		return list_images(arguments->dir, arguments->json);
	if (count == 0)
		return command_misuse("images", "--all belongs to drop");
	if (arguments->json)
		return command_misuse("images", "--json lists only");
	if (str_eq(word[0], "trim") && count == 1 && !arguments->all)
		return trim(arguments->dir);
	if (!str_eq(word[0], "drop"))
		return command_misuse("images", "has no verb \"%s\", only drop",
				      word[0]);
	if (arguments->all == (count > 1))
		return command_misuse("images",
				      "drop wants IDs, references or names of "
				      "changes, or --all alone");
	return drop(arguments->dir, arguments->all, count - 1, word + 1);
}

int cmd_images(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "cache-size", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "store", required_argument, NULL, 's' },
		{ 0 },
	};
	struct arguments arguments = { .dir = STORE_DIR };
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'a')
			arguments.all = true;
		else if (option == 'c')
			arguments.cache_size = optarg;
		else if (option == 'j')
			arguments.json = true;
		else if (option == 's')
			arguments.dir = optarg;
		else
			return command_bad_option(option, argv);
	}
	return run_verb(&arguments, argc - optind, argv + optind);
}
