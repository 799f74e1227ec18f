/* SPDX-License-Identifier: MIT */
#include "initramfs/tools.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "initramfs/program.h"
#include "initramfs/system.h"

static const char list[] =
#include "programs-list.h"
	;

#define BLANKS " \t"

/* A row of the list, in place. */
struct tool {
	char line[256];
	const char *set, *path, *package;
};

static bool read_row(const char *line, size_t len, struct tool *ret_tool)
{
	char *rest = ret_tool->line;
	const char **const words[] = { &ret_tool->set, &ret_tool->path,
				       &ret_tool->package };

	if (len == 0 || len >= sizeof(ret_tool->line) || *line == '#')
		return false;
	memcpy(rest, line, len);
	rest[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!rest)
			return false;
		rest += strspn(rest, BLANKS);
		*words[i] = strsep(&rest, BLANKS);
	}
	return true;
}

static void add(struct manifest *m, const struct tool *tool)
{
	const char *name = strrchr(tool->path, '/') + 1;
	char source[PATH_MAX];
	struct failure failure;

	if (system_find_program(m, name, source)) {
		program_add(m, tool->path, source);
		return;
	}
	failure_set(&failure, ENOENT, "%s is not installed; install %s", name,
		    tool->package);
	manifest_fail(m, &failure);
}

void tools_add(struct manifest *m, const char *set)
{
	struct tool tool;
	size_t len;

	for (const char *at = list; *at; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		if (read_row(at, len, &tool) && str_eq(tool.set, set))
			add(m, &tool);
	}
}
