/* SPDX-License-Identifier: MIT */
#include "cli/cmd-initramfs.h"
#include "base/text.h"
#include "cli/commands.h"

static const struct {
	const char *verb;
	char *name; /* what its messages begin with */
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "edit", (char[]){ "initramfs edit" }, cmd_initramfs_edit },
	{ "list", (char[]){ "initramfs list" }, cmd_initramfs_list },
	{ "pack", (char[]){ "initramfs pack" }, cmd_initramfs_pack },
	{ "unpack", (char[]){ "initramfs unpack" }, cmd_initramfs_unpack },
};

int cmd_initramfs(int argc, char **argv)
{
	if (argc < 2)
		return command_misuse("initramfs", "wants a verb: list, "
						   "unpack, pack or edit");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!str_eq(argv[1], verbs[i].verb))
			continue;
		argv[1] = verbs[i].name;
		return verbs[i].run(argc - 1, argv + 1);
	}
	return command_misuse("initramfs", "has no verb \"%s\"", argv[1]);
}
