/* SPDX-License-Identifier: MIT */
#include "cli/complete.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/path.h"
#include "tap.h"

static const char *const commands[] = { "load", "return", "reboot", "status" };
static const char *const images[] = { "http://h/b.tar", "http://h/a.tar" };

static const struct complete_source source = {
	.commands = commands,
	.command_count = ARRAY_SIZE(commands),
	.images = images,
	.image_count = ARRAY_SIZE(images),
};

static const struct {
	const char *line;
	size_t common;
	const char *joined; /* the words with '|' behind them */
} cases[] = {
	{ "lo", 4, "load|" },
	{ "  re", 2, "reboot|return|" },
	{ "", 0, "load|reboot|return|status|" },
	{ "x", 0, "" },
	{ "load ", 9, "http://h/a.tar|http://h/b.tar|" },
	{ "load http://h/a", 14, "http://h/a.tar|" },
	{ "load --", 2, "--init|--keep|--require-signature|--sha256|" },
	{ "load --k", 6, "--keep|" },
	{ "load --keep ", 0, "" },
	{ "load --init /b", 0, "" },
	{ "load --keep x http://h/b", 14, "http://h/b.tar|" },
	{ "load --keep x --s", 8, "--sha256|" },
	{ "images ", 0, "--cache-size|--json|drop|" },
	{ "images d", 4, "drop|" },
	{ "images drop -", 5, "--all|" },
	{ "images drop http://h/a.tar http://h/b", 14, "http://h/b.tar|" },
	{ "images dropx ", 0, "--cache-size|--json|drop|" },
	{ "status ", 6, "--json|" },
	{ "statusx ", 0, "" },
	{ "reboot ", 0, "" },
	{ "loa http", 0, "" },
	{ "load d", 4, "dir/|" },
	{ "load ./f", 6, "./file1|./file2|" },
	{ "load .h", 7, ".hidden|" },
	{ "load dir/", 10, "dir/inside|" },
	{ "load wi", 0, "" },
	{ "load nowhere/", 0, "" },
};

static void make(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
}

int main(void)
{
	char directory[] = "/tmp/boomerang-test-XXXXXX";

	if (!mkdtemp(directory) || chdir(directory) < 0 || mkdir("dir", 0755))
		return 1;
	make("file1");
	make("file2");
	make(".hidden");
	make("dir/inside");
	make("with a blank");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct completion completion;
		char joined[256] = "";

		complete_line(cases[i].line, &source, &completion);
		for (size_t w = 0; w < completion.count; w++) {
			strncat(joined, completion.word[w], 60);
			strncat(joined, "|", 2);
		}
		ok_str(joined, cases[i].joined, cases[i].line);
		if (completion.count > 0)
			ok_int((int64_t)completion.common,
			       (int64_t)cases[i].common, "in common");
		completion_done(&completion);
	}
	return path_remove_tree(AT_FDCWD, directory) < 0 ? 1 : tap_done();
}
