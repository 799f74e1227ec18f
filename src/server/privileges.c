/* SPDX-License-Identifier: MIT */
#include "server/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NOBODY 65534

struct user {
	uid_t uid;
	gid_t gid;
};

/* The user behind sudo(8), or nobody. */
static struct user choose(void)
{
	struct user user = { NOBODY, NOBODY };
	const char *sudo_uid = getenv("SUDO_UID");
	const char *sudo_gid = getenv("SUDO_GID");
	uint64_t uid, gid;

	if (sudo_uid && sudo_gid && str_to_u64(sudo_uid, NOBODY, &uid) == 0 &&
	    str_to_u64(sudo_gid, NOBODY, &gid) == 0 && uid > 0)
		user = (struct user){ (uid_t)uid, (gid_t)gid };
	return user;
}

/* Whether the present user may read path; URLs are not read here. */
static bool is_readable(int dir_fd, const char *path)
{
	return !path || strstr(path, "://") ||
	       faccessat(dir_fd, path, R_OK, AT_EACCESS) == 0 ||
	       errno == ENOENT;
}

static const char *find_unreadable(const struct serve_settings *settings,
				   int dir_fd)
{
	static const char *const served[] = { "vmlinuz", "bootstrap.img" };
	const char *const named[] = { settings->kernel, settings->machines };

	for (size_t i = 0; dir_fd >= 0 && i < ARRAY_SIZE(served); i++)
		if (!is_readable(dir_fd, served[i]))
			return served[i];
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (!is_readable(AT_FDCWD, named[i]))
			return named[i];
	for (size_t i = 0; i < settings->initrd_count; i++)
		if (!is_readable(AT_FDCWD, settings->initrds[i]))
			return settings->initrds[i];
	return NULL;
}

/* The first file to be served that the user may not read, NULL: none. What is
 * in the served directory is reached through a descriptor that root opened. */
static const char *unreadable(const struct serve_settings *settings,
			      const struct user *user)
{
	_cleanup_fd int dir_fd = FD_NONE;
	const char *path;

	if (settings->dir)
		dir_fd = open(settings->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (setegid(user->gid) < 0 || seteuid(user->uid) < 0)
		return NULL;
	path = find_unreadable(settings, dir_fd);
	if (seteuid(0) < 0 || setegid(0) < 0)
		abort(); /* it was root a moment ago */
	return path;
}

static int become(const struct user *user, struct failure *failure)
{
	if (setgroups(0, NULL) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return failure_errno(failure, errno, "cannot become user %u",
				     (unsigned int)user->uid);
	return 0;
}

/* What no program executed later could have; needs a capability itself. */
static void drop_bounding_set(void)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int drop_capabilities(struct failure *failure)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &head, none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failure_errno(failure, errno,
				     "cannot drop capabilities");
	return 0;
}

int privileges_drop(const struct serve_settings *settings,
		    char ret_who[static PRIVILEGES_NAME_MAX],
		    struct failure *failure)
{
	struct text who = text_over(ret_who, PRIVILEGES_NAME_MAX);
	struct user user = choose();
	const char *path = NULL;
	struct passwd *entry;
	int r = 0;

	drop_bounding_set();
	if (geteuid() == 0) {
		path = unreadable(settings, &user);
		if (!path)
			r = become(&user, failure);
		if (r < 0)
			return r;
	}
	r = drop_capabilities(failure);
	if (r < 0)
		return r;
	entry = getpwuid(geteuid());
	if (entry)
		text_add(&who, "user %s", entry->pw_name);
	else
		text_add(&who, "user %u", (unsigned int)geteuid());
	text_add(&who, " without capabilities");
	if (path)
		text_add(&who, " (only root can read %s)", path);
	return 0;
}
