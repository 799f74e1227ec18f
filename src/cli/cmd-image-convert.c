/* SPDX-License-Identifier: MIT */
/*
 * boomerang image convert: an image is unpacked into a temporary directory, or
 * mounted, and written again in another form.
 *
 * Without root the files of that directory are ours, of any mode: to read all
 * of them takes a user namespace, in which they belong to root.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/architecture.h"
#include "cli/cmd-image.h"
#include "cli/commands.h"
#include "cli/image-output.h"
#include "cli/image-root.h"
#include "image/confine.h"
#include "image/oci-write.h"
#include "image/squashfs-writer.h"
#include "root/examine.h"

static const struct squashfs_form squashfs_form = { .level = 15 };

#define COPY_BYTES (128 * KIB)

struct conversion {
	struct image_arguments arguments;
	struct image_root root;
	struct image_output output;
	struct pack_result packed;
};

static const char *name_of(const struct conversion *conversion)
{
	return conversion->root.facts.reference.name;
}

static int create_in_scratch(const struct conversion *conversion,
			     const char *name, struct failure *failure)
{
	_cleanup_fd int dir_fd =
		open(conversion->root.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);

	return fd < 0 ? failure_errno(failure, errno, "%s/%s",
				      conversion->root.dir, name)
		      : fd;
}

/* --- the forms --- */

static int write_tar(struct conversion *conversion, struct failure *failure)
{
	const struct pack pack = {
		.root_fd = conversion->root.fd,
		.name = name_of(conversion),
		.form = PACK_ROOT,
		.write = image_output_write,
		.context = &conversion->output,
	};

	return pack_tree(&pack, &conversion->packed, failure);
}

static int copy_out(struct conversion *conversion, int fd,
		    struct failure *failure)
{
	static uint8_t buffer[COPY_BYTES];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, buffer, sizeof(buffer))) != 0)
		r = n < 0 ? failure_errno(failure, errno,
					  "cannot read the squashfs back")
			  : image_output_write(&conversion->output, buffer,
					       (size_t)n, failure);
	return r;
}

static int write_to_squashfs(void *writer, const void *bytes, size_t len,
			     struct failure *failure)
{
	return image_interrupted()
		       ? failure_set(failure, ECANCELED, "interrupted")
		       : squashfs_writer_write(writer, bytes, len, failure);
}

/* mksquashfs wants a file that it can go back in, and writes it itself. */
static int write_squashfs(struct conversion *conversion,
			  struct failure *failure)
{
	struct squashfs_writer writer = SQUASHFS_WRITER_NONE;
	const struct pack pack = {
		.root_fd = conversion->root.fd,
		.name = name_of(conversion),
		.form = PACK_ROOT,
		.write = write_to_squashfs,
		.context = &writer,
	};
	_cleanup_fd int fd = create_in_scratch(conversion, "squashfs", failure);
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	int r;

	text_add(&text, "%s/squashfs", conversion->root.dir);
	if (fd < 0)
		return fd;
	r = squashfs_writer_start(path, conversion->root.dir, &squashfs_form,
				  &writer, failure);
	if (r < 0)
		return r;
	r = pack_tree(&pack, &conversion->packed, failure);
	r = squashfs_writer_finish(&writer, r, failure);
	return r < 0 ? r : copy_out(conversion, fd, failure);
}

/* Go's name of the architecture: what the config says, or the programs are. */
static void find_architecture(const struct conversion *conversion,
			      char ret_name[static 32])
{
	const struct image_facts *facts = &conversion->root.facts;
	const char *name = architecture_here();
	struct examined examined;

	if (facts->has_config) {
		str_copy(ret_name, 32, facts->config.platform.architecture);
		return;
	}
	examine_root(conversion->root.fd, &examined);
	if (examined.architecture[0])
		name = examined.architecture;
	str_copy(ret_name, 32, architecture_to_go(name));
}

/* For reproducible output: reproducible-builds.org/specs/source-date-epoch. */
static int64_t source_date(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds = 0;

	return text && str_to_u64(text, INT32_MAX, &seconds) == 0
		       ? (int64_t)seconds
		       : 0;
}

/* Of "name:tag" the tag. */
static const char *tag_of(const struct reference *reference)
{
	const char *colon = strrchr(reference->tag, ':');

	if (!reference->tag[0])
		return "latest";
	return colon ? colon + 1 : reference->tag;
}

static int write_oci(struct conversion *conversion, struct failure *failure)
{
	const struct image_facts *facts = &conversion->root.facts;
	_cleanup_fd int spool = create_in_scratch(conversion, "layer", failure);
	char architecture[32];
	const struct oci_write what = {
		.root_fd = conversion->root.fd,
		.name = name_of(conversion),
		.tag = tag_of(&facts->reference),
		.config = facts->has_config ? &facts->config : NULL,
		.architecture = architecture,
		.created_s = source_date(),
		.spool_fd = spool,
		.write = image_output_write,
		.context = &conversion->output,
	};

	if (spool < 0)
		return spool;
	find_architecture(conversion, architecture);
	return oci_write(&what, &conversion->packed, failure);
}

struct form {
	const char *name;
	int (*write)(struct conversion *conversion, struct failure *failure);
};

static const struct form forms[] = {
	{ "tar", write_tar },
	{ "squashfs", write_squashfs },
	{ "oci", write_oci },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (str_eq(forms[i].name, name))
			return &forms[i];
	return NULL;
}

/* --- the work --- */

static void tell_lost(const struct image_facts *facts)
{
	const struct {
		uint64_t count;
		const char *what;
	} lost[] = {
		{ facts->lost_owners,
		  "files became root's: only root can keep their owners" },
		{ facts->lost_devices,
		  "devices were left out: only root can make them" },
		{ facts->lost_attributes,
		  "extended attributes could not be kept" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lost); i++)
		if (lost[i].count > 0)
			log_warning("%llu %s",
				    (unsigned long long)lost[i].count,
				    lost[i].what);
}

/* The directory of the file, where there is room for what it will be. */
static void parent_of(const char *path, char ret_parent[static PATH_MAX])
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct text text = text_over(ret_parent, PATH_MAX);

	if (slash)
		text_add(&text, "%.*s", (int)MAX(slash - path, 1), path);
	else if (path)
		text_put(&text, ".");
}

static int convert(struct conversion *conversion, const struct form *form,
		   const char *path, struct failure *failure)
{
	char parent[PATH_MAX] = "";
	int r = image_output_open(path, &conversion->output, failure);

	if (r < 0)
		return r;
	/* Not beside a device. */
	if (conversion->output.file.fd >= 0)
		parent_of(path, parent);
	r = image_root_open(&conversion->arguments, parent, &conversion->root,
			    failure);
	if (r == 0)
		r = image_root_mount(&conversion->root, failure);
	if (r == 0 && geteuid() != 0) {
		r = confine_become_root();
		if (r < 0)
			r = failure_errno(failure, -r,
					  "cannot make a user namespace, which "
					  "this needs without root");
	}
	if (r == 0)
		r = form->write(conversion, failure);
	if (r == 0)
		r = image_output_finish(&conversion->output, failure);
	return r;
}

static int run(struct conversion *conversion, const struct form *form,
	       const char *path)
{
	struct failure failure = { 0 };
	int r;

	image_interrupts_catch();
	r = convert(conversion, form, path, &failure);
	if (r < 0) {
		log_error("%s", failure.text);
	} else {
		tell_lost(&conversion->root.facts);
		image_output_tell(&conversion->output, &conversion->packed);
	}
	image_root_close(&conversion->root);
	image_output_close(&conversion->output);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_image_convert(int argc, char **argv)
{
	static struct conversion conversion;
	const struct form *form;

	if (image_argument_next(&conversion.arguments, argc, argv, NULL) !=
	    IMAGE_ARGUMENT_END)
		return STATUS_USAGE;
	if (argc - optind < 2 || argc - optind > 3)
		return command_misuse(argv[0],
				      "wants a reference, tar, squashfs "
				      "or oci, and may have a file");
	form = find_form(argv[optind + 1]);
	if (!form)
		return command_misuse(argv[0],
				      "makes tar, squashfs or oci, not \"%s\"",
				      argv[optind + 1]);
	conversion.root = IMAGE_ROOT_NONE;
	conversion.output = IMAGE_OUTPUT_NONE;
	conversion.arguments.request.depth = UNPACK_ALL;
	conversion.arguments.request.reference = argv[optind];
	return run(&conversion, form, argv[optind + 2]);
}
