/* SPDX-License-Identifier: MIT */
#include "cli/cmd-image.h"
#include "base/text.h"
#include "cli/commands.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "convert", cmd_image_convert }, { "export", cmd_image_export },
	{ "inspect", cmd_image_inspect }, { "load", cmd_image_load },
	{ "unpack", cmd_image_unpack },	  { "verify", cmd_image_verify },
};

int cmd_image(int argc, char **argv)
{
	if (argc < 2)
		return command_misuse("image", "wants a verb: inspect, verify, "
					       "unpack, convert or export");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_eq(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	return command_misuse("image", "has no verb \"%s\"", argv[1]);
}
