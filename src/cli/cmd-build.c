/* SPDX-License-Identifier: MIT */
#include <getopt.h>

#include "cli/commands.h"

int cmd_build(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, ":o:", options, NULL)) != -1)
		if (option == '?' || option == ':')
			return command_bad_option(option, argv);
	return STATUS_OK;
}
