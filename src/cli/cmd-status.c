/* SPDX-License-Identifier: MIT */
#include <getopt.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/control-client.h"
#include "cli/status-text.h"

static int ask(struct status *ret_status)
{
	struct failure failure;

	if (control_client_status(ret_status, &failure) == 0)
		return STATUS_OK;
	log_error("%s", failure.text);
	return STATUS_FAILED;
}

static int print_json(const struct status *status)
{
	json_t *object = status_json(status);
	int r = -1;

	if (object)
		r = json_dumpf(object, stdout, JSON_INDENT(2));
	json_decref(object);
	if (r == 0)
		return putchar('\n') == EOF ? STATUS_FAILED : STATUS_OK;
	log_error("cannot write the status as JSON");
	return STATUS_FAILED;
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct status status;
	bool json = false;
	int option, r;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option != 'j')
			return command_bad_option(option, argv);
		json = true;
	}
	if (optind < argc)
		return command_misuse(argv[0],
				      "takes no argument, \"%s\" was "
				      "given",
				      argv[optind]);
	r = ask(&status);
	if (r != STATUS_OK)
		return r;
	if (json)
		return print_json(&status);
	status_print(stdout, &status);
	return STATUS_OK;
}
