/* SPDX-License-Identifier: MIT */
#include "initramfs/program.h"

#include <elf.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "wire/elf-file.h"

#define OBJECT_MAX (1 * GIB)

/* A program or library: where it is here, where it will be, what it says. */
struct object {
	char source[PATH_MAX];
	char path[PATH_MAX];
	char *bytes;
	struct elf elf; /* points into bytes */
};

static void object_clear(struct object *object)
{
	free(object->bytes);
	object->bytes = NULL;
}
#define _cleanup_object _cleanup(object_clear)

/* Where Debian's loaders look by default, and those of the others (lib64). */
static const struct {
	uint16_t machine;
	const char *dirs[6];
} standard_dirs[] = {
	{ EM_X86_64,
	  { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64",
	    "/usr/lib64", "/lib", "/usr/lib" } },
	{ EM_AARCH64,
	  { "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64",
	    "/usr/lib64", "/lib", "/usr/lib" } },
};

static int object_open(const char *source, const char *path,
		       struct object *ret_object)
{
	_cleanup_object struct object object = { 0 };
	size_t len;
	int r;

	if (!str_copy(object.source, sizeof(object.source), source) ||
	    !str_copy(object.path, sizeof(object.path), path))
		return -ENAMETOOLONG;
	r = host_read(source, OBJECT_MAX, &object.bytes, &len);
	if (r == 0)
		r = elf_parse(view_over(object.bytes, len), &object.elf);
	if (r < 0)
		return r;
	*ret_object = object;
	object.bytes = NULL;
	return 0;
}

/* The library at source, if one is there that user can be linked with. */
static bool try_library(const struct object *user, const char *source,
			const char *path, struct object *ret_library)
{
	struct object library;

	if (object_open(source, path, &library) < 0)
		return false;
	if (library.elf.machine != user->elf.machine ||
	    library.elf.wide != user->elf.wide) {
		object_clear(&library);
		return false;
	}
	*ret_library = library;
	return true;
}

/* DT_RUNPATH's entry dir for an object at at: "$ORIGIN" in front is the
 * directory of that. False: it uses what only the loader knows. */
static bool expand_dir(const char *dir, const char *at, struct text *text)
{
	const char *behind = str_after(dir, "$ORIGIN");

	if (!behind)
		behind = str_after(dir, "${ORIGIN}");
	if (behind)
		text_add(text, "%.*s%s", (int)(strrchr(at, '/') - at), at,
			 behind);
	else
		text_add(text, "%s", dir);
	return text->buf[0] == '/' && !strchr(text->buf, '$');
}

static bool find_in_runpath(const struct object *user, const char *name,
			    struct object *ret_library)
{
	char dirs[PATH_MAX], source[PATH_MAX], path[PATH_MAX];
	char *rest = dirs, *dir;

	if (!user->elf.runpath ||
	    !str_copy(dirs, sizeof(dirs), user->elf.runpath))
		return false;
	while ((dir = strsep(&rest, ":"))) {
		struct text s = text_over(source, sizeof(source));
		struct text p = text_over(path, sizeof(path));

		if (!expand_dir(dir, user->source, &s) ||
		    !expand_dir(dir, user->path, &p))
			continue;
		text_add(&s, "/%s", name);
		text_add(&p, "/%s", name);
		if (!s.cut && !p.cut &&
		    try_library(user, source, path, ret_library))
			return true;
	}
	return false;
}

static bool find_in_standard_dirs(const struct object *user, const char *name,
				  struct object *ret_library)
{
	for (size_t i = 0; i < ARRAY_SIZE(standard_dirs); i++) {
		if (standard_dirs[i].machine != user->elf.machine)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(standard_dirs[i].dirs); j++) {
			char path[PATH_MAX];
			struct text text = text_over(path, sizeof(path));

			text_add(&text, "%s/%s", standard_dirs[i].dirs[j],
				 name);
			if (!text.cut &&
			    try_library(user, path, path, ret_library))
				return true;
		}
	}
	return false;
}

static bool find_library(const struct object *user, const char *name,
			 struct object *ret_library)
{
	if (strchr(name, '/'))
		return try_library(user, name, name, ret_library);
	return find_in_runpath(user, name, ret_library) ||
	       find_in_standard_dirs(user, name, ret_library);
}

/*
 * Adds what user needs, and what that needs. Recursion ends because a library
 * is added once; the loader is a library too and is in the process already
 * when its name is looked up.
 */
static void add_libraries(struct manifest *m, const struct object *user,
			  const char *loader)
{
	/* Once nothing is added any more, nothing would end it. */
	for (size_t i = 0; i < user->elf.needed_count && !manifest_failed(m);
	     i++) {
		_cleanup_object struct object library = { 0 };
		const char *name = user->elf.needed[i];
		struct failure failure;

		if (loader && str_eq(name, loader))
			continue;
		if (!find_library(user, name, &library)) {
			failure_set(&failure, ENOENT,
				    "%s, which %s needs, is in no library "
				    "directory; install its package",
				    name, user->source);
			manifest_fail(m, &failure);
			return;
		}
		if (manifest_find(m, library.path))
			continue;
		manifest_file(m, library.path, 0644, library.source);
		add_libraries(m, &library, loader);
	}
}

static int open_program(struct manifest *m, const char *path,
			const char *source, struct object *ret_object)
{
	struct failure failure;
	char resolved[PATH_MAX]; /* as the loader resolves $ORIGIN */
	int r = realpath(source, resolved)
			? object_open(resolved, path, ret_object)
			: -errno;

	if (r == 0)
		return 0;
	if (r == -EBADMSG)
		failure_set(&failure, -r, "%s: not an ELF program", source);
	else
		failure_errno(&failure, -r, "%s", source);
	manifest_fail(m, &failure);
	return r;
}

void program_add(struct manifest *m, const char *path, const char *source)
{
	_cleanup_object struct object program = { 0 };
	const char *interpreter, *loader = NULL;

	if (open_program(m, path, source, &program) < 0)
		return;
	manifest_file(m, path, 0755, source);
	interpreter = program.elf.interpreter;
	if (interpreter) {
		loader = strrchr(interpreter, '/');
		loader = loader ? loader + 1 : interpreter;
		if (!manifest_find(m, interpreter))
			manifest_file(m, interpreter, 0755, interpreter);
	}
	add_libraries(m, &program, loader);
}

void program_add_static(struct manifest *m, const char *path,
			const char *source)
{
	_cleanup_object struct object program = { 0 };
	struct failure failure;

	if (open_program(m, path, source, &program) < 0)
		return;
	if (program.elf.interpreter || program.elf.needed_count > 0) {
		failure_set(&failure, ENOEXEC,
			    "%s: linked dynamically, a static one is needed",
			    source);
		manifest_fail(m, &failure);
		return;
	}
	manifest_file(m, path, 0755, source);
}
