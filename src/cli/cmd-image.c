/* SPDX-License-Identifier: MIT */
#include "cli/cmd-image.h"
#include "base/text.h"
#include "cli/commands.h"

/* A verb is told its name with the command's, which is what its messages
 * begin with. */
static const struct {
	const char *verb;
	char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "convert", (char[]){ "image convert" }, cmd_image_convert },
	{ "export", (char[]){ "image export" }, cmd_image_export },
	{ "inspect", (char[]){ "image inspect" }, cmd_image_inspect },
	{ "load", (char[]){ "image load" }, cmd_image_load },
	{ "unpack", (char[]){ "image unpack" }, cmd_image_unpack },
	{ "verify", (char[]){ "image verify" }, cmd_image_verify },
};

int cmd_image(int argc, char **argv)
{
	if (argc < 2)
		return command_misuse("image", "wants a verb: inspect, verify, "
					       "unpack, convert or export");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!str_eq(argv[1], verbs[i].verb))
			continue;
		argv[1] = verbs[i].name;
		return verbs[i].run(argc - 1, argv + 1);
	}
	return command_misuse("image", "has no verb \"%s\"", argv[1]);
}
