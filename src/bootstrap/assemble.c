/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * An overlay (Documentation/filesystems/overlayfs.rst) of an image's layers is
 * what a container engine makes, with three differences that follow from whose
 * layers these are:
 *
 *  - A layer comes from an archive and may hold any extended attribute, so
 *    nothing in it is believed that could lead out of it: no redirect and no
 *    metacopy is followed (redirect_dir=nofollow, metacopy=off). Both would
 *    let a name in one directory show another's content.
 *  - Nothing is indexed (index=off): the same changes may be laid over layers
 *    that were dropped and fetched again, which are equal but not the same
 *    files.
 *  - mount(2) takes one page of options. With names relative to the directory
 *    of the layers (16 digits, "/tree" and a colon each) IMAGE_LAYERS_MAX of
 *    them fit.
 *
 * A disk image's file system is mounted from its file by a loop device, so
 * that only what is read of it is read (root/filemount.h), and is the only
 * layer, or a directory in it is.
 */
#include "bootstrap/assemble.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "root/filemount.h"

#define LAYERS	STORE_DIR "/layers"
#define KEEP	STORE_DIR "/keep"
#define RUNNING STORE_DIR "/running"

#define FRESH_DIR CONTROL_DIR "/image" /* a tmpfs for this load alone */
#define LOWER	  FRESH_DIR "/lower"   /* where a file system is mounted */

/* However little memory an image leaves: enough to adapt it. */
#define FRESH_LEAST (8 * MIB)

#define OPTIONS_MAX 4096 /* mount(2): a page */

/* Where the changes of this load go. */
struct upper {
	char upper[sizeof(KEEP) + CONTROL_KEEP_MAX + 8];
	char work[sizeof(KEEP) + CONTROL_KEEP_MAX + 8];
};

static bool is_id(const char id[static STORE_ID_MAX])
{
	return memchr(id, '\0', STORE_ID_MAX) == id + STORE_ID_DIGITS &&
	       strspn(id, "0123456789abcdef") == STORE_ID_DIGITS;
}

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

/* Strings one behind the other, each with its NUL. */
static bool are_strings(const char *strings, uint32_t len, size_t size)
{
	return len <= size && (len == 0 || strings[len - 1] == '\0');
}

bool assemble_is_sound(const struct image_made *made)
{
	const struct image_start *start = &made->start;

	if (made->magic != CONTROL_MAGIC || !is_id(made->id) ||
	    made->layer_count == 0 || made->layer_count > IMAGE_LAYERS_MAX)
		return false;
	for (uint32_t i = 0; i < made->layer_count; i++)
		if (!is_id(made->layers[i].id))
			return false;
	if (made->layout != IMAGE_LAYOUT_TREE &&
	    (made->layout != IMAGE_LAYOUT_FILE || made->layer_count != 1))
		return false;
	return is_terminated(made->fstype, sizeof(made->fstype)) &&
	       is_terminated(made->subdirectory, sizeof(made->subdirectory)) &&
	       !strpbrk(made->subdirectory, "/.:,\\") &&
	       is_terminated(start->directory, sizeof(start->directory)) &&
	       is_terminated(start->user, sizeof(start->user)) &&
	       are_strings(start->args, start->args_len, sizeof(start->args)) &&
	       are_strings(start->env, start->env_len, sizeof(start->env));
}

/* --- whose changes --- */

static int tell_store(const struct image_made *made, const char *keep,
		      struct failure *failure)
{
	char text[STORE_ID_MAX + CONTROL_KEEP_MAX + 2];
	int r;

	snprintf(text, sizeof(text), "%s\n%s%s", made->id, keep,
		 *keep ? "\n" : "");
	r = file_create(AT_FDCWD, RUNNING, text);
	if (r < 0)
		return failure_errno(failure, -r, "cannot write " RUNNING);
	return 0;
}

static void read_kept_name(char name[static CONTROL_KEEP_MAX])
{
	char text[STORE_ID_MAX + CONTROL_KEEP_MAX + 2];
	const char *end;

	name[0] = '\0';
	if (file_read_line(AT_FDCWD, RUNNING, text, sizeof(text)) < 0)
		return;
	end = strchr(text, '\n');
	if (end && control_keep_valid(end + 1))
		(void)str_copy(name, CONTROL_KEEP_MAX, end + 1);
}

void assemble_ended(void)
{
	char name[CONTROL_KEEP_MAX], path[256];

	/* The program for the return is ours, not a change of the image. */
	read_kept_name(name);
	if (*name) {
		snprintf(path, sizeof(path), KEEP "/%s/upper/.bootstrap-return",
			 name);
		(void)unlink(path);
	}
	(void)unlink(RUNNING);
}

/* To which image the changes belong is written down before there can be
 * any. */
static int claim_kept(const struct image_made *made, const char *keep,
		      struct failure *failure)
{
	char path[sizeof(KEEP) + CONTROL_KEEP_MAX + 8], owner[64];
	ssize_t n;
	int r;

	snprintf(path, sizeof(path), KEEP "/%s/image", keep);
	n = file_read_line(AT_FDCWD, path, owner, sizeof(owner));
	if (n > 0 && str_eq(owner, made->id))
		return 0;
	if (n > 0)
		return failure_set(failure, EEXIST,
				   "%s keeps changes of another image (%s): "
				   "export it with `image export %s`, or drop "
				   "it with `images drop %s`",
				   keep, owner, keep, keep);
	r = n < 0 && n != -ENOENT ? (int)n
				  : file_create(AT_FDCWD, path, made->id);
	if (r < 0)
		return failure_errno(failure, -r, "cannot keep changes as %s",
				     keep);
	return 0;
}

static int make_dirs(const char *dir, struct upper *ret_upper,
		     struct failure *failure)
{
	struct upper upper;
	int r;

	snprintf(upper.upper, sizeof(upper.upper), "%s/upper", dir);
	snprintf(upper.work, sizeof(upper.work), "%s/work", dir);
	r = path_mkdirs(upper.upper, 0755);
	if (r == 0)
		r = path_mkdirs(upper.work, 0755);
	if (r < 0)
		return failure_errno(failure, -r, "cannot make %s", dir);
	*ret_upper = upper;
	return 0;
}

static int open_kept(const struct image_made *made, const char *keep,
		     struct upper *ret_upper, struct failure *failure)
{
	char dir[sizeof(KEEP) + CONTROL_KEEP_MAX];
	int r;

	snprintf(dir, sizeof(dir), KEEP "/%s", keep);
	r = make_dirs(dir, ret_upper, failure);
	return r < 0 ? r : claim_kept(made, keep, failure);
}

/* --- the mounts --- */

static int mount_fresh(struct failure *failure)
{
	uint64_t available = memory_now().available, kept = memory_reserve();
	uint64_t size = FRESH_LEAST;
	char options[128];

	if (available > kept)
		size = MAX(size, available - kept);
	snprintf(options, sizeof(options),
		 "mode=0755,size=%" PRIu64 ",nr_inodes=%" PRIu64, size,
		 size / MEMORY_PER_INODE);
	if (path_mkdirs(FRESH_DIR, 0755) < 0 ||
	    mount("image", FRESH_DIR, "tmpfs", MS_NODEV | MS_NOSUID, options) <
		    0)
		return failure_errno(failure, errno,
				     "cannot make a tmpfs for the image");
	return 0;
}

static int mount_file(const struct image_made *made, struct failure *failure)
{
	_cleanup_fd int file = FD_NONE, mount_fd = FD_NONE;
	char path[sizeof(LAYERS) + STORE_ID_MAX + 8];

	snprintf(path, sizeof(path), LAYERS "/%s/image", made->layers[0].id);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return failure_errno(failure, errno, "cannot open the image");
	mount_fd = filemount_new(file, made->offset, made->length, made->fstype,
				 MOUNT_ATTR_NODEV, failure);
	if (mount_fd < 0)
		return mount_fd;
	if (path_mkdirs(LOWER, 0755) < 0 ||
	    move_mount(mount_fd, "", AT_FDCWD, LOWER, MOVE_MOUNT_F_EMPTY_PATH) <
		    0)
		return failure_errno(failure, errno, "cannot mount on " LOWER);
	return 0;
}

/* The first one named is the uppermost. */
static void add_layers(struct text *options, const struct image_made *made)
{
	for (uint32_t i = made->layer_count; i > 0; i--)
		text_add(options, "%s/tree%s", made->layers[i - 1].id,
			 i > 1 ? ":" : "");
}

static int mount_overlay(const struct image_made *made,
			 const struct upper *upper, struct failure *failure)
{
	char buf[OPTIONS_MAX];
	struct text options = text_over(buf, sizeof(buf));

	text_put(&options, "lowerdir=");
	if (made->layout == IMAGE_LAYOUT_FILE)
		text_add(&options, LOWER "/%s", made->subdirectory);
	else
		add_layers(&options, made);
	text_add(&options,
		 ",upperdir=%s,workdir=%s,redirect_dir=nofollow,metacopy=off,"
		 "index=off",
		 upper->upper, upper->work);
	if (options.cut)
		return failure_set(failure, E2BIG,
				   "the image has too many layers (%u)",
				   made->layer_count);
	if (path_mkdirs(ASSEMBLE_ROOT, 0755) < 0 || chdir(LAYERS) < 0 ||
	    mount("root", ASSEMBLE_ROOT, "overlay", 0, buf) < 0 ||
	    chdir("/") < 0)
		return failure_errno(failure, errno,
				     "cannot lay an overlay over the image");
	return 0;
}

int assemble(const struct image_made *made, const char *keep,
	     struct failure *failure)
{
	struct upper upper;
	int r;

	r = tell_store(made, keep, failure);
	if (r == 0)
		r = mount_fresh(failure);
	if (r == 0)
		r = *keep ? open_kept(made, keep, &upper, failure)
			  : make_dirs(FRESH_DIR, &upper, failure);
	if (r == 0 && made->layout == IMAGE_LAYOUT_FILE)
		r = mount_file(made, failure);
	return r < 0 ? r : mount_overlay(made, &upper, failure);
}
