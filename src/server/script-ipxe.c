/* SPDX-License-Identifier: MIT */
/*
 * iPXE scripts. A line is split at white space into words, "||", "&&" and ";"
 * that are words of their own end a command, a word that begins with "#" ends
 * the line, a "\" at its end continues it, and only then ${…} in each word is
 * replaced by a setting, over and over; quotes mean nothing (iPXE's
 * src/core/exec.c, settings.c and image/script.c). So what the words of a
 * command line must not be taken for is put into settings and comes out of
 * them again after the line was split:
 *
 *   set hash:hex 23
 *   boot kernel a ${hash:string}b
 *
 * gives the kernel "a #b", and white space that is more than one blank stays
 * as it is the same way. What can not be hidden is ${…} itself, as the result
 * is looked through again: it is left alone in command lines, where those who
 * write "BOOTIF=01-${netX/mac:hexhyp}" want it, and taken apart in messages.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "server/policy-bootstrap.h"
#include "server/script-file.h"

#define TRIES	   3
#define RETRY_S	   5
#define WHITESPACE " \t"

/* --- words --- */

static const struct hidden {
	char letter;
	const char *name;
} hidden[] = {
	{ ' ', "space" },      { '\t', "tab" },	     { '#', "hash" },
	{ '|', "bar" },	       { '&', "ampersand" }, { ';', "semicolon" },
	{ '\\', "backslash" },
};

static bool is_operator(const char *word)
{
	static const char *const operators[] = { "||", "&&", ";" };
	size_t len = strcspn(word, WHITESPACE);

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (strlen(operators[i]) == len &&
		    strncmp(word, operators[i], len) == 0)
			return true;
	return false;
}

/* How the letter at must be hidden, NULL: it stands for itself. */
static const struct hidden *hide(const char *text, const char *at)
{
	bool first = at == text || strchr(WHITESPACE, at[-1]);
	bool must;

	if (strchr(WHITESPACE, *at))
		must = *at != ' ' || first || !at[1] ||
		       strchr(WHITESPACE, at[1]);
	else
		must = (first && (*at == '#' || is_operator(at))) ||
		       (*at == '\\' && !at[1]);
	for (size_t i = 0; must && i < ARRAY_SIZE(hidden); i++)
		if (hidden[i].letter == *at)
			return &hidden[i];
	return NULL;
}

static void add_words(struct text *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		const struct hidden *letter = hide(text, p);

		if (letter)
			text_add(out, "${%s:string}", letter->name);
		else
			text_add(out, "%c", *p);
	}
}

/* The settings that add_words() of the same text uses. */
static void add_settings(struct text *out, const char *text)
{
	bool needed[ARRAY_SIZE(hidden)] = { false };

	for (const char *p = text; *p; p++) {
		const struct hidden *letter = hide(text, p);

		if (letter)
			needed[letter - hidden] = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (needed[i])
			text_add(out, "set %s:hex %02x\n", hidden[i].name,
				 (unsigned int)hidden[i].letter);
}

static void add_echo(void *to, const char *line)
{
	struct text *out = to;
	char text[512];
	char *p = text;

	(void)str_copy(text, sizeof(text), line);
	while ((p = strstr(p, "${")))
		p[1] = '(';
	add_settings(out, text);
	/* echo has options. */
	text_add(out, "echo%s", text[0] == '-' ? " -- " : text[0] ? " " : "");
	add_words(out, text);
	text_add(out, "\n");
}

/* --- plans --- */

/* wimboot makes a disk of the files it is given, by their names, and takes
 * "initrd=" for one of its own options, which it is not. */
static bool is_wimboot(const struct plan *plan)
{
	char name[SCRIPT_NAME_MAX];

	return str_after(script_file_name(plan->kernel, name), "wimboot");
}

static void add_fetch(struct script *script, const char *command,
		      const char *name, const char *place, bool keeps_name)
{
	char path[SCRIPT_PATH_MAX];
	int r = script_file_path(script, place, path);

	if (r < 0) {
		script->r = r;
		return;
	}
	text_add(&script->out, "%s --name %s %s/%s", command, name,
		 script->base->http, path);
	if (keeps_name)
		text_add(&script->out, " %s", name);
	text_add(&script->out, " || goto failed\n");
}

static void add_initrds(struct script *script, bool wimboot)
{
	const struct plan *plan = script->plan;

	for (size_t i = 0; i < plan->initrd_count; i++) {
		char name[SCRIPT_NAME_MAX];

		if (wimboot)
			(void)script_file_name(plan->initrds[i], name);
		else
			snprintf(name, sizeof(name), "initrd%zu", i);
		add_fetch(script, "initrd", name, plan->initrds[i], wimboot);
	}
}

static void add_boot(struct script *script, bool wimboot)
{
	struct text *out = &script->out;
	char cmdline[SCRIPT_CMDLINE_MAX];
	int r = script_cmdline(script, cmdline);

	if (r < 0) {
		script->r = r;
		return;
	}
	add_settings(out, cmdline);
	text_add(out, "boot kernel");
	/* For the kernel's EFI stub: it finds the files by these names. */
	for (size_t i = 0; i < script->plan->initrd_count && !wimboot; i++)
		text_add(out, " initrd=initrd%zu", i);
	if (cmdline[0])
		text_add(out, " ");
	add_words(out, cmdline);
	/* What was typed at the machine, with a medium of boomerang build
	 * --iso; others write it into their command lines themselves. */
	if (bootstrap_is(script->plan))
		text_add(out, " ${parameters}");
	text_add(out, " || goto failed\n");
}

static void add_linux(struct script *script)
{
	struct text *out = &script->out;
	bool wimboot = is_wimboot(script->plan);

	if (script->plan->message)
		script_each_line(script->plan->message, out, add_echo);
	text_add(out, "set tries:int32 0\n"
		      ":again\n");
	add_fetch(script, "kernel", "kernel", script->plan->kernel, false);
	add_initrds(script, wimboot);
	add_boot(script, wimboot);
	text_add(out,
		 ":failed\n"
		 "imgfree\n"
		 "inc tries\n"
		 "iseq ${tries} %d && goto end ||\n"
		 "echo boomerang: did not load or start, again in %d s\n"
		 "sleep %d\n"
		 "goto again\n"
		 ":end\n"
		 "echo boomerang: gave up, on with the next boot device\n"
		 "exit 1\n",
		 TRIES, RETRY_S, RETRY_S);
}

/* UEFI takes an error for "try the next", and success for "show a menu". */
static void add_local(struct script *script)
{
	bool bios = script->client->arch == ARCH_BIOS;

	text_add(&script->out,
		 "echo boomerang: this machine boots from its own disk\n"
		 "%sexit 1\n",
		 bios ? "sanboot --no-describe --drive 0x80 || " : "");
}

static void add_ignore(struct script *script)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "boomerang: this machine is left alone: %s",
		 script->plan->origin);
	script_each_line(line, &script->out, add_echo);
	text_add(&script->out, "exit 1\n");
}

int script_ipxe(const struct plan *plan, const struct client *client,
		const struct signer *signer, const struct script_base *base,
		char *buf, size_t size, size_t *ret_len)
{
	struct script script =
		script_begin(plan, client, signer, base, buf, size);

	if (plan->kind != PLAN_SCRIPT)
		text_add(&script.out, "#!ipxe\n");
	switch (plan->kind) {
	case PLAN_IGNORE:
		add_ignore(&script);
		break;
	case PLAN_LOCAL:
		add_local(&script);
		break;
	case PLAN_LINUX:
		add_linux(&script);
		break;
	case PLAN_SCRIPT:
		text_add(&script.out, "%s", plan->script);
		break;
	}
	return script_end(&script, ret_len);
}
