/* SPDX-License-Identifier: MIT */
/* Requests that PID 1 accepts and then carries out by itself. */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/control-client.h"

static int request(int argc, char **argv, enum control_verb verb,
		   const char *accepted)
{
	struct control_reply reply;
	struct failure failure;
	int r = command_no_arguments(argc, argv);

	if (r != STATUS_OK)
		return r;
	if (control_client_ask(verb, &reply, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	printf("%s\n", accepted);
	fflush(stdout);
	return STATUS_OK;
}

int cmd_return(int argc, char **argv)
{
	return request(argc, argv, CONTROL_RETURN,
		       "returning to the bootstrap");
}

int cmd_reboot(int argc, char **argv)
{
	return request(argc, argv, CONTROL_REBOOT, "rebooting");
}

int cmd_poweroff(int argc, char **argv)
{
	return request(argc, argv, CONTROL_POWEROFF, "powering off");
}
