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

void settings_read(struct settings *settings, const char *cmdline)
{
	*settings = (struct settings){
		.debug = cmdline_has(cmdline, "bootstrap_debug"),
		.really_reboot = is_set_to(cmdline, "on_reboot", "reboot"),
		.really_poweroff =
			is_set_to(cmdline, "on_poweroff", "poweroff"),
	};
	(void)str_copy(settings->cmdline, sizeof(settings->cmdline), cmdline);
	read_text(cmdline, "image_url", settings->image_url,
		  sizeof(settings->image_url));
	read_text(cmdline, "image_init", settings->image_init,
		  sizeof(settings->image_init));
}
