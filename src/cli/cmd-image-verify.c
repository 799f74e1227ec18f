/* SPDX-License-Identifier: MIT */
/*
 * boomerang image verify: all of an image is read, decoded and checked, and
 * nothing of it is kept.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-root.h"

static void print_checked(const struct image_facts *facts)
{
	const struct verify_verdict *verdict = &facts->verdict;
	enum reference_kind kind = facts->reference.kind;
	bool by_manifest = kind == REFERENCE_DOCKER || kind == REFERENCE_OCI;

	if (facts->kind == KIND_UNKNOWN)
		printf("layers     %zu, each with the digest that the manifest "
		       "says\n",
		       facts->layer_count);
	printf("sha256     %s%s", verdict->sha256,
	       by_manifest ? " of the manifest" : "");
	if (verdict->checked[0])
		printf(", as %s says", verdict->checked);
	printf("\n");
	if (verdict->signer[0])
		printf("signature  good, key %s, %s\n", verdict->signer,
		       verdict->comment);
	else
		printf("signature  none by a key that is trusted\n");
	if (!verdict->checked[0] && !verdict->signer[0] && !by_manifest)
		printf("Nothing says what it should be: no sha256 was given, "
		       "and none is beside it.\n");
}

static void print_facts(const struct image_facts *facts)
{
	const struct progress *progress = &facts->progress;
	char fetched[SIZE_TEXT_MAX], unpacked[SIZE_TEXT_MAX];

	printf("image      %s\n", facts->reference.name);
	printf("whole      %s fetched, %s unpacked",
	       size_text(progress->fetched, fetched),
	       size_text(progress->unpacked, unpacked));
	if (facts->layout == IMAGE_LAYOUT_TREE)
		printf(", %llu entries", (unsigned long long)progress->entries);
	printf("\n");
	print_checked(facts);
}

static int verify(struct image_arguments *a)
{
	_cleanup_image_root struct image_root root = IMAGE_ROOT_NONE;
	struct failure failure = { 0 };
	int r = image_root_open(a, "", &root, &failure);

	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	print_facts(&root.facts);
	return STATUS_OK;
}

int cmd_image_verify(int argc, char **argv)
{
	struct image_arguments a = { .request.depth = UNPACK_NOTHING };

	if (image_argument_next(&a, argc, argv, NULL) != IMAGE_ARGUMENT_END)
		return STATUS_USAGE;
	if (argc - optind != 1)
		return command_misuse(argv[0], "wants a reference");
	a.request.reference = argv[optind];
	image_interrupts_catch();
	return verify(&a);
}
