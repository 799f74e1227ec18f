/* SPDX-License-Identifier: MIT */
/* The prompt as a person meets it, on a terminal. */
#include <getopt.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "cli/commands.h"
#include "cli/control-client.h"
#include "fake-control.h"
#include "terminal.h"
#include "unit/tap.h"

#define PROMPT "[bootstrap] # "

static struct fake fake;
static struct terminal terminal;

/* Printed by the prompt, and not the echo of what was typed. */
static void shows(const char *what)
{
	char label[128];

	str_copy(label, sizeof(label), what);
	str_make_printable(label);
	ok(terminal_shows(&terminal, what), label);
}

/* Stands for the program's, which this library does not have. */
int cmd_boot(int argc, char **argv)
{
	printf("boots %s", argv[0]);
	for (int i = 1; i < argc; i++)
		printf(" %s", argv[i]);
	printf("\n");
	fflush(stdout);
	return STATUS_FAILED;
}

int cmd_distros(int argc _unused, char **argv _unused)
{
	return STATUS_FAILED;
}

static int run_resume(const char *unused _unused)
{
	static char name[] = "prompt", option[] = "--resume";
	char *argv[] = { name, option, NULL };

	return cmd_prompt(2, argv);
}

static int run_prompt(const char *load)
{
	static char name[] = "prompt", option[] = "--load";
	char ref[64];
	char *argv[] = { name, option, ref, NULL };

	str_copy(ref, sizeof(ref), load ? load : "");
	if (!load)
		argv[1] = NULL;
	setenv("TERM", "vt220", 1);
	opterr = 0;
	return cmd_prompt(load ? 3 : 1, argv);
}

static void test_start(void)
{
	struct winsize size = { 0 };

	terminal_start(&terminal, run_prompt, NULL);
	shows("network      eth0 10.0.2.15/24 via 10.0.2.2\r\n");
	shows("/.bootstrap-return\r\n" PROMPT);
	ok(ioctl(terminal.fd, TIOCGWINSZ, &size) == 0 && size.ws_row == 24 &&
		   size.ws_col == 80,
	   "a terminal of unknown size is 80x24");
}

static void test_words(void)
{
	terminal_type(&terminal, "laod x\r");
	shows("unknown command 'laod', did you mean 'load'? "
	      "(use `shell` for programs)\r\n" PROMPT);
	terminal_type(&terminal, "\r");
	shows("\r\n" PROMPT);
	terminal_type(&terminal, "status 'open\r");
	shows("a quote (') is not closed\r\n" PROMPT);
	terminal_type(&terminal, "status\r");
	shows("phase        bootstrap\r\n");
	shows(PROMPT);
	terminal_type(&terminal, "RETURN_TO_BOOTSTRAP\r");
	ok_int(fake_event(&fake), 'r', "RETURN_TO_BOOTSTRAP returns");
	shows("no image is running\r\n" PROMPT);
}

static void test_editing(void)
{
	terminal_type(&terminal, "\033[A\033[A\r");
	shows("phase        bootstrap\r\n");
	shows(PROMPT);
	terminal_type(&terminal, "he\tx\177\r");
	shows("RETURN_TO_BOOTSTRAP\r\non a serial line");
	shows(PROMPT);
	terminal_type(&terminal, "re\t");
	shows("reboot\r\nreturn\r\n");
	shows(PROMPT "re");
	terminal_type(&terminal, "bogus\003");
	shows("^C\r\n" PROMPT);
	terminal_type(&terminal, "\004");
	shows("\r\n" PROMPT);
	terminal_type(&terminal, "helq\002\004p\r");
	shows("RETURN_TO_BOOTSTRAP\r\non a serial line");
	shows(PROMPT);
}

static void test_shell(void)
{
	terminal_type(&terminal, "shell\r");
	/* Only a shell computes this. */
	terminal_type(&terminal, "echo $((6*7))=answer\r");
	shows("42=answer");
	terminal_type(&terminal, "sh -c 'echo rea''dy; exec sleep 1000'\r");
	shows("ready\r\n");
	terminal_type(&terminal, "\003");
	terminal_type(&terminal, "echo $((6*8))=answer\r");
	shows("48=answer");
	terminal_type(&terminal, "stty raw -echo; exit\n");
	shows(PROMPT);
	terminal_type(&terminal, "images\r");
	shows("no images are kept\r\n" PROMPT);
}

/* libedit never frees the names of the functions that were added to it; a
 * leak sanitizer, if there is one, asks here. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:wcsdup\n";
}

static void test_load(void)
{
	terminal_type(&terminal, "lo\thttp://h/slow\r");
	ok_int(fake_event(&fake), 'l', "load is asked for");
	shows("\rwaiting for the first byte");
	shows("\r312 MB of 1.4 GB  149 MB/s  8 s left, 1.1 GB unpacked");
	terminal_type(&terminal, "\003");
	ok_int(fake_event(&fake), 'c', "Ctrl+C cancels it");
	shows("\r\nload cancelled\r\n" PROMPT);
	terminal_type(&terminal, "load \t");
	shows("http://h/slow ");
	terminal_type(&terminal, "\027http://h/bad\r");
	ok_int(fake_event(&fake), 'l', "load is asked for again");
	shows("\r\nthe server says 404\r\n" PROMPT);
}

static void test_end(void)
{
	int status = terminal_end(&terminal);

	ok(WIFEXITED(status) || WTERMSIG(status) == SIGHUP,
	   "a terminal that hangs up ends the prompt");
}

static void test_load_first(void)
{
	terminal_start(&terminal, run_prompt, "http://h/bad");
	shows("image_url=http://h/bad: loading\r\n");
	shows("\r\nthe server says 404\r\n");
	shows(PROMPT);
	ok_int(fake_event(&fake), 'l', "--load loads");
	test_end();
}

static void test_boot(void)
{
	terminal_start(&terminal, run_resume, NULL);
	shows("boots boot --resume\r\n");
	shows(PROMPT);
	terminal_type(&terminal, "boot --entry x http://h/iso\r");
	shows("boots boot --entry x http://h/iso\r\n" PROMPT);
	ok_int(terminal_end(&terminal), 0, "the prompt ends");
}

static void test_entered(void)
{
	size_t at;

	terminal_start(&terminal, run_prompt, "http://h/good");
	shows("entering http://h/good ...\r\n");
	at = terminal.at;
	ok_int(fake_event(&fake), 'l', "--load loads a good one");
	/* As PID 1 does when it gives the console to the target. */
	kill(terminal.pid, SIGTERM);
	terminal_rest(&terminal);
	ok_str(terminal.text + at, "", "no prompt in the target's output");
	terminal_end(&terminal);
}

/* Root's shell, as sshd calls it. */
static int run_login(const char *order)
{
	static char name[] = "boomerang-login",
		    session_name[] = "-boomerang-login", option[] = "-c";
	char line[128];
	char *argv[] = { name, option, line, NULL };

	setenv("TERM", "vt220", 1);
	if (!order) {
		argv[0] = session_name;
		argv[1] = NULL;
		return cmd_login(1, argv);
	}
	str_copy(line, sizeof(line), order);
	return cmd_login(3, argv);
}

static void test_orders(void)
{
	static const struct {
		const char *order, *shows;
		int status;
	} rows[] = {
		{ "status", "phase        bootstrap\r\n", 0 },
		{ "  status --json", "\"phase\": \"bootstrap\"", 0 },
		{ "load", "which image", 2 },
		{ "status 'open", "a quote (') is not closed", 2 },
		{ "boot --entry 'a b' http://h/?a&b",
		  "boots boot --entry a b http://h/?a&b\r\n", 1 },
		{ "'boot' x", "boots boot x\r\n", 1 },
		{ "echo $((6*7)) | tr 2 3; exit 9", "43\r\n", 9 },
		{ "echo 'status'", "status\r\n", 0 },
		{ "echo one two three 4 5 6 7 8 9 10 11 12 13 14 15 16",
		  "15 16\r\n", 0 },
		{ "echo \"$SHELL\"", "/bin/sh\r\n", 0 },
		{ "reboot now", "takes no argument", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status;

		terminal_start(&terminal, run_login, rows[i].order);
		shows(rows[i].shows);
		terminal_rest(&terminal);
		status = terminal_end(&terminal);
		ok(WIFEXITED(status) && WEXITSTATUS(status) == rows[i].status,
		   rows[i].order);
	}
}

static void test_login(void)
{
	static const char *const ends[] = { "exit\r", "\004" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		terminal_start(&terminal, run_login, NULL);
		shows("network      eth0");
		shows(PROMPT);
		terminal_type(&terminal, "load http://h/good\r");
		shows("entering http://h/good ...\r\n" PROMPT);
		ok_int(fake_event(&fake), 'l', "a login loads and stays");
		terminal_type(&terminal, ends[i]);
		terminal_rest(&terminal);
		ok_int(terminal_end(&terminal), 0, "its end");
	}
	terminal_start(&terminal, run_login, "reboot");
	terminal_rest(&terminal);
	ok_int(terminal_end(&terminal), 0, "a reboot is asked for");
	ok_int(fake_event(&fake), 'b', "when the session is over");
}

int main(void)
{
	fake_start(&fake);
	control_client_path = fake.path;
	str_copy(fake.status->network, sizeof(fake.status->network),
		 "eth0 10.0.2.15/24 via 10.0.2.2");
	test_start();
	test_words();
	test_editing();
	test_shell();
	test_load();
	test_end();
	test_load_first();
	test_boot();
	test_entered();
	test_orders();
	test_login();
	fake_stop(&fake);
	return tap_done();
}
