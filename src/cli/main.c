/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/commands.h"
#include "wire/ssh.h"

struct command {
	const char *name;
	const char *help; /* one line; NULL: for the project's own use */
	int (*run)(int argc, char **argv);
};

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct command commands[] = {
	{ "build", "write the bootstrap: kernel, initramfs, boot scripts",
	  cmd_build },
	{ "serve", "make machines on the network boot: DHCP, TFTP, HTTP",
	  cmd_serve },
	{ "load", "make an image the running system", cmd_load },
	{ "boot", "boot a live ISO, or a kernel, kept in memory", cmd_boot },
	{ "distros", "the live systems that boot knows; update them",
	  cmd_distros },
	{ "return", "end the running image, back to the bootstrap",
	  cmd_return },
	{ "status", "what the bootstrap does and what the last return found",
	  cmd_status },
	{ "images", "the images in memory; drop them", cmd_images },
	{ "swap", "replace the running system by an image in memory",
	  cmd_swap },
	{ "image", "inspect, verify, unpack, convert an image", cmd_image },
	{ "initramfs", "list, unpack, pack, edit an initrd", cmd_initramfs },
	{ "wifi", "join a wireless network (in the bootstrap)", cmd_wifi },
	{ "vm", "run the bootstrap in a virtual machine", cmd_vm },
	{ "reboot", "reboot the machine", cmd_reboot },
	{ "poweroff", "switch the machine off", cmd_poweroff },
	{ "prompt", NULL, cmd_prompt },
	{ "report", NULL, cmd_report },
	{ "ssh-keys", NULL, cmd_ssh_keys },
	{ "help", "this list", cmd_help },
	{ "--help", NULL, cmd_help },
	{ "-h", NULL, cmd_help },
	{ "--version", NULL, cmd_version },
};

static int cmd_help(int argc _unused, char **argv _unused)
{
	printf("Any OS image on any machine, in RAM, and back again.\n\n"
	       "usage: boomerang COMMAND [options]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].help)
			printf("  %-10s %s\n", commands[i].name,
			       commands[i].help);
	printf("\nOptions of each: boomerang(1), boomerang-image(1), "
	       "boomerang-swap(8).\n");
	return STATUS_OK;
}

static int cmd_version(int argc _unused, char **argv _unused)
{
	printf("boomerang " BOOMERANG_VERSION "\n");
	return STATUS_OK;
}

static int unknown_command(const char *word)
{
	const char *names[ARRAY_SIZE(commands)];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	nearest = nearest_name(word, names, ARRAY_SIZE(names));
	if (nearest)
		log_error("boomerang: no command \"%s\"; did you mean \"%s\"?",
			  word, nearest);
	else
		log_error("boomerang: no command \"%s\"; see boomerang help",
			  word);
	return STATUS_USAGE;
}

/* As a shell is called by sshd and login: by its name, with "-" before it when
 * it is to begin a session. */
static bool is_login(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	return str_eq(name + (*name == '-'), SSH_SHELL_NAME);
}

int main(int argc, char **argv)
{
	if (argc > 0 && is_login(argv[0]))
		return cmd_login(argc, argv);
	if (argc < 2) {
		log_error("boomerang: which command? See boomerang help");
		return STATUS_USAGE;
	}
	opterr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
