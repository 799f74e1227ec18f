/* SPDX-License-Identifier: MIT */
/*
 * OCI image-spec image-index.md, Docker's manifest list, and the index.json of
 * a layout, which is an index whose entries have names.
 *
 * An entry is chosen in two steps. Those that cannot be an image or have
 * another name are left out; of the rest the first for the platform is it. No
 * entry of another platform stands in: a program of another machine would only
 * fail later.
 */
#include <errno.h>

#include "base/text.h"
#include "image/oci-internal.h"

struct entry {
	struct oci_descriptor descriptor;
	struct oci_platform platform; /* os "": none is said */
	char tag[OCI_NAME_MAX], image[OCI_NAME_MAX];
};

struct choice {
	const char *name, *tag;
	const struct oci_platform *platform;
	struct failure *failure;
	struct text tags, platforms; /* what there is */
	size_t candidates;	     /* different ones of that name */
	struct oci_descriptor first; /* of these */
	bool first_has_platform;
	bool found;
	struct oci_descriptor chosen;
};

/* As Go calls them (GOARCH). */
void oci_platform_here(struct oci_platform *ret_platform)
{
#if defined(__x86_64__)
	*ret_platform = (struct oci_platform){ "linux", "amd64", "" };
#elif defined(__aarch64__)
	*ret_platform = (struct oci_platform){ "linux", "arm64", "" };
#elif defined(__i386__)
	*ret_platform = (struct oci_platform){ "linux", "386", "" };
#elif defined(__arm__)
	*ret_platform = (struct oci_platform){ "linux", "arm", "v7" };
#elif defined(__riscv) && __riscv_xlen == 64
	*ret_platform = (struct oci_platform){ "linux", "riscv64", "" };
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	*ret_platform = (struct oci_platform){ "linux", "ppc64le", "" };
#elif defined(__s390x__)
	*ret_platform = (struct oci_platform){ "linux", "s390x", "" };
#elif defined(__loongarch64)
	*ret_platform = (struct oci_platform){ "linux", "loong64", "" };
#else
#error "How does Go call this machine?"
#endif
}

/* Variants that say nothing (image-index.md, "Platform Variants"). */
static const struct {
	const char *architecture, *written, *meant;
} variants[] = {
	{ "amd64", "v1", "" },
	{ "arm64", "v8", "" },
	{ "arm", "", "v7" },
};

static void normalise(struct oci_platform *platform)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (str_eq(platform->architecture, variants[i].architecture) &&
		    str_eq(platform->variant, variants[i].written)) {
			str_copy(platform->variant, sizeof(platform->variant),
				 variants[i].meant);
			return;
		}
}

static bool same_platform(const struct oci_platform *a,
			  const struct oci_platform *b)
{
	return str_eq(a->os, b->os) &&
	       str_eq(a->architecture, b->architecture) &&
	       str_eq(a->variant, b->variant);
}

static const char *platform_text(const struct oci_platform *platform, char *buf,
				 size_t size)
{
	struct text text = text_over(buf, size);

	if (!platform->os[0])
		text_add(&text, "one for no said platform");
	else
		text_add(&text, "%s/%s%s%s", platform->os,
			 platform->architecture,
			 platform->variant[0] ? "/" : "", platform->variant);
	return buf;
}

/* Adds a word to "a, b, c" unless it is there. */
static void list_add(struct text *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list->buf; (at = strstr(at, word)); at += len)
		if ((at == list->buf || at[-1] == ' ') &&
		    (at[len] == ',' || at[len] == '\0'))
			return;
	if (list->size - list->len > len + sizeof(", ..."))
		text_add(list, "%s%s", list->len ? ", " : "", word);
	else if (list->len > 0 && list->buf[list->len - 1] != '.')
		text_add(list, ", ...");
}

static int read_platform(const struct oci_node *entry,
			 struct oci_platform *ret_platform)
{
	struct oci_node node = oci_member(entry, "platform");
	struct oci_node os = oci_member(&node, "os");
	struct oci_node architecture = oci_member(&node, "architecture");
	struct oci_node variant = oci_member(&node, "variant");
	enum oci_need need = node.value ? OCI_REQUIRED : OCI_OPTIONAL;
	int r;

	if ((r = oci_read_object(&node, OCI_OPTIONAL)) < 0 ||
	    (r = oci_read_text(&os, need, ret_platform->os,
			       sizeof(ret_platform->os))) < 0 ||
	    (r = oci_read_text(&architecture, need, ret_platform->architecture,
			       sizeof(ret_platform->architecture))) < 0 ||
	    (r = oci_read_text(&variant, OCI_OPTIONAL, ret_platform->variant,
			       sizeof(ret_platform->variant))) < 0)
		return r;
	normalise(ret_platform);
	return 0;
}

/* 1 when the entry may be an image, 0 when it is something else. */
static int read_entry(const struct oci_node *node, struct entry *ret_entry)
{
	struct oci_node notes = oci_member(node, "annotations");
	struct oci_node artifact = oci_member(node, "artifactType");
	struct oci_node tag =
		oci_member(&notes, "org.opencontainers.image.ref.name");
	struct oci_node image = oci_member(&notes, "io.containerd.image.name");
	const char *type = ret_entry->descriptor.type;
	int r;

	if ((r = oci_read_descriptor(node, &ret_entry->descriptor)) < 0 ||
	    (r = read_platform(node, &ret_entry->platform)) < 0 ||
	    (r = oci_read_object(&notes, OCI_OPTIONAL)) < 0 ||
	    (r = oci_read_text(&tag, OCI_OPTIONAL, ret_entry->tag,
			       sizeof(ret_entry->tag))) < 0 ||
	    (r = oci_read_text(&image, OCI_OPTIONAL, ret_entry->image,
			       sizeof(ret_entry->image))) < 0)
		return r;
	return !artifact.value && !str_eq(ret_entry->platform.os, "unknown") &&
	       (oci_type_is_index(type) || oci_type_is_manifest(type));
}

static void consider(struct choice *choice, const struct entry *entry)
{
	char buf[sizeof(struct oci_platform) + 3];

	if (entry->tag[0])
		list_add(&choice->tags, entry->tag);
	if (choice->tag && choice->tag[0] && !str_eq(choice->tag, entry->tag) &&
	    !str_eq(choice->tag, entry->image))
		return;
	list_add(&choice->platforms,
		 platform_text(&entry->platform, buf, sizeof(buf)));
	if (choice->candidates == 0 ||
	    !digest_equal(&choice->first.digest, &entry->descriptor.digest))
		choice->candidates++;
	if (choice->candidates == 1) {
		choice->first = entry->descriptor;
		choice->first_has_platform = entry->platform.os[0] != '\0';
	}
	if (same_platform(&entry->platform, choice->platform)) {
		if (!choice->found)
			choice->chosen = entry->descriptor;
		choice->found = true;
	}
}

static int decide(const struct choice *choice, struct oci_descriptor *ret_entry)
{
	char here[sizeof(struct oci_platform) + 3];
	bool named = choice->tag && choice->tag[0];

	if (choice->found)
		*ret_entry = choice->chosen;
	else if (choice->candidates == 1 && !choice->first_has_platform)
		*ret_entry = choice->first;
	else if (choice->candidates > 0)
		return failure_set(choice->failure, ENODATA,
				   "%s: has %s; this machine is %s",
				   choice->name, choice->platforms.buf,
				   platform_text(choice->platform, here,
						 sizeof(here)));
	else if (named && choice->tags.len > 0)
		return failure_set(choice->failure, ENODATA,
				   "%s: has no image called %s; it has %s",
				   choice->name, choice->tag, choice->tags.buf);
	else if (named)
		return failure_set(choice->failure, ENODATA,
				   "%s: has no image called %s; none in it "
				   "has a name: leave it out",
				   choice->name, choice->tag);
	else
		return failure_set(choice->failure, ENODATA,
				   "%s: its index lists no image",
				   choice->name);
	return 0;
}

/* An index is as good without a media type, as in OCI 1.0; it is none when it
 * is a manifest as well (CVE-2021-41190). */
static int check_form(const struct oci_node *root)
{
	struct oci_node version = oci_member(root, "schemaVersion");
	struct oci_node type = oci_member(root, "mediaType");
	struct oci_node layers = oci_member(root, "layers");
	struct oci_node config = oci_member(root, "config");
	char text[OCI_TYPE_MAX];
	uint64_t number;
	int r;

	if ((r = oci_read_number(&version, 1000, &number)) < 0 ||
	    (r = oci_read_text(&type, OCI_OPTIONAL, text, sizeof(text))) < 0)
		return r;
	if (number != 2)
		return oci_refuse(&version, "is not 2");
	if (text[0] && !oci_type_is_index(text))
		return oci_refuse(&type, "is %s, not that of an index", text);
	if (layers.value || config.value)
		return oci_refuse(layers.value ? &layers : &config,
				  "has no place in an index");
	return 0;
}

static int consider_all(const struct oci_node *root, struct choice *choice)
{
	struct oci_node list = oci_member(root, "manifests");
	size_t count = 0;
	int r = check_form(root);

	if (r >= 0)
		r = oci_read_array(&list, OCI_REQUIRED, OCI_VALUES_MAX, &count);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct oci_node node = oci_element(&list, i);
		struct entry entry = { 0 };

		r = read_entry(&node, &entry);
		if (r > 0)
			consider(choice, &entry);
	}
	return r;
}

/* Of several names nobody said which. */
static bool is_ambiguous(const struct choice *choice)
{
	return choice->tag && !choice->tag[0] && choice->candidates > 1 &&
	       strchr(choice->tags.buf, ',');
}

int oci_parse_index(struct view json, const char *tag,
		    const struct oci_platform *platform, const char *name,
		    struct oci_descriptor *ret_entry, struct failure *failure)
{
	_cleanup_oci_json struct oci_json document = {
		.name = name,
		.what = "index",
		.failure = failure,
	};
	char tags[200], platforms[200];
	struct oci_platform wanted = *platform;
	struct choice choice = {
		.name = name,
		.tag = tag,
		.platform = &wanted,
		.failure = failure,
		.tags = text_over(tags, sizeof(tags)),
		.platforms = text_over(platforms, sizeof(platforms)),
	};
	struct oci_node root;
	int r = oci_json_open(&document, json, JSON_OBJECT);

	if (r < 0)
		return r;
	normalise(&wanted);
	root = oci_root(&document);
	r = consider_all(&root, &choice);
	if (r < 0)
		return r;
	if (is_ambiguous(&choice))
		return failure_set(failure, ENODATA,
				   "%s: has several images: say which of %s",
				   name, choice.tags.buf);
	return decide(&choice, ret_entry);
}

bool oci_is_index(struct view json, const char *type)
{
	_cleanup_oci_json struct oci_json document = { .name = "", .what = "" };
	struct oci_node root, member;

	if (oci_type_is_index(type) || oci_type_is_manifest(type))
		return oci_type_is_index(type);
	if (oci_json_open(&document, json, JSON_OBJECT) < 0)
		return false;
	root = oci_root(&document);
	member = oci_member(&root, "manifests");
	return member.value != NULL;
}
