/* SPDX-License-Identifier: MIT */
/*
 * Configurations for GRUB 2.12. In single quotes nothing means anything to it
 * (GRUB manual, "Quoting"); a single quote itself is written '\''.
 *
 * Files of this host are named without a device, so they come from where GRUB
 * itself came from: $root is the TFTP or the HTTP server. What is on another
 * host goes through our HTTP, and so does what TFTP's one packet for a request
 * could not name (RFC 1350: 512 bytes).
 *
 * GRUB joins the words of a command line itself: it puts those with a blank
 * in double quotes, which the kernel takes away, and a backslash before each
 * quote and backslash that a word already has (grub-core/lib/cmdline.c). So
 * double quotes are taken off here, and GRUB puts them back where needed;
 * single quotes and backslashes it will not pass on as they are.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "server/policy-place.h"
#include "server/script-file.h"

#define TFTP_PATH_MAX 440
#define SLEEP_S	      10

static void add_quoted(struct text *out, const char *text)
{
	text_add(out, "'");
	for (; *text; text++) {
		if (*text == '\'')
			text_add(out, "'\\''");
		else
			text_add(out, "%c", *text);
	}
	text_add(out, "'");
}

static void add_echo(void *to, const char *line)
{
	struct text *out = to;

	/* echo has options. */
	text_add(out, "echo %s", line[0] == '-' ? "' '" : "");
	add_quoted(out, line);
	text_add(out, "\n");
}

static void add_device(struct script *script)
{
	const char *host = str_after(script->base->http, "http://");
	const char *port = strrchr(script->base->http, ':');

	if (port && str_eq(port, ":80"))
		text_add(&script->out, "(http,%.*s)", (int)(port - host), host);
	else
		text_add(&script->out, "(http,%s)", host);
}

static void add_file(struct script *script, const char *place)
{
	char path[SCRIPT_PATH_MAX];
	int r = script_file_path(script, place, path);

	if (r < 0) {
		script->r = r;
		return;
	}
	text_add(&script->out, " ");
	if (place_is_url(place) || strlen(path) > TFTP_PATH_MAX)
		add_device(script);
	text_add(&script->out, "/%s", path);
}

/* Words as the kernel splits them (lib/cmdline.c): at white space outside of
 * double quotes. */
static void add_cmdline(struct text *out, char *cmdline)
{
	char *word = cmdline, *to;

	while (*(word += strspn(word, " \t"))) {
		char *p = word;
		bool quoted = false, end;

		for (to = word; *p; p++) {
			if (!quoted && strchr(" \t", *p))
				break;
			if (*p == '"')
				quoted = !quoted;
			else
				*to++ = *p == '\t' ? ' ' : *p;
		}
		end = !*p;
		*to = '\0';
		text_add(out, " ");
		add_quoted(out, word);
		word = end ? p : p + 1;
	}
}

static void add_initrds(struct script *script)
{
	const struct plan *plan = script->plan;
	struct text *out = &script->out;

	if (plan->initrd_count == 0) {
		text_add(out, "boot\n");
		return;
	}
	text_add(out, "if initrd");
	for (size_t i = 0; i < plan->initrd_count; i++)
		add_file(script, plan->initrds[i]);
	text_add(out, "; then\n"
		      "boot\n"
		      "fi\n");
}

static void add_linux(struct script *script)
{
	const struct plan *plan = script->plan;
	struct text *out = &script->out;
	char cmdline[SCRIPT_CMDLINE_MAX];
	int r = script_cmdline(script, cmdline);

	if (r < 0) {
		script->r = r;
		return;
	}
	if (plan->message)
		script_each_line(plan->message, out, add_echo);
	text_add(out, "if linux");
	add_file(script, plan->kernel);
	add_cmdline(out, cmdline);
	text_add(out, "; then\n");
	add_initrds(script);
	text_add(out,
		 "fi\n"
		 "echo 'boomerang: did not load or start, on with the next "
		 "boot device in %d s'\n"
		 "sleep %d\n"
		 "exit\n",
		 SLEEP_S, SLEEP_S);
}

static void add_end(struct script *script, const char *what)
{
	char line[300];

	snprintf(line, sizeof(line), "boomerang: %s", what);
	script_each_line(line, &script->out, add_echo);
	text_add(&script->out, "exit\n");
}

static void add_ignore(struct script *script)
{
	char line[256];

	snprintf(line, sizeof(line), "this machine is left alone: %s",
		 script->plan->origin);
	add_end(script, line);
}

int script_grub(const struct plan *plan, const struct client *client,
		const struct signer *signer, const struct script_base *base,
		char *buf, size_t size, size_t *ret_len)
{
	struct script script =
		script_begin(plan, client, signer, base, buf, size);

	switch (plan->kind) {
	case PLAN_IGNORE:
		add_ignore(&script);
		break;
	case PLAN_LOCAL:
		add_end(&script, "this machine boots from its own disk");
		break;
	case PLAN_LINUX:
		add_linux(&script);
		break;
	case PLAN_SCRIPT:
		add_end(&script, "this machine is given an iPXE script, which "
				 "GRUB cannot run");
		break;
	}
	return script_end(&script, ret_len);
}

const char *script_grub_start(void)
{
	return "if [ -n \"$net_default_mac\" ]; then\n"
	       "configfile \"/grub/$net_default_mac.cfg\"\n"
	       "elif [ -n \"$net_efinet0_mac\" ]; then\n"
	       "configfile \"/grub/$net_efinet0_mac.cfg\"\n"
	       "fi\n"
	       "echo 'boomerang: GRUB does not say which machine this is, or "
	       "got no answer'\n"
	       "sleep 10\n"
	       "exit\n";
}
