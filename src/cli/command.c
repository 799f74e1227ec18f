/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"

/* Some commands, with their verbs, have a page of their own. */
static const char *page_of(const char *command)
{
	static const struct {
		const char *command;
		const char *page;
	} pages[] = {
		{ "image", "boomerang-image(1)" },
		{ "initramfs", "boomerang-initramfs(1)" },
		{ "swap", "boomerang-swap(8)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		const char *rest = str_after(command, pages[i].command);

		if (rest && (*rest == '\0' || *rest == ' '))
			return pages[i].page;
	}
	return "boomerang(1)";
}

int command_misuse(const char *command, const char *format, ...)
{
	char message[256];
	struct text text = text_over(message, sizeof(message));
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	log_error("boomerang %s: %s; see %s", command, message,
		  page_of(command));
	return STATUS_USAGE;
}

int command_bad_option(int answer, char **argv)
{
	const char *option = argv[optind - 1];
	const char *why = answer == ':' ? "needs a value" : "is not an option";

	/* Of a cluster such as -xyz only the letter is wrong. */
	if (optopt && !str_after(option, "--"))
		return command_misuse(argv[0], "-%c %s", optopt, why);
	return command_misuse(argv[0], "%s %s", option, why);
}

int command_no_arguments(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	int option = getopt_long(argc, argv, ":", options, NULL);

	if (option != -1)
		return command_bad_option(option, argv);
	if (optind < argc)
		return command_misuse(argv[0],
				      "takes no argument, \"%s\" was "
				      "given",
				      argv[optind]);
	return STATUS_OK;
}
