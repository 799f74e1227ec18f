/* SPDX-License-Identifier: MIT */
#include "bootstrap/console.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "wire/cmdline.h"

#define ACTIVE	 "/sys/class/tty/console/active"
#define AGAIN_MS 500 /* between two prompts on one console */

/* VTs are "tty1", "tty2", …; "ttyS0", "ttyAMA0", "hvc0" are lines. */
static bool is_vt(const char *name)
{
	const char *rest = str_after(name, "tty");

	return rest && *rest >= '0' && *rest <= '9';
}

static struct console *add(struct consoles *consoles, const char *name,
			   bool shared)
{
	struct console *console = &consoles->list[consoles->count];

	for (size_t i = 0; i < consoles->count; i++)
		if (str_eq(consoles->list[i].name, name))
			return &consoles->list[i];
	if (consoles->count == CONSOLES_MAX ||
	    strlen(name) >= sizeof(console->name))
		return NULL;
	*console = (struct console){
		.all = consoles,
		.serial = !is_vt(name),
		.shared = shared,
	};
	(void)str_copy(console->name, sizeof(console->name), name);
	consoles->count++;
	return console;
}

/* One console= of the command line ("ttyS0,115200") or one name of the
 * kernel's list. Returns its console, NULL when there is no such device. */
static struct console *add_named(struct consoles *consoles, const char *value)
{
	char name[LOAD_TTY_MAX], path[LOAD_TTY_MAX + 8];
	size_t len = strcspn(value, ",");

	if (len == 0 || len >= sizeof(name))
		return NULL;
	memcpy(name, value, len);
	name[len] = '\0';
	snprintf(path, sizeof(path), "/dev/%s", name);
	if (strchr(name, '/') || access(path, F_OK) < 0)
		return NULL;
	return add(consoles, is_vt(name) ? CONSOLE_VT : name, false);
}

/*
 * The command line names more than the kernel's own list, which holds one
 * console of each driver: of ttyS0 and ttyS1 only the first.
 */
static struct console *add_from_cmdline(struct consoles *consoles,
					const char *text)
{
	struct cmdline cmdline = cmdline_over(text);
	struct console *last = NULL, *one;
	struct cmdline_word word;

	while (cmdline_next(&cmdline, &word)) {
		char value[LOAD_TTY_MAX];

		if (!cmdline_is(&word, "console") ||
		    word.value.left >= sizeof(value))
			continue;
		memcpy(value, word.value.at, word.value.left);
		value[word.value.left] = '\0';
		one = add_named(consoles, value);
		last = one ? one : last;
	}
	return last;
}

static struct console *add_from_kernel(struct consoles *consoles)
{
	char active[256], *at = active, *name;
	struct console *last = NULL, *one;

	if (file_read_line(AT_FDCWD, ACTIVE, active, sizeof(active)) < 0)
		return NULL;
	while ((name = strsep(&at, " "))) {
		one = add_named(consoles, name);
		last = one ? one : last;
	}
	return last;
}

void consoles_init(struct consoles *consoles, struct loop *loop,
		   const char *cmdline)
{
	struct console *last;

	consoles->loop = loop;
	consoles->count = 0;
	consoles->pty = FD_NONE;
	if (access("/dev/tty0", F_OK) == 0) {
		add(consoles, CONSOLE_VT, true);
		add(consoles, CONSOLE_ASIDE, false);
	}
	last = add_from_cmdline(consoles, cmdline);
	if (!last)
		last = add_from_kernel(consoles);
	if (last && last->serial) {
		last->shared = true;
		consoles->main_serial = last;
	}
}

static int open_tty(const char *name)
{
	char path[LOAD_TTY_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	/* Non-blocking, or a line without a carrier would hold us. */
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What a login program would find: echo, lines, signals; 80 by 24 where the
 * size is not known, as no serial line can tell. */
static void set_sane(int fd, bool serial)
{
	struct winsize size = { 0 };
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return;
	settings.c_iflag = ICRNL | IXON | BRKINT | IUTF8;
	settings.c_oflag = OPOST | ONLCR;
	settings.c_lflag =
		ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | IEXTEN;
	settings.c_cflag |= CREAD | (serial ? CLOCAL : 0);
	settings.c_cc[VINTR] = 3;
	settings.c_cc[VEOF] = 4;
	settings.c_cc[VERASE] = 127;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	(void)tcsetattr(fd, TCSANOW, &settings);
	if (serial && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col == 0) {
		size.ws_col = 80;
		size.ws_row = 24;
		(void)ioctl(fd, TIOCSWINSZ, &size);
	}
}

static void start_prompt(struct console *console);

static void prompt_again(struct timer *timer)
{
	start_prompt(container_of(timer, struct console, again));
}

static void start_proxy(struct consoles *consoles);

static void prompt_exited(struct child *child, _unused int wait_status)
{
	struct console *console = container_of(child, struct console, prompt);
	struct consoles *all = console->all;

	console->prompting = false;
	if (console == all->main_serial && all->target_has_them)
		start_proxy(all);
	else
		loop_timer(all->loop, &console->again, AGAIN_MS);
}

static bool is_ours(const struct console *console)
{
	return !(console->shared && console->all->target_has_them);
}

#define ARGUMENTS_MAX 12

static void add_first(const struct control_request *first, const char **argv)
{
	const struct {
		const char *option;
		const char *value;
	} options[] = {
		{ "--load", first->ref },
		{ "--init", first->init },
		{ "--sha256", first->sha256 },
		{ "--keep", first->keep },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (*options[i].value) {
			*argv++ = options[i].option;
			*argv++ = options[i].value;
		}
}

static pid_t spawn_prompt(struct console *console, int fd,
			  struct failure *failure)
{
	struct consoles *all = console->all;
	const char *argv[ARGUMENTS_MAX] = { "/usr/bin/boomerang", "prompt" };
	const char *env[] = {
		console->serial ? "TERM=vt220" : "TERM=linux",
		"HOME=/root",
		"USER=root",
		"LANG=C.UTF-8",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
		"/bin",
		NULL,
	};
	bool first = console == all->main_serial ||
		     (!all->main_serial && str_eq(console->name, CONSOLE_VT));

	if (first && all->resumes) {
		argv[2] = "--resume";
		all->resumes = false;
	} else if (first && all->first) {
		add_first(all->first, &argv[2]);
		all->first = NULL;
	}
	return spawn(&(struct spawn){ .argv = argv,
				      .env = env,
				      .fd = { fd, fd, fd },
				      .extra_fd = FD_NONE,
				      .session = true,
				      .tty = true,
				      .small_pages = true },
		     failure);
}

static void start_prompt(struct console *console)
{
	struct failure failure;
	_cleanup_fd int fd = FD_NONE;
	pid_t pid;

	if (console->prompting || !is_ours(console))
		return;
	console->again.expired = prompt_again;
	loop_timer_off(console->all->loop, &console->again);
	fd = open_tty(console->name);
	/* The prompt itself wants to wait for its keys. */
	if (fd >= 0 && fcntl(fd, F_SETFL, 0) < 0)
		fd = fd_close(fd);
	if (fd < 0) {
		loop_timer(console->all->loop, &console->again, AGAIN_MS);
		return;
	}
	set_sane(fd, console->serial);
	pid = spawn_prompt(console, fd, &failure);
	if (pid < 0) {
		log_error("no prompt on %s: %s", console->name, failure.text);
		loop_timer(console->all->loop, &console->again, AGAIN_MS);
		return;
	}
	console->prompt = (struct child){ .pid = pid, .exited = prompt_exited };
	loop_watch(console->all->loop, &console->prompt);
	console->prompting = true;
}

/* The prompt and all that was started at it: its session. */
static void stop_prompt(struct console *console)
{
	loop_timer_off(console->all->loop, &console->again);
	if (!console->prompting)
		return;
	kill(console->prompt.pid, SIGKILL);
	kill(-console->prompt.pid, SIGKILL);
}

void consoles_start(struct consoles *consoles)
{
	for (size_t i = 0; i < consoles->count; i++)
		start_prompt(&consoles->list[i]);
}

void consoles_describe(const struct consoles *consoles, struct load *load)
{
	size_t hidden = 0;

	load->serial[0] = '\0';
	if (consoles->main_serial)
		(void)str_copy(load->serial, sizeof(load->serial),
			       consoles->main_serial->name);
	for (size_t i = 0; i < consoles->count; i++) {
		const struct console *console = &consoles->list[i];

		if (!console->serial || console->shared)
			continue;
		(void)str_copy(load->hidden_names[hidden], LOAD_TTY_MAX,
			       console->name);
		load->hidden[hidden] = load->hidden_names[hidden];
		hidden++;
	}
	load->hidden[hidden] = NULL;
}

int console_open_pty(char ret_name[static LOAD_TTY_MAX])
{
	_cleanup_fd int pty =
		posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	if (pty < 0 || unlockpt(pty) < 0 ||
	    ptsname_r(pty, ret_name, LOAD_TTY_MAX) != 0)
		return -errno;
	(void)ioctl(pty, TIOCSWINSZ, &size);
	return TAKE_FD(pty);
}

static void proxy_matched(struct serial *proxy)
{
	struct consoles *consoles = container_of(proxy, struct consoles, proxy);

	consoles->matched(consoles, consoles->main_serial->name);
}

/*
 * Only once the prompt is gone: the death of a session's leader hangs its
 * terminal up, for every descriptor that is open by then.
 */
static void start_proxy(struct consoles *consoles)
{
	int pty = TAKE_FD(consoles->pty), line, r;

	if (pty < 0)
		return;
	line = open_tty(consoles->main_serial->name);
	consoles->proxy.matched = proxy_matched;
	r = serial_start(&consoles->proxy, consoles->loop, line, pty);
	if (r < 0)
		log_error("the target has no serial console: %s",
			  strerrordesc_np(-r));
	serial_say(&consoles->proxy, consoles->greeting,
		   strlen(consoles->greeting));
}

/* The line of the target's serial console is the proxy's to write to. */
static void say_on(struct console *console, const char *line, size_t len)
{
	struct consoles *all = console->all;
	_cleanup_fd int fd = FD_NONE;

	if (console == all->main_serial && all->proxy.running) {
		serial_say(&all->proxy, line, len);
		return;
	}
	fd = open_tty(console->name);
	if (fd >= 0)
		(void)!write(fd, line, len);
	/* The prompt shows itself anew below the line. */
	if (console->prompting)
		kill(console->prompt.pid, SIGCONT);
}

void consoles_hand_over(struct consoles *consoles, int pty,
			const char *greeting)
{
	/* On the main serial console only when its prompt is gone, whose end
	 * drops what the line has not sent yet. */
	for (size_t i = 0; i < consoles->count; i++)
		if (&consoles->list[i] != consoles->main_serial)
			say_on(&consoles->list[i], greeting, strlen(greeting));
	(void)str_copy(consoles->greeting, sizeof(consoles->greeting),
		       greeting);
	consoles->target_has_them = true;
	consoles->pty = pty;
	for (size_t i = 0; i < consoles->count; i++)
		if (consoles->list[i].shared)
			stop_prompt(&consoles->list[i]);
	if (consoles->main_serial && !consoles->main_serial->prompting)
		start_proxy(consoles);
}

void consoles_take_back(struct consoles *consoles)
{
	serial_stop(&consoles->proxy);
	consoles->pty = fd_close(consoles->pty);
	consoles->target_has_them = false;
}

void consoles_say(struct consoles *consoles, const char *format, ...)
{
	char line[512] = "\r\n";
	struct text text = text_over(line + 2, sizeof(line) - 4);
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(text.buf);
	memcpy(text.buf + text.len, "\r\n", 2);
	for (size_t i = 0; i < consoles->count; i++)
		say_on(&consoles->list[i], line, text.len + 4);
}
