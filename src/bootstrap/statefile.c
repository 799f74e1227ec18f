/* SPDX-License-Identifier: MIT */
#include "bootstrap/statefile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"

void statefile_write(const char *name, const char *text)
{
	char path[64], line[CONTROL_REF_MAX + 1];
	int r;

	snprintf(path, sizeof(path), STATEFILE_DIR "/%s", name);
	snprintf(line, sizeof(line), "%s\n", text);
	r = file_create(AT_FDCWD, path, line);
	if (r < 0)
		log_warning("cannot write %s: %s", path, strerrordesc_np(-r));
}

void statefile_start(int64_t boot_time)
{
	char text[24];
	int r = path_mkdirs(STATEFILE_DIR, 0755);

	if (r < 0)
		log_warning("cannot make " STATEFILE_DIR ": %s",
			    strerrordesc_np(-r));
	snprintf(text, sizeof(text), "%" PRId64, boot_time);
	statefile_write("boot_time", text);
	statefile_write(STATEFILE_PHASE, phase_name(PHASE_BOOTSTRAP));
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_BOOTSTRAP] = "bootstrap",
		[PHASE_LOADING] = "loading",
		[PHASE_TARGET] = "target",
		[PHASE_RETURNING] = "returning",
	};

	return names[phase];
}
