/* SPDX-License-Identifier: MIT */
#include "server/policy-bootstrap.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "server/policy-place.h"

static int missing(const struct bootstrap *bootstrap, const char *name, int err,
		   struct failure *failure)
{
	if (err != ENOENT)
		return failure_errno(failure, err, "%s/%s", bootstrap->dir,
				     name);
	return failure_set(failure, err,
			   "%s/%s: %s; `boomerang build -o %s` (or `make "
			   "bootstrap`) makes what machines boot",
			   bootstrap->dir, name, strerror(err), bootstrap->dir);
}

static int look(const struct bootstrap *bootstrap,
		char cmdline[static BOOTSTRAP_CMDLINE_BYTES],
		struct failure *failure)
{
	static const char *const names[] = { BOOTSTRAP_KERNEL,
					     BOOTSTRAP_INITRAMFS };
	ssize_t len;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (faccessat(bootstrap->dir_fd, names[i], R_OK, AT_EACCESS) <
		    0)
			return missing(bootstrap, names[i], errno, failure);
	len = file_read_line(bootstrap->dir_fd, BOOTSTRAP_CMDLINE, cmdline,
			     BOOTSTRAP_CMDLINE_BYTES);
	if (len < 0)
		return missing(bootstrap, BOOTSTRAP_CMDLINE, (int)-len,
			       failure);
	for (const char *p = cmdline; *p; p++)
		if (*p < ' ' || *p > '~')
			return failure_set(failure, EBADMSG,
					   "%s/%s is not one line of text",
					   bootstrap->dir, BOOTSTRAP_CMDLINE);
	return 0;
}

int bootstrap_check(const struct bootstrap *bootstrap, struct failure *failure)
{
	char cmdline[BOOTSTRAP_CMDLINE_BYTES];

	return look(bootstrap, cmdline, failure);
}

int bootstrap_open(struct bootstrap *bootstrap, const char *dir, bool need,
		   struct failure *failure)
{
	int r;

	*bootstrap = (struct bootstrap){ .dir = dir, .dir_fd = FD_NONE };
	if (!dir)
		return 0;
	bootstrap->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bootstrap->dir_fd < 0) {
		r = errno;
		if (!need)
			return 0;
		return failure_set(failure, r,
				   "%s: %s; `boomerang build -o %s` (or `make "
				   "bootstrap`) makes what machines boot",
				   dir, strerror(r), dir);
	}
	r = bootstrap_reload(bootstrap, failure);
	if (r < 0 && need) {
		bootstrap_close(bootstrap);
		return r;
	}
	return 0;
}

void bootstrap_close(struct bootstrap *bootstrap)
{
	bootstrap->dir_fd = fd_close(bootstrap->dir_fd);
}

int bootstrap_reload(struct bootstrap *bootstrap, struct failure *failure)
{
	char cmdline[BOOTSTRAP_CMDLINE_BYTES];
	int r = look(bootstrap, cmdline, failure);

	if (r < 0)
		return r;
	memcpy(bootstrap->cmdline, cmdline, sizeof(cmdline));
	bootstrap->complete = true;
	return 0;
}

int bootstrap_plan(const struct bootstrap *bootstrap, struct plan *plan,
		   struct failure *failure)
{
	if (!bootstrap->dir)
		return failure_set(failure, ENOENT,
				   "no directory with a bootstrap is served");
	if (!bootstrap->complete)
		return failure_set(failure, ENOENT,
				   "no bootstrap in %s: `boomerang build -o "
				   "%s` makes one",
				   bootstrap->dir, bootstrap->dir);
	plan->kind = PLAN_LINUX;
	plan->kernel = strdup(BOOTSTRAP_KERNEL_PLACE);
	plan->initrds[0] = strdup("./" BOOTSTRAP_INITRAMFS);
	plan->initrd_count = 1;
	if (!plan->kernel || !plan->initrds[0] ||
	    plan_add_cmdline(plan, false, bootstrap->cmdline) < 0)
		return failure_errno(failure, ENOMEM, "the bootstrap");
	return 0;
}

int bootstrap_plan_image(const struct bootstrap *bootstrap, struct plan *plan,
			 const char *place, struct failure *failure)
{
	bool is_url = place_is_url(place) || place_is_registry(place);
	int r;

	/* It is one word of the kernel's command line. */
	if (is_url && strpbrk(place, " \"'"))
		return failure_set(failure, EINVAL,
				   "image: a blank or a quote in a URL is "
				   "written %%20, %%22, %%27");
	r = bootstrap_plan(bootstrap, plan, failure);
	if (r < 0)
		return r;
	if (plan_add_cmdline(plan, false, " image_url=") < 0 ||
	    plan_add_cmdline(plan, !is_url, place) < 0)
		return failure_errno(failure, ENOMEM, "the image");
	return 0;
}

bool bootstrap_is(const struct plan *plan)
{
	return plan->kind == PLAN_LINUX &&
	       str_eq(plan->kernel, BOOTSTRAP_KERNEL_PLACE);
}
