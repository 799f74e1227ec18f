/* SPDX-License-Identifier: MIT */
/* Documentation/ABI/stable/sysfs-class-rfkill. */
#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"
#include "base/listing.h"
#include "base/text.h"
#include "cli/wifi.h"

#define RFKILL "/sys/class/rfkill"

static bool file_is(const char *name, const char *file, const char *word)
{
	char path[PATH_MAX], is[16];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, RFKILL "/%s/%s", name, file);
	return file_read_line(AT_FDCWD, path, is, sizeof(is)) > 0 &&
	       str_eq(is, word);
}

static int switch_one_on(const char *name, void *context)
{
	struct failure *failure = context;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	int r;

	if (!file_is(name, "type", "wlan"))
		return 0;
	if (file_is(name, "hard", "1"))
		return failure_set(failure, ERFKILL,
				   "Wi-Fi is switched off by a switch or key "
				   "of this machine");
	if (!file_is(name, "soft", "1"))
		return 0;
	text_add(&text, RFKILL "/%s/soft", name);
	r = file_write(AT_FDCWD, path, "0");
	return r < 0 ? failure_errno(failure, -r, "cannot switch Wi-Fi on (%s)",
				     path)
		     : 0;
}

int wifi_switch_on(struct failure *failure)
{
	int r = listing_each(AT_FDCWD, RFKILL, switch_one_on, failure);

	return r == -ENOENT ? 0 : r;
}
