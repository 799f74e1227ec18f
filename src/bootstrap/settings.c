/* SPDX-License-Identifier: MIT */
#include "bootstrap/settings.h"

#include "base/text.h"
#include "wire/cmdline.h"

static bool is_set_to(const char *cmdline, const char *key, const char *value)
{
	char text[32];

	return cmdline_last(cmdline, key, text, sizeof(text)) >= 0 &&
	       str_eq(text, value);
}

static void read_text(const char *cmdline, const char *key, char *buf,
		      size_t size)
{
	if (cmdline_last(cmdline, key, buf, size) < 0)
		buf[0] = '\0';
}

/* As read_text(), but what does not fit becomes what cannot be, so that it is
 * refused and not forgotten. */
static void read_wish(const char *cmdline, const char *key, char *buf,
		      size_t size)
{
	char text[SETTINGS_CMDLINE_MAX];

	read_text(cmdline, key, text, sizeof(text));
	if (!str_copy(buf, size, text))
		(void)str_copy(buf, size, "?");
}

static void read_first(struct control_request *first, const char *cmdline)
{
	read_text(cmdline, "image_url", first->ref, sizeof(first->ref));
	read_text(cmdline, "image_init", first->init, sizeof(first->init));
	read_wish(cmdline, "image_sha256", first->sha256,
		  sizeof(first->sha256));
	read_wish(cmdline, "image_keep", first->keep, sizeof(first->keep));
}

/* What cannot be a server's URL is as good as none. */
static void read_server(const char *cmdline, char *buf)
{
	read_text(cmdline, "boomerang_server", buf, SETTINGS_SERVER_MAX);
	if (!str_after(buf, "http://") && !str_after(buf, "https://"))
		buf[0] = '\0';
}

/* The interface that the loader used, as pxelinux began to tell it: the ARP
 * hardware type, which is Ethernet's, and the address. */
static void read_boot_mac(struct settings *settings, const char *cmdline)
{
	char text[32];
	const char *address;

	read_text(cmdline, "BOOTIF", text, sizeof(text));
	address = str_after(text, "01-");
	settings->has_boot_mac =
		address && mac_parse(address, &settings->boot_mac) == 0;
}

static bool is_of_network(const struct cmdline_word *word)
{
	return cmdline_is(word, "ip") || cmdline_is(word, "nameserver") ||
	       cmdline_is(word, "vlan") || cmdline_is(word, "bond");
}

static bool has_network(const char *text)
{
	struct cmdline cmdline = cmdline_over(text);
	struct cmdline_word word;

	while (cmdline_next(&cmdline, &word))
		if (is_of_network(&word))
			return true;
	return false;
}

void settings_join(const char *kernel, const char *more, char *buf, size_t size)
{
	struct text text = text_over(buf, size);
	struct cmdline cmdline = cmdline_over(kernel);
	bool drop = has_network(more), quoted = false;
	struct cmdline_word word;
	const uint8_t *from = cmdline.rest.at;

	for (; cmdline_next(&cmdline, &word); from = cmdline.rest.at)
		if (!drop || !is_of_network(&word))
			text_add(&text, "%.*s", (int)(cmdline.rest.at - from),
				 (const char *)from);
	for (size_t i = 0; i < text.len; i++)
		quoted ^= buf[i] == '"';
	/* A quote that the kernel was left with would swallow what follows. */
	text_add(&text, "%s%s%s", quoted ? "\"" : "", *more ? " " : "", more);
}

void settings_read(struct settings *settings, const char *cmdline)
{
	*settings = (struct settings){
		.debug = cmdline_has(cmdline, "bootstrap_debug"),
		.really_reboot = is_set_to(cmdline, "on_reboot", "reboot"),
		.really_poweroff =
			is_set_to(cmdline, "on_poweroff", "poweroff"),
	};
	(void)str_copy(settings->cmdline, sizeof(settings->cmdline), cmdline);
	read_first(&settings->first, cmdline);
	read_server(cmdline, settings->server);
	read_boot_mac(settings, cmdline);
}
