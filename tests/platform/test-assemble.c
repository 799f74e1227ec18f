/* SPDX-License-Identifier: MIT */
/* assemble() with the overlayfs of the running kernel. */
#include "bootstrap/assemble.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/path.h"

static struct image_made made;

static bool in_namespace(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("run", "/run", "tmpfs", 0, NULL) == 0 &&
	       path_mkdirs(STORE_DIR "/layers", 0700) == 0;
}

static void path_in_layer(uint32_t layer, const char *name, char path[256])
{
	snprintf(path, 256, STORE_DIR "/layers/%s/tree%s",
		 made.layers[layer].id, name);
}

static void put(uint32_t layer, const char *name, const char *text)
{
	char path[256];

	path_in_layer(layer, name, path);
	if (file_create(AT_FDCWD, path, text) < 0)
		perror(path);
}

static void make_image(uint32_t layers)
{
	char path[256], name[32];

	made = (struct image_made){ .magic = CONTROL_MAGIC,
				    .layer_count = layers,
				    .layout = IMAGE_LAYOUT_TREE };
	snprintf(made.id, sizeof(made.id), "%016x", layers);
	for (uint32_t i = 0; i < layers; i++) {
		snprintf(made.layers[i].id, sizeof(made.layers[i].id), "%016x",
			 i + 1000);
		path_in_layer(i, "/dir", path);
		(void)!path_mkdirs(path, 0755);
		snprintf(name, sizeof(name), "/of-%u", i);
		put(i, name, "x");
		put(i, "/dir/last", name);
	}
}

static void is_text(const char *name, const char *want)
{
	char path[128], text[64] = "";

	snprintf(path, sizeof(path), ASSEMBLE_ROOT "%s", name);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		text[0] = '\0';
	ok_str(text, want, name);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* As the load worker's namespace does when it ends. */
static void take_apart(void)
{
	ok_int(umount2(ASSEMBLE_ROOT, 0), 0, "it can be taken apart");
	ok_int(umount2(CONTROL_DIR "/image", 0), 0, "and its tmpfs");
	assemble_ended();
	ok(!is_there(STORE_DIR "/running"), "nothing runs any more");
}

static void test_as_many_layers_as_there_may_be(void)
{
	struct failure failure = { 0 };
	char running[64] = "";

	make_image(IMAGE_LAYERS_MAX);
	ok(assemble_is_sound(&made), "the record is sound");
	ok_int(assemble(&made, "", &failure), 0, "many layers");
	ok_str(failure.text, "", "without a failure");
	is_text("/of-0", "x");
	is_text("/of-127", "x");
	is_text("/dir/last", "/of-127");
	ok(file_read(AT_FDCWD, STORE_DIR "/running", running, sizeof(running)) >
		   0,
	   "the store is told");
	ok_str(running, "0000000000000080\n", "what runs");
	(void)!file_create(AT_FDCWD, ASSEMBLE_ROOT "/changed", "x");
	take_apart();
	ok_int(assemble(&made, "", &failure), 0, "once more");
	ok(!is_there(ASSEMBLE_ROOT "/changed"), "it is pristine");
	take_apart();
}

static void test_whiteouts(void)
{
	struct failure failure = { 0 };
	char path[256];

	make_image(2);
	path_in_layer(1, "/of-0", path);
	(void)!mknod(path, S_IFCHR, makedev(0, 0));
	put(0, "/dir/hidden", "x");
	path_in_layer(1, "/dir", path);
	(void)!setxattr(path, "trusted.overlay.opaque", "y", 1, 0);
	ok_int(assemble(&made, "", &failure), 0, "whiteouts");
	ok(!is_there(ASSEMBLE_ROOT "/of-0"), "a whiteout");
	ok(!is_there(ASSEMBLE_ROOT "/dir/hidden"), "an opaque directory");
	is_text("/dir/last", "/of-1");
	take_apart();
	path_in_layer(1, "/of-0", path);
	(void)unlink(path);
	path_in_layer(1, "/dir", path);
	(void)removexattr(path, "trusted.overlay.opaque");
}

static void test_no_redirect_is_followed(void)
{
	struct failure failure = { 0 };
	char path[256];

	make_image(2);
	path_in_layer(0, "/secret", path);
	(void)!path_mkdirs(path, 0700);
	put(0, "/secret/key", "x");
	path_in_layer(1, "/open", path);
	(void)!path_mkdirs(path, 0755);
	ok_int(setxattr(path, "trusted.overlay.redirect", "/secret", 7, 0), 0,
	       "a redirect");
	ok_int(assemble(&made, "", &failure), 0, "a layer with a redirect");
	ok(!is_there(ASSEMBLE_ROOT "/open/key"), "it leads nowhere");
	take_apart();
}

static void test_kept(void)
{
	struct failure failure = { 0 };

	make_image(2);
	ok_int(assemble(&made, "mine", &failure), 0, "with kept changes");
	(void)!file_create(AT_FDCWD, ASSEMBLE_ROOT "/changed", "yes");
	(void)!file_create(AT_FDCWD, ASSEMBLE_ROOT "/.bootstrap-return", "x");
	(void)unlink(ASSEMBLE_ROOT "/of-0");
	take_apart();
	ok(!is_there(STORE_DIR "/keep/mine/upper/.bootstrap-return"),
	   "what is ours is no change");
	ok_int(assemble(&made, "mine", &failure), 0, "again");
	is_text("/changed", "yes");
	ok(!is_there(ASSEMBLE_ROOT "/of-0"), "what was removed stays so");
	take_apart();
	ok_int(assemble(&made, "other", &failure), 0, "another name");
	ok(!is_there(ASSEMBLE_ROOT "/changed"), "has its own changes");
	take_apart();
	made.id[0] = 'f';
	ok_int(assemble(&made, "mine", &failure), -EEXIST, "another image");
	ok(strstr(failure.text, "images drop mine"), "is told what to do");
	ok_int(umount2(CONTROL_DIR "/image", 0), 0, "nothing else is left");
	assemble_ended();
}

int main(void)
{
	if (geteuid() != 0 || !in_namespace()) {
		printf("1..0 # SKIP mount namespaces need root\n");
		return 0;
	}
	if (mount("overlay", "/run/none", "overlay", 0, NULL) < 0 &&
	    errno == ENODEV) {
		printf("1..0 # SKIP this kernel has no overlayfs\n");
		return 0;
	}
	test_as_many_layers_as_there_may_be();
	test_whiteouts();
	test_no_redirect_is_followed();
	test_kept();
	return tap_done();
}
