/* SPDX-License-Identifier: MIT */
/* A menu on a terminal that the test types into, and without one. */
#include "cli/menu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/menu-plain.h"
#include "tap.h"

#define WAIT_MS 10000

static const struct menu_item items[] = {
	{ "Debian", "12" },
	{ "Debian testing", NULL },
	{ "Fedora", "live" },
	{ "Arch Linux", "" },
};
static const struct menu menu = { "Distribution", items, 4, 2 };

/* --- on a terminal --- */

static struct {
	int master, slave;
	pid_t pid;
	char seen[20000];
	size_t len;
} session;

/* Ends with the index, or 100 and the errno. */
static _Noreturn void run_menu(const char *term)
{
	struct failure failure = { 0 };
	size_t index;
	int r;

	if (setsid() < 0 || dup2(session.slave, STDIN_FILENO) < 0 ||
	    dup2(session.slave, STDOUT_FILENO) < 0)
		_exit(99);
	close(session.master);
	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	r = menu_choose(&menu, &index, &failure);
	fflush(stdout);
	if (r < 0)
		dprintf(STDOUT_FILENO, "%s\n", failure.text);
	_exit(r < 0 ? 100 - r : (int)index);
}

static void start(const char *term)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	session.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	session.len = 0;
	session.seen[0] = '\0';
	if (session.master < 0 || grantpt(session.master) < 0 ||
	    unlockpt(session.master) < 0)
		abort();
	session.slave = open(ptsname(session.master), O_RDWR | O_NOCTTY);
	ioctl(session.slave, TIOCSWINSZ, &size);
	fflush(stdout);
	session.pid = fork();
	if (session.pid == 0)
		run_menu(term);
}

/* What comes, until text is in it; forgets what was before. */
static bool expect(const char *text)
{
	struct pollfd wait = { .fd = session.master, .events = POLLIN };
	char *found;

	while (!(found = strstr(session.seen, text)) &&
	       poll(&wait, 1, WAIT_MS) > 0) {
		ssize_t n = read(session.master, session.seen + session.len,
				 sizeof(session.seen) - session.len - 1);

		if (n <= 0)
			break;
		session.len += (size_t)n;
		session.seen[session.len] = '\0';
	}
	if (!found)
		return false;
	session.len = strlen(found + strlen(text));
	memmove(session.seen, found + strlen(text), session.len + 1);
	return true;
}

static void type(const char *text)
{
	if (write(session.master, text, strlen(text)) < 0)
		abort();
}

static int end(void)
{
	int status = 0;

	waitpid(session.pid, &status, 0);
	close(session.slave);
	close(session.master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_cooked(void)
{
	struct termios mode;

	return tcgetattr(session.slave, &mode) == 0 &&
	       (mode.c_lflag & ICANON) && (mode.c_lflag & ECHO) &&
	       (mode.c_lflag & ISIG);
}

static const struct {
	const char *what, *keys;
	int end;
	const char *says;
} typed[] = {
	{ "Enter alone", "\r", 2, "Distribution: Fedora\r\n" },
	{ "up, Enter", "\x1b[A\r", 1, "Distribution: Debian testing\r\n" },
	{ "a number", "4\r", 3, "Distribution: Arch Linux\r\n" },
	{ "a search", "/test\r", 1, "Distribution: Debian testing\r\n" },
	{ "q", "q", 100 + ECANCELED, "nothing was chosen" },
	{ "Ctrl+C", "\x03", 100 + ECANCELED, "nothing was chosen" },
	{ "Escape", "\x1b", 100 + ECANCELED, "nothing was chosen" },
	{ "Escape out of a search", "/x\x1b\x1b\r", 3,
	  "Distribution: Arch Linux\r\n" },
};

static void test_terminal(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		start("vt220");
		ok(expect(" >   3  Fedora") && expect("q leaves") &&
			   expect("\r\n > "),
		   "it is shown");
		type(typed[i].keys);
		ok(expect(typed[i].says), typed[i].what);
		ok(is_cooked(), "the terminal is as it was");
		ok_int(end(), typed[i].end, "what was chosen");
	}
}

static void test_resize(void)
{
	struct winsize size = { .ws_row = 5, .ws_col = 30 };

	start("linux");
	ok(expect("q leaves"), "a wide terminal");
	ioctl(session.master, TIOCSWINSZ, &size);
	ok(expect(" 2-3 of 4: arrows"), "gets small, and all is painted anew");
	type("\r");
	ok_int(end(), 2, "and goes on");
}

static void test_hangup(void)
{
	start("vt220");
	ok(expect("q leaves"), "a terminal");
	close(session.slave);
	close(session.master);
	session.slave = session.master = -1;
	ok(end() >= 100, "that is gone ends it");
}

static void test_dumb(void)
{
	start("dumb");
	ok(expect("   4  Arch Linux\r\n") && expect("(Enter: 3, q: leave): "),
	   "a terminal that cannot move its cursor");
	type("deb\n");
	ok(expect("\"deb\" is in 2 of them: say more"), "asks for more");
	type("9\n");
	ok(expect("the numbers are 1 to 4"), "is told what is wrong");
	type("1\n");
	ok_int(end(), 0, "and asked again");
	start(NULL);
	ok(expect("leave): "), "one that nobody knows");
	type("\n");
	ok_int(end(), 2, "too");
}

/* --- by lines --- */

static const struct {
	const char *answer;
	int r;
	size_t index;
	const char *text;
} answers[] = {
	{ "", 0, 2, NULL },
	{ " \t\r\n", 0, 2, NULL },
	{ "1", 0, 0, NULL },
	{ " 4 \n", 0, 3, NULL },
	{ "0", -ENOENT, 0, "the numbers are 1 to 4" },
	{ "5", -ENOENT, 0, "the numbers are 1 to 4" },
	{ "99999999999999999999999", -ENOENT, 0, "the numbers are 1 to 4" },
	{ "arch", 0, 3, NULL },
	{ "debian", 0, 0, NULL },
	{ "debian ", 0, 0, NULL },
	{ "deb", -EEXIST, 0, "\"deb\" is in 2 of them: say more" },
	{ "-1", -ENOENT, 0, "\"-1\" is in none" },
	{ "q", -ECANCELED, 0, "" },
	{ "Q\n", -ECANCELED, 0, "" },
};

static void test_answers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct failure failure = { 0 };
		size_t index = 0;

		ok_int(menu_plain_find(&menu, answers[i].answer, &index,
				       &failure),
		       answers[i].r, answers[i].answer);
		ok_int((int64_t)index, (int64_t)answers[i].index, "  which");
		if (answers[i].text)
			ok_str(failure.text, answers[i].text, "  in words");
	}
}

static void test_empty(void)
{
	const struct menu empty = { .title = "Distribution" };
	struct failure failure;
	size_t index;

	ok_int(menu_choose(&empty, &index, &failure), -ENODATA, "no item");
	ok_str(failure.text, "Distribution: there is nothing to choose from",
	       "in words");
}

int main(void)
{
	test_terminal();
	test_resize();
	test_hangup();
	test_dumb();
	test_answers();
	test_empty();
	return tap_done();
}
