/* SPDX-License-Identifier: MIT */
/*
 * boomerang-server(8), which `boomerang serve` becomes. A program of its own,
 * so that the bootstrap, which carries boomerang and its libraries in every
 * machine's RAM, does not carry an HTTP server too.
 */
#include <stdio.h>

#include "base/log.h"
#include "server/options.h"
#include "server/server.h"

/* As of all commands, see boomerang(1). */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

static const char usage[] =
	"usage: boomerang serve [options] [DIR]\n"
	"       boomerang serve [options] --kernel FILE [--initrd FILE]... "
	"[--cmdline S]\n"
	"       boomerang serve [options] --api URL | --machines FILE\n"
	"options: --message S --api-timeout 5s --listen ADDRESS --interface IF\n"
	"         --http-port N --dhcp-no-bind --dhcp-server RANGE "
	"--tftp-root DIR\n"
	"         --secure-boot --log-json --dry-run MAC\n"
	"All of it: boomerang-serve(8).\n";

int main(int argc, char **argv)
{
	struct serve_options options;
	struct failure failure = { 0 };
	int r = options_parse(argc, argv, &options, &failure);

	if (r < 0) {
		log_error("boomerang serve: %s; see boomerang-serve(8)",
			  failure.text);
		return STATUS_USAGE;
	}
	if (options.help)
		(void)fputs(usage, stdout);
	else if (options.dry_run)
		r = server_explain(&options.settings, &options.dry_run_mac,
				   &failure);
	else
		r = server_run(&options.settings, &failure);
	options_free(&options);
	if (r < 0) {
		log_error("boomerang serve: %s", failure.text);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
