/* SPDX-License-Identifier: MIT */
#include "root/program.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "root/init.h"

#define PATH_USUAL \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DATABASE_MAX (256 * 1024) /* of passwd or group */

void program_of_init(const char *path, struct program *ret_program)
{
	*ret_program = (struct program){
		.argv = { path },
		/* container= empty: systemd judges as on bare metal. */
		.env = { "HOME=/", "TERM=linux",
			 "container=", "PATH=" PATH_USUAL },
		.directory = "/",
	};
	(void)str_copy(ret_program->path, sizeof(ret_program->path), path);
}

/* The list of strings that lie one behind the other. */
static size_t list_strings(const char *strings, uint32_t len,
			   const char **ret_list)
{
	size_t count = 0;

	for (uint32_t at = 0; at < len;
	     at += (uint32_t)strlen(&strings[at]) + 1)
		ret_list[count++] = &strings[at];
	return count;
}

static const char *variable(const struct program *program, const char *name)
{
	for (size_t i = 0; program->env[i]; i++) {
		const char *value = str_after(program->env[i], name);

		if (value)
			return value;
	}
	return NULL;
}

static void make_environment(const struct image_start *start, const char *term,
			     struct program *program)
{
	const char *home = *program->user.home ? program->user.home : "/";
	const struct {
		const char *name;
		const char *usual;
	} usual[] = {
		{ "PATH=", "PATH=" PATH_USUAL },
		{ "HOME=", program->home },
		{ "TERM=", term },
	};
	size_t count = list_strings(start->env, start->env_len, program->env);

	snprintf(program->home, sizeof(program->home), "HOME=%s", home);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (!variable(program, usual[i].name))
			program->env[count++] = usual[i].usual;
}

/* A file of the image as text; none, or one that is no text file, is empty. */
static int read_database(int root_fd, const char *path,
			 char text[static DATABASE_MAX],
			 struct failure *failure)
{
	_cleanup_fd int there = path_open_in_root(root_fd, path, O_PATH, 0);
	_cleanup_fd int fd = FD_NONE;
	struct stat st;
	ssize_t n;

	text[0] = '\0';
	if (there < 0)
		return 0;
	if (fstat(there, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	fd = path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK, 0);
	n = fd < 0 ? fd : fd_read_full(fd, text, DATABASE_MAX - 1);
	if (n == DATABASE_MAX - 1)
		n = -EFBIG;
	if (n < 0)
		return failure_errno(failure, (int)-n,
				     "cannot read %s of the image", path);
	text[n] = '\0';
	return 0;
}

static int find_user(int root_fd, const char *spec, struct user *ret_user,
		     struct failure *failure)
{
	static char passwd[DATABASE_MAX], group[DATABASE_MAX];
	int r = read_database(root_fd, "/etc/passwd", passwd, failure);

	if (r == 0)
		r = read_database(root_fd, "/etc/group", group, failure);
	return r < 0 ? r : user_find(spec, passwd, group, ret_user, failure);
}

/* What execvp(3) would take: a file that somebody may execute. */
static bool is_program(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111);
}

/* directory/name, from the working directory when directory is relative. */
static bool join(const struct program *program, const char *directory,
		 size_t len, const char *name, char path[static PATH_MAX])
{
	struct text text = text_over(path, PATH_MAX);

	if (len == 0 || directory[0] != '/')
		text_add(&text, "%s/", program->directory);
	text_add(&text, "%.*s%s%s", (int)len, directory, len > 0 ? "/" : "",
		 name);
	return !text.cut;
}

static int find_program(int root_fd, struct program *program,
			struct failure *failure)
{
	const char *name = program->argv[0];
	const char *path = variable(program, "PATH=");

	if (name[0] == '/' && str_copy(program->path, PATH_MAX, name))
		return 0;
	if (strchr(name, '/') && join(program, "", 0, name, program->path))
		return 0;
	for (const char *at = path; *name && !strchr(name, '/'); at++) {
		size_t len = strcspn(at, ":");

		if (join(program, at, len, name, program->path) &&
		    is_program(root_fd, program->path))
			return 0;
		at += len;
		if (!*at)
			break;
	}
	return failure_set(failure, ENOENT,
			   "the image has no program %s in its PATH (%s)",
			   *name ? name : "\"\"", path);
}

int program_of_image(int root_fd, const struct image_start *start,
		     const char *term, struct program *ret_program,
		     struct failure *failure)
{
	struct program *program = ret_program;
	int r;

	*program = (struct program){ .own = true };
	snprintf(program->directory, sizeof(program->directory), "%s%s",
		 start->directory[0] == '/' ? "" : "/", start->directory);
	list_strings(start->args, start->args_len, program->argv);
	r = find_user(root_fd, start->user, &program->user, failure);
	if (r < 0)
		return r;
	make_environment(start, term, program);
	r = find_program(root_fd, program, failure);
	return r < 0 ? r : init_check(root_fd, program->path, failure);
}
