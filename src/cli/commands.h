/* SPDX-License-Identifier: MIT */
/*
 * The commands of boomerang(1). Each is one cmd-NAME.c with one function here
 * and one row in main.c.
 */
#pragma once

#include "base/util.h"

/* What boomerang(1) promises about its exit status. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2, /* the command line was wrong, nothing was done */
};

/*
 * A command gets its own name as argv[0] and its arguments behind it, so that
 * getopt_long() works on it as it is. It returns an enum exit_status and has
 * said on stderr, in one line, why it is not STATUS_OK.
 */
int cmd_boot(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_distros(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_images(int argc, char **argv);
int cmd_initramfs(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_poweroff(int argc, char **argv);
int cmd_prompt(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_reboot(int argc, char **argv);
int cmd_return(int argc, char **argv);
int cmd_login(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_ssh_keys(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_swap(int argc, char **argv);
int cmd_vm(int argc, char **argv);
int cmd_wifi(int argc, char **argv);

/*
 * Says on stderr "boomerang COMMAND: MESSAGE; see boomerang(1)" and returns
 * STATUS_USAGE.
 */
int command_misuse(const char *command, const char *format, ...) _printf(2, 3);

/*
 * command_misuse() for what getopt_long() answered with '?' or ':', called
 * with opterr = 0 and an option string that begins with ":" (or "+:").
 */
int command_bad_option(int answer, char **argv);

/*
 * For a command without options and arguments: STATUS_OK when there are none,
 * or has said so and is STATUS_USAGE.
 */
int command_no_arguments(int argc, char **argv) _must_check;
