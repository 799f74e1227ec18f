/* SPDX-License-Identifier: MIT */
/*
 * The prompt of the bootstrap. PID 1 keeps one running on every console, each
 * the leader of a session whose controlling terminal is that console, and
 * starts it again when it ends. Its commands are those of the program, called
 * as functions. It is root's shell, too, which sshd starts.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control-client.h"
#include "cli/editor.h"
#include "cli/status-text.h"
#include "cli/words.h"

#define PROMPT "[bootstrap] # " /* scripts wait for exactly this */

/* How long PID 1 may need to end a prompt whose console it gives away. */
#define HAND_OVER_MS 3000

#define IMAGES_MAX 16

static int prompt_exit(int argc, char **argv);
static int prompt_help(int argc, char **argv);
static int prompt_load(int argc, char **argv);
static int prompt_shell(int argc, char **argv);

static const struct prompt_command {
	const char *name;
	const char *usage; /* NULL: not listed */
	const char *help;
	int (*run)(int argc, char **argv);
	bool hands_over; /* success may give this console to another */
	bool ends_machine;
} commands[] = {
	{ "load", "load REF [--keep NAME]",
	  "run the image at REF: a URL, docker://…, a file", prompt_load,
	  true },
	{ "boot", "boot [NAME|URL|FILE]",
	  "boot a live ISO by its own kernel; alone: a menu", cmd_boot, true },
	{ "distros", "distros [update URL]",
	  "the live systems that boot knows by name", cmd_distros, false },
	{ "return", "return", "end the running image, back to the bootstrap",
	  cmd_return, false },
	{ "status", "status [--json]",
	  "what runs, and what the last return found", cmd_status, false },
	{ "images", "images [drop ID...]", "the images in memory; drop them",
	  cmd_images, false },
	{ "wifi", "wifi [connect NETWORK]",
	  "join a wireless network; alone: a menu", cmd_wifi, false },
	{ "shell", "shell", "a shell of the bootstrap; `exit` leaves it",
	  prompt_shell, false },
	{ "reboot", "reboot", "reboot the machine", cmd_reboot, true, true },
	{ "poweroff", "poweroff", "switch the machine off", cmd_poweroff, true,
	  true },
	{ "help", "help", "this list", prompt_help, false },
	{ "exit", "exit", "leave a login; on a console, a new prompt",
	  prompt_exit, false },
	{ "RETURN_TO_BOOTSTRAP", NULL, NULL, cmd_return, false },
};

static struct {
	bool on_console; /* PID 1's, which it takes away and gives back */
	bool left;
} session;

/* References asked for at this prompt, for completion; a ring. */
static struct {
	char ref[IMAGES_MAX][CONTROL_REF_MAX];
	size_t count, next;
} images;

static void remember_image(const char *ref)
{
	for (size_t i = 0; i < images.count; i++)
		if (str_eq(images.ref[i], ref))
			return;
	if (!str_copy(images.ref[images.next], CONTROL_REF_MAX, ref))
		return;
	images.count = MAX(images.count, images.next + 1);
	images.next = (images.next + 1) % IMAGES_MAX;
}

static void complete_from(struct complete_source *ret_source)
{
	static const char *names[ARRAY_SIZE(commands)], *refs[IMAGES_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	for (size_t i = 0; i < images.count; i++)
		refs[i] = images.ref[i];
	*ret_source = (struct complete_source){
		.commands = names,
		.command_count = ARRAY_SIZE(names),
		.images = refs,
		.image_count = images.count,
	};
}

static int prompt_help(int argc _unused, char **argv _unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].usage)
			printf("  %-23s %s\n", commands[i].usage,
			       commands[i].help);
	printf("\nCtrl+C stops a load. Back from an image: Ctrl+Alt+F12, "
	       "RETURN_TO_BOOTSTRAP\non a serial line, or "
	       "/.bootstrap-return in it.\n");
	return STATUS_OK;
}

static int prompt_exit(int argc, char **argv)
{
	int r = command_no_arguments(argc, argv);

	session.left = r == STATUS_OK;
	return r;
}

static int prompt_load(int argc, char **argv)
{
	int r = cmd_load(argc, argv);

	/* getopt_long() has put it last. A failed one is worth correcting. */
	if (r != STATUS_USAGE)
		remember_image(argv[argc - 1]);
	return r;
}

static int prompt_shell(int argc, char **argv)
{
	static const char *const shell[] = { "/bin/sh", "-l", NULL };
	const struct spawn what = {
		.argv = shell,
		.fd = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO },
		.extra_fd = FD_NONE,
		.foreground = true,
	};
	struct failure failure;
	struct termios mode;
	bool terminal = tcgetattr(STDIN_FILENO, &mode) == 0;
	int r = command_no_arguments(argc, argv);

	if (r != STATUS_OK)
		return r;
	r = spawn_wait(&what, &failure);
	if (r < 0)
		log_error("%s", failure.text);
	if (terminal) {
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
	}
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

static const struct prompt_command *find_command(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(word, commands[i].name))
			return &commands[i];
	return NULL;
}

static void unknown_command(const char *word)
{
	struct complete_source source;
	const char *nearest;

	complete_from(&source);
	nearest = nearest_name(word, source.commands, source.command_count);
	if (nearest)
		log_error("unknown command '%s', did you mean '%s'? "
			  "(use `shell` for programs)",
			  word, nearest);
	else
		log_error("unknown command '%s', `help` lists them "
			  "(use `shell` for programs)",
			  word);
}

/*
 * PID 1 ends the prompt of a console that it gives to a target, or all of
 * them before it reboots. Until then nothing is printed here: who waits for
 * the prompt on that console waits for the return.
 */
static void wait_to_be_ended(void)
{
	struct pollfd console = { .fd = STDIN_FILENO, .events = 0 };

	(void)poll(&console, 1, HAND_OVER_MS);
}

/*
 * Who is logged in from elsewhere shall not wait for a machine that is gone: the
 * session ends first, and then the command is run, by a child that has nothing
 * of the session's.
 */
static int run_after_session(const struct prompt_command *command,
			     struct words *words)
{
	_cleanup_fd int server = pidfd_open(getppid(), 0);
	_cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct pollfd end = { .fd = server, .events = POLLIN };
	pid_t pid;

	/* The terminal's end is not the child's. */
	signal(SIGHUP, SIG_IGN);
	pid = server < 0 || null_fd < 0 ? -1 : fork();
	if (pid < 0)
		return command->run(words->count, words->word);
	session.left = true;
	if (pid > 0)
		return STATUS_OK;
	setsid();
	for (int i = 0; i <= STDERR_FILENO; i++)
		(void)dup2(null_fd, i);
	(void)poll(&end, 1, HAND_OVER_MS);
	_exit(command->run(words->count, words->word));
}

/* Returns the command's status. */
static int run_words(struct words *words)
{
	const struct prompt_command *command = find_command(words->word[0]);
	int status;

	if (!command) {
		unknown_command(words->word[0]);
		return STATUS_USAGE;
	}
	optind = 0; /* getopt_long() begins anew */
	if (command->ends_machine && !session.on_console && words->count == 1)
		return run_after_session(command, words);
	status = command->run(words->count, words->word);
	if (status == STATUS_OK && command->hands_over && session.on_console)
		wait_to_be_ended();
	return status;
}

static void run_line(const char *line)
{
	struct failure failure;
	struct words words;

	if (words_split(line, &words, &failure) < 0)
		log_error("%s", failure.text);
	else if (words.count > 0)
		(void)run_words(&words);
	fflush(stdout);
}

/* What the kernel command line asks for: options of `load`, and one more for
 * its reference, in the order of enum. */
enum first { FIRST_LOAD, FIRST_INIT, FIRST_SHA256, FIRST_KEEP, FIRST_COUNT };

static void run_first_load(char *const first[static FIRST_COUNT])
{
	static char load[] = "load", init[] = "--init", sha256[] = "--sha256",
		    keep[] = "--keep";
	static char *const options[FIRST_COUNT] = {
		[FIRST_INIT] = init,
		[FIRST_SHA256] = sha256,
		[FIRST_KEEP] = keep,
	};
	struct words words = { .count = 1, .word = { load } };

	for (int i = FIRST_INIT; i < FIRST_COUNT; i++)
		if (first[i]) {
			words.word[words.count++] = options[i];
			words.word[words.count++] = first[i];
		}
	words.word[words.count++] = first[FIRST_LOAD];
	log_info("image_url=%s: loading", first[FIRST_LOAD]);
	(void)run_words(&words);
}

/* What the bootstrap before this one left to do (wire/boot-plan.h). */
static void run_plan(void)
{
	static char boot[] = "boot", resume[] = "--resume";
	struct words words = { .count = 2, .word = { boot, resume } };

	(void)run_words(&words);
}

static void print_banner(void)
{
	struct failure failure;
	struct status status;

	printf("\nboomerang " BOOMERANG_VERSION
	       ": `help` lists the commands, Tab completes them.\n");
	if (control_client_status(&status, &failure) < 0) {
		log_error("%s", failure.text);
		return;
	}
	printf("network      %s\n", *status.network ? status.network : "none");
	status_print_return(stdout, &status);
	printf("to return    Ctrl+Alt+F12, RETURN_TO_BOOTSTRAP on serial, "
	       "/.bootstrap-return\n");
	fflush(stdout);
}

/* A serial line does not know its size; what runs on it wants one. */
static void set_unknown_size(void)
{
	static const struct winsize usual = { .ws_row = 24, .ws_col = 80 };
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 &&
	    (size.ws_row == 0 || size.ws_col == 0))
		(void)ioctl(STDIN_FILENO, TIOCSWINSZ, &usual);
}

/* The keys that signal are for what runs in the foreground. */
static void ignore_keys(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN,
				       SIGTTOU };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
}

static int prompt(char *const first[static FIRST_COUNT], bool resume)
{
	struct editor *editor;
	const char *line;

	ignore_keys();
	set_unknown_size();
	print_banner();
	if (resume)
		run_plan();
	else if (first[FIRST_LOAD])
		run_first_load(first);
	editor = editor_new(PROMPT, complete_from);
	if (!editor) {
		log_error("no memory for the prompt");
		return STATUS_FAILED;
	}
	/* A console has nowhere to go back to. */
	if (!session.on_console)
		editor_end_by_key(editor);
	while (!session.left && (line = editor_read(editor))) {
		editor_remember(editor, line);
		run_line(line);
	}
	editor_free(editor);
	return STATUS_OK;
}

int cmd_prompt(int argc, char **argv)
{
	static const struct option options[] = {
		{ "load", required_argument, NULL, FIRST_LOAD },
		{ "init", required_argument, NULL, FIRST_INIT },
		{ "sha256", required_argument, NULL, FIRST_SHA256 },
		{ "keep", required_argument, NULL, FIRST_KEEP },
		{ "resume", no_argument, NULL, FIRST_COUNT },
		{ 0 },
	};
	char *first[FIRST_COUNT] = { NULL };
	bool resume = false;
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option > FIRST_COUNT)
			return command_bad_option(option, argv);
		if (option == FIRST_COUNT)
			resume = true;
		else
			first[option] = optarg;
	}
	if (optind < argc)
		return command_misuse(argv[0],
				      "takes no argument, \"%s\" was "
				      "given",
				      argv[optind]);
	session.on_console = true;
	return prompt(first, resume);
}

/* --- root's shell --- */

static int run_shell(char **argv)
{
	static char shell[] = "/bin/sh";

	argv[0] = shell;
	execv(shell, argv);
	log_error("cannot start %s: %s", shell, strerrordesc_np(errno));
	return STATUS_FAILED;
}

/*
 * A line whose first word is one of the prompt's commands is read as the prompt
 * reads it: in the URL of a load "&" and "?" mean nothing. Any other is the
 * shell's, with pipes and all.
 */
static int run_order(char **argv)
{
	struct failure failure;
	struct words words;
	int r = words_split(argv[2], &words, &failure);

	if (words.count == 0 || !find_command(words.word[0]))
		return run_shell(argv);
	if (r < 0) {
		log_error("%s", failure.text);
		return STATUS_USAGE;
	}
	return run_words(&words);
}

/*
 * Called as shells are (sh(1)): alone for a session, which is at the prompt,
 * and with -c LINE. Whatever else is asked of a shell is the shell's.
 */
int cmd_login(int argc, char **argv)
{
	static char *const nothing[FIRST_COUNT] = { NULL };

	/* Who asks for a shell from here on means one. */
	(void)setenv("SHELL", "/bin/sh", 1);
	opterr = 0;
	if (argc == 1)
		return prompt(nothing, false);
	if (argc == 3 && str_eq(argv[1], "-c"))
		return run_order(argv);
	return run_shell(argv);
}
