/* SPDX-License-Identifier: MIT */
/*
 * boomerang image inspect: what there is to know of an image before it is
 * loaded. It is read to its end, since only that says how large it is, but of
 * its files only the beginnings are kept.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/architecture.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-root.h"
#include "image/room.h"
#include "root/examine.h"

#define STAT_BLOCK 512 /* stat(2) */

struct inspection {
	struct image_facts facts;
	struct examined examined;
	struct failure unseen; /* why the root was not looked at */
	const char *architecture;
	uint64_t memory; /* bytes of the loading machine that it takes */
};

/* --- finding out --- */

static const char *architecture_of(const struct inspection *inspection)
{
	const char *go = inspection->facts.config.platform.architecture;

	if (inspection->examined.architecture[0])
		return inspection->examined.architecture;
	return inspection->facts.has_config ? architecture_from_go(go) : "";
}

/* A file is as large as the disk in it, and takes what is not a hole; a load
 * wants room for all that is fetched into one as it is. */
static int measure_file(const struct image_root *root,
			struct inspection *inspection, struct failure *failure)
{
	struct image_facts *facts = &inspection->facts;
	struct stat st;
	int r = image_root_stat(root, &st, failure);

	if (r < 0)
		return r;
	facts->progress.unpacked = (uint64_t)st.st_size;
	inspection->memory = (uint64_t)st.st_blocks * STAT_BLOCK;
	if (facts->content == facts->kind)
		inspection->memory =
			MAX(inspection->memory, facts->progress.fetched);
	return 0;
}

static int inspect(struct image_arguments *a, struct inspection *inspection,
		   struct failure *failure)
{
	_cleanup_image_root struct image_root root = IMAGE_ROOT_NONE;
	const struct progress *progress = &inspection->facts.progress;
	int r = image_root_open(a, "", &root, failure);

	if (r < 0)
		return r;
	inspection->facts = root.facts;
	inspection->memory =
		progress->unpacked + progress->entries * ROOM_ENTRY_BYTES;
	if (root.facts.layout == IMAGE_LAYOUT_FILE)
		r = measure_file(&root, inspection, failure);
	if (r < 0)
		return r;
	if (image_root_mount(&root, &inspection->unseen) == 0)
		examine_root(root.fd, &inspection->examined);
	inspection->architecture = architecture_of(inspection);
	return 0;
}

static bool runs_here(const struct inspection *inspection)
{
	return str_eq(inspection->architecture, architecture_here());
}

/* "tar.gz", "squashfs (gz)", "layers". */
static const char *kind_text(const struct image_facts *facts,
			     char buf[static 64])
{
	const char *name = kind_name(facts->kind);
	const char *compression = str_after(name, "tar.");
	struct text text = text_over(buf, 64);

	if (facts->kind == KIND_UNKNOWN)
		text_put(&text, "layers");
	else if (facts->content != KIND_TAR && compression)
		text_add(&text, "%s (%s)", kind_name(facts->content),
			 compression);
	else
		text_put(&text, name);
	return buf;
}

/* --- for a person --- */

#define NAME_WIDTH 13

static void line(const char *name, const char *value)
{
	if (value[0])
		printf("%-*s %s\n", NAME_WIDTH, name, value);
}

/* Strings with a NUL each, one a line. They are the image's. */
static void lines(const char *name, const char *strings, size_t len)
{
	char shown[256];

	for (const char *at = strings; at < strings + len;
	     at += strlen(at) + 1) {
		str_copy(shown, sizeof(shown), at);
		str_make_printable(shown);
		line(at == strings ? name : "", shown);
	}
}

static void print_size(const struct inspection *inspection)
{
	const struct progress *progress = &inspection->facts.progress;
	char fetched[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];
	char memory[SIZE_TEXT_MAX];

	printf("%-*s %s", NAME_WIDTH, "size",
	       size_text(progress->fetched, fetched));
	printf(", unpacked %s", size_text(progress->unpacked, unpacked));
	if (inspection->facts.layout == IMAGE_LAYOUT_TREE)
		printf(" in %llu entries",
		       (unsigned long long)progress->entries);
	printf("\n%-*s %s, besides what the bootstrap keeps\n", NAME_WIDTH,
	       "memory", size_text(inspection->memory, memory));
}

static void print_root(const struct inspection *inspection)
{
	const struct examined *examined = &inspection->examined;

	if (inspection->architecture[0])
		printf("%-*s %s, %s this machine\n", NAME_WIDTH, "architecture",
		       inspection->architecture,
		       runs_here(inspection) ? "as" : "unlike");
	line("distribution", examined->distribution);
	if (examined->init[0])
		printf("%-*s %s (%s)\n", NAME_WIDTH, "init", examined->init,
		       examined->init_kind);
	else if (!inspection->unseen.err)
		line("init", "none");
	if (inspection->unseen.err)
		line("not seen", inspection->unseen.text);
}

static void print_config(const struct oci_config *config)
{
	const struct image_start *start = &config->start;
	const char *end = config->labels;

	lines("program", start->args, start->args_len);
	lines("environment", start->env, start->env_len);
	lines("directory", start->directory, strlen(start->directory));
	lines("user", start->user, strlen(start->user));
	line("created", config->created);
	line("author", config->author);
	while (*end) {
		int len = (int)strcspn(end, "\n");

		printf("%-*s %.*s\n", NAME_WIDTH,
		       end == config->labels ? "labels" : "", len, end);
		end += len + (end[len] == '\n');
	}
}

static void print_inspection(const struct inspection *inspection)
{
	const struct image_facts *facts = &inspection->facts;
	const struct verify_verdict *verdict = &facts->verdict;
	char kind[64];

	line("image", facts->reference.name);
	line("kind", kind_text(facts, kind));
	if (facts->kind == KIND_UNKNOWN)
		printf("%-*s %zu\n", NAME_WIDTH, "layers", facts->layer_count);
	print_size(inspection);
	print_root(inspection);
	if (facts->has_config)
		print_config(&facts->config);
	line("sha256", verdict->sha256);
	if (verdict->signer[0])
		printf("%-*s key %s, %s\n", NAME_WIDTH, "signature",
		       verdict->signer, verdict->comment);
}

/* --- for a program --- */

/* NULL, which json_pack() leaves out or makes null, for "". */
static json_t *string_or_null(const char *string)
{
	return string[0] ? json_string(string) : NULL;
}

static json_t *string_list(const char *strings, size_t len)
{
	json_t *list = json_array();

	for (const char *at = strings; at < strings + len; at += strlen(at) + 1)
		json_array_append_new(list, json_string(at));
	return list;
}

static json_t *label_object(const char *labels)
{
	json_t *object = json_object();

	while (*labels) {
		size_t len = strcspn(labels, "\n");
		size_t key = strcspn(labels, "=\n");

		if (key < len)
			json_object_setn_new(object, labels, key,
					     json_stringn(labels + key + 1,
							  len - key - 1));
		labels += len + (labels[len] == '\n');
	}
	return object;
}

static json_t *config_object(const struct image_facts *facts)
{
	const struct image_start *start = &facts->config.start;
	size_t entrypoint = MIN(facts->config.entrypoint_len, start->args_len);

	if (!facts->has_config)
		return NULL;
	return json_pack("{s:o, s:o, s:o, s:o?, s:o?, s:o}", "entrypoint",
			 string_list(start->args, entrypoint), "cmd",
			 string_list(start->args + entrypoint,
				     start->args_len - entrypoint),
			 "env", string_list(start->env, start->env_len),
			 "directory", string_or_null(start->directory), "user",
			 string_or_null(start->user), "labels",
			 label_object(facts->config.labels));
}

static json_t *root_object(const struct inspection *inspection)
{
	const struct examined *examined = &inspection->examined;

	return json_pack("{s:o?, s:o?, s:o?, s:o?, s:o?}", "distribution",
			 string_or_null(examined->distribution), "id",
			 string_or_null(examined->id), "version",
			 string_or_null(examined->version), "init",
			 string_or_null(examined->init), "init_kind",
			 string_or_null(examined->init_kind));
}

static json_t *inspection_object(const struct inspection *inspection)
{
	const struct image_facts *facts = &inspection->facts;
	const struct progress *progress = &facts->progress;
	const char *unseen =
		inspection->unseen.err ? inspection->unseen.text : "";
	char kind[64];

	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o?, s:o?, s:o?, s:o?, "
		"s:o?, s:s, s:o?, s:o?}",
		"image", facts->reference.name, "kind", kind_text(facts, kind),
		"layers", (json_int_t)facts->layer_count, "fetched_bytes",
		(json_int_t)progress->fetched, "unpacked_bytes",
		(json_int_t)progress->unpacked, "entries",
		(json_int_t)progress->entries, "memory_bytes",
		(json_int_t)inspection->memory, "architecture",
		string_or_null(inspection->architecture), "runs_here",
		inspection->architecture[0]
			? json_boolean(runs_here(inspection))
			: NULL,
		"root", inspection->unseen.err ? NULL : root_object(inspection),
		"not_seen", string_or_null(unseen), "config",
		config_object(facts), "sha256", facts->verdict.sha256, "signer",
		string_or_null(facts->verdict.signer), "comment",
		string_or_null(facts->verdict.comment));
}

static int print_json(const struct inspection *inspection)
{
	json_t *object = inspection_object(inspection);
	int r = object ? json_dumpf(object, stdout, JSON_INDENT(2)) : -1;

	json_decref(object);
	printf("\n");
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

/* --- the command line --- */

static int run(struct image_arguments *a, bool json)
{
	struct inspection *inspection = calloc(1, sizeof(*inspection));
	struct failure failure = { 0 };
	int status = STATUS_OK, r = -ENOMEM;

	if (inspection)
		r = inspect(a, inspection, &failure);
	if (r < 0) {
		log_error("%s", inspection ? failure.text : "out of memory");
		status = STATUS_FAILED;
	} else if (json) {
		status = print_json(inspection);
	} else {
		print_inspection(inspection);
	}
	free(inspection);
	return status;
}

int cmd_image_inspect(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, IMAGE_OPTIONS, { 0 }
	};
	struct image_arguments a = { .request.depth = UNPACK_HEADS };
	bool json = false;
	int option;

	while ((option = image_argument_next(&a, argc, argv, options)) >= 0)
		json |= option == 'j';
	if (option == IMAGE_ARGUMENT_WRONG)
		return STATUS_USAGE;
	if (argc - optind != 1)
		return command_misuse(argv[0], "wants a reference");
	a.request.reference = argv[optind];
	image_interrupts_catch();
	return run(&a, json);
}
