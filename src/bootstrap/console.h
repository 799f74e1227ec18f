/* SPDX-License-Identifier: MIT */
/*
 * The consoles and who has each of them.
 *
 * console= of the kernel command line names them (the kernel's own list where
 * it has none); the last is the main one. Each has the bootstrap's
 * prompt. When a target runs, the main console is its: a serial one through
 * the proxy, a VT as it is, with all other VTs. Every other serial console
 * and VT 11 keep the prompt.
 */
#pragma once

#include "bootstrap/load.h"
#include "bootstrap/serial.h"
#include "loop/loop.h"

#define CONSOLES_MAX  LOAD_HIDDEN_MAX
#define CONSOLE_VT    "tty1"  /* the prompt's, while no target runs */
#define CONSOLE_ASIDE "tty11" /* the prompt's, always */

struct consoles;

struct console {
	struct consoles *all;
	char name[LOAD_TTY_MAX]; /* "ttyS0", below /dev */
	bool serial;
	bool shared; /* the target gets it */
	struct child prompt;
	bool prompting;
	struct timer again; /* a prompt that ended comes back */
};

struct consoles {
	/* Set by the owner: the string for the return came by on this
	 * serial console. */
	void (*matched)(struct consoles *consoles, const char *name);
	struct loop *loop;
	struct console list[CONSOLES_MAX];
	size_t count;
	struct console *main_serial; /* NULL: the main console is a VT */
	struct serial proxy;
	int pty;	    /* the target's, until the proxy has it */
	char greeting[512]; /* first on the target's serial console */
	bool target_has_them;
	/* For the first prompt of the main console only: what the kernel
	 * command line asks to be loaded. */
	const struct control_request *first; /* NULL: nothing */
	bool resumes; /* before that: there is a BOOT_PLAN */
};

/* Finds the consoles; starts nothing. */
void consoles_init(struct consoles *consoles, struct loop *loop,
		   const char *cmdline);

/* Starts the prompts that should run and do not. */
void consoles_start(struct consoles *consoles);

/* Fills in which console the target will have and which not. */
void consoles_describe(const struct consoles *consoles, struct load *load);

/* Opens a pty for the target; its name goes to ret_name. Returns the master,
 * or a negative errno. */
int console_open_pty(char ret_name[static LOAD_TTY_MAX]) _must_check;

/* The target has the shared consoles from here on, once greeting (whole
 * lines) is on all of them; takes pty over (FD_NONE when the main console is
 * a VT). */
void consoles_hand_over(struct consoles *consoles, int pty,
			const char *greeting);

/* The target has none any more; consoles_start() brings the prompts back. Not
 * handed over is fine. */
void consoles_take_back(struct consoles *consoles);

/* One line on every console, whoever has it. */
void consoles_say(struct consoles *consoles, const char *format, ...)
	_printf(2, 3);
