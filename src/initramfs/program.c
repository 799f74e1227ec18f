/* SPDX-License-Identifier: MIT */
#include "initramfs/program.h"

#include <elf.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "initramfs/system.h"
#include "wire/elf-file.h"

#define OBJECT_MAX (1 * GIB)
#define DEBUG_MIN  (64 * KIB)

/* A program or library: where it is here, where it will be, what it says. */
struct object {
	char source[PATH_MAX];
	char path[PATH_MAX];
	char *bytes;
	size_t len;
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
	int r;

	if (!str_copy(object.source, sizeof(object.source), source) ||
	    !str_copy(object.path, sizeof(object.path), path))
		return -ENAMETOOLONG;
	r = host_read(source, OBJECT_MAX, &object.bytes, &object.len);
	if (r == 0)
		r = elf_parse(view_over(object.bytes, object.len), &object.elf);
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

/* The library that the loader will find at path. */
static bool try_system_library(const struct manifest *m,
			       const struct object *user, const char *path,
			       struct object *ret_library)
{
	char source[PATH_MAX];

	return system_find(m, path, source) &&
	       try_library(user, source, path, ret_library);
}

static bool find_in_runpath(const struct manifest *m, const struct object *user,
			    const char *name, struct object *ret_library)
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
		if (s.cut || p.cut)
			continue;
		if (dir[0] == '/'
			    ? try_system_library(m, user, path, ret_library)
			    : try_library(user, source, path, ret_library))
			return true;
	}
	return false;
}

static bool find_in_standard_dirs(const struct manifest *m,
				  const struct object *user, const char *name,
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
			    try_system_library(m, user, path, ret_library))
				return true;
		}
	}
	return false;
}

static bool find_library(const struct manifest *m, const struct object *user,
			 const char *name, struct object *ret_library)
{
	if (strchr(name, '/'))
		return try_system_library(m, user, name, ret_library);
	return find_in_runpath(m, user, name, ret_library) ||
	       find_in_standard_dirs(m, user, name, ret_library);
}

/*
 * Without what is for debuggers, where there is much of it: distributions strip
 * theirs, ours are as they were built. The header then knows of no sections.
 */
static void add_object(struct manifest *m, const struct object *object,
		       mode_t mode)
{
	Elf64_Ehdr header;
	char *bytes = object->bytes;

	if (object->len - object->elf.loaded < DEBUG_MIN || !object->elf.wide ||
	    object->elf.loaded < sizeof(header)) {
		manifest_file(m, object->path, mode, object->source);
		return;
	}
	memcpy(&header, bytes, sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = header.e_shstrndx = 0;
	memcpy(bytes, &header, sizeof(header));
	manifest_bytes(m, object->path, mode, bytes, object->elf.loaded);
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
		if (!find_library(m, user, name, &library)) {
			failure_set(&failure, ENOENT,
				    "%s, which %s needs, is in no library "
				    "directory; install its package",
				    name, user->source);
			manifest_fail(m, &failure);
			return;
		}
		if (manifest_find(m, library.path))
			continue;
		add_object(m, &library, 0644);
		add_libraries(m, &library, loader);
	}
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "arm64";
	}
	return "another architecture";
}

static int program_open(const char *path, const char *source,
			struct object *ret_object, struct failure *failure)
{
	char resolved[PATH_MAX]; /* as the loader resolves $ORIGIN */
	int r = realpath(source, resolved)
			? object_open(resolved, path, ret_object)
			: -errno;

	if (r == -EBADMSG)
		return failure_set(failure, -r, "%s: not an ELF program",
				   source);
	return r < 0 ? failure_errno(failure, -r, "%s", source) : 0;
}

int program_machine(const char *source, uint16_t *ret_machine,
		    struct failure *failure)
{
	_cleanup_object struct object program = { 0 };
	int r = program_open("/", source, &program, failure);

	if (r == 0)
		*ret_machine = program.elf.machine;
	return r;
}

/* Opens what is to be added, or fails the manifest. */
static int open_for(struct manifest *m, const char *path, const char *source,
		    struct object *ret_object)
{
	_cleanup_object struct object program = { 0 };
	struct failure failure;
	int r = program_open(path, source, &program, &failure);

	if (r == 0 && m->machine && program.elf.machine != m->machine)
		r = failure_set(&failure, ENOEXEC,
				"%s is for %s, but boomerang-init for %s",
				source, machine_name(program.elf.machine),
				machine_name(m->machine));
	if (r < 0) {
		manifest_fail(m, &failure);
		return r;
	}
	*ret_object = program;
	program.bytes = NULL;
	return 0;
}

static void add_loader(struct manifest *m, const char *path, const char *user)
{
	struct failure failure;

	if (manifest_find(m, path) || system_add_file(m, path, 0755))
		return;
	failure_set(&failure, ENOENT,
		    "%s, the loader of %s, is not there; install libc6", path,
		    user);
	manifest_fail(m, &failure);
}

void program_add(struct manifest *m, const char *path, const char *source)
{
	_cleanup_object struct object program = { 0 };
	const char *interpreter, *loader = NULL;

	if (open_for(m, path, source, &program) < 0)
		return;
	add_object(m, &program, 0755);
	interpreter = program.elf.interpreter;
	if (interpreter) {
		loader = strrchr(interpreter, '/');
		loader = loader ? loader + 1 : interpreter;
		add_loader(m, interpreter, source);
	}
	add_libraries(m, &program, loader);
}

void program_add_static(struct manifest *m, const char *path,
			const char *source)
{
	_cleanup_object struct object program = { 0 };
	struct failure failure;

	if (open_for(m, path, source, &program) < 0)
		return;
	if (program.elf.interpreter || program.elf.needed_count > 0) {
		failure_set(&failure, ENOEXEC,
			    "%s: linked dynamically, a static one is needed",
			    source);
		manifest_fail(m, &failure);
		return;
	}
	add_object(m, &program, 0755);
}
