/* SPDX-License-Identifier: MIT */
/*
 * Who may log in now may do so afterwards, and finds the same host key.
 *
 * sshd takes the first line that has the key. Images of clouds keep the keys
 * of their users in root's file, too, behind a command that tells to log in as
 * somebody else; so the keys that were asked for come first, then those of
 * the person behind sudo, then root's, then the image's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/ssh-keys.h"
#include "base/text.h"
#include "root/user.h"
#include "takeover/carry-file.h"
#include "takeover/carry-internal.h"
#include "takeover/command.h"

#define SSHD_LIMIT_MS  2000
#define SSHD_TEXT_MAX  (32 * 1024)
#define DEFAULT_KEYS   ".ssh/authorized_keys .ssh/authorized_keys2"
#define PATTERNS_MAX   1024
#define LOGINUID_UNSET UINT32_MAX

static bool has_one_of(int root_fd, const char *const *paths)
{
	for (; *paths; paths++)
		if (carry_file_exists(root_fd, *paths))
			return true;
	return false;
}

static bool has_sshd(int root_fd)
{
	static const char *const paths[] = { "/usr/sbin/sshd", "/sbin/sshd",
					     "/usr/bin/sshd",
					     "/usr/local/sbin/sshd", NULL };

	return has_one_of(root_fd, paths);
}

static bool has_dropbear(int root_fd)
{
	static const char *const paths[] = { "/usr/sbin/dropbear",
					     "/sbin/dropbear",
					     "/usr/bin/dropbear",
					     "/bin/dropbear", NULL };

	return has_one_of(root_fd, paths);
}

/* --- host keys --- */

static bool is_host_key(const char *name, const char *prefix,
			const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return str_after(name, prefix) && len > strlen(prefix) + suffix_len &&
	       str_eq(name + len - suffix_len, suffix);
}

/* Copies the keys in directory to the same place. Returns how many. */
static int copy_host_keys(int root_fd, const char *directory,
			  const char *prefix, const char *suffix, mode_t mode,
			  struct failure *failure)
{
	_cleanup_dir DIR *dir = opendir(directory);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		const struct carry_file file = { directory, entry->d_name, 0755,
						 mode };
		char path[PATH_MAX];
		uint64_t bytes;
		int r;

		if (!is_host_key(entry->d_name, prefix, suffix))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		r = carry_file_copy(root_fd, path, &file, &bytes, failure);
		if (r < 0)
			return r;
		count += r;
	}
	return count;
}

static int carry_host_keys(int root_fd, struct carried *carried,
			   struct failure *failure)
{
	int keys = copy_host_keys(root_fd, "/etc/ssh", "ssh_host_", "_key",
				  0600, failure);
	int r = keys;

	if (r >= 0)
		r = copy_host_keys(root_fd, "/etc/ssh", "ssh_host_", "_key.pub",
				   0644, failure);
	if (r < 0 || !has_dropbear(root_fd))
		return r;
	r = copy_host_keys(root_fd, "/etc/dropbear", "dropbear_", "_host_key",
			   0600, failure);
	if (r == 0 && keys > 0 && !has_sshd(root_fd))
		(void)str_copy(carried->ssh_note, sizeof(carried->ssh_note),
			       "the image's dropbear has a host key of its "
			       "own: OpenSSH's are not in its format");
	return r;
}

/* Some make one when they start, but not all. */
static void check_host_keys(int root_fd, struct carried *carried)
{
	int fd = path_open_in_root(root_fd, "/etc/ssh", O_RDONLY | O_DIRECTORY,
				   0);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir)))
		if (is_host_key(entry->d_name, "ssh_host_", "_key"))
			return;
	(void)str_copy(carried->ssh_note, sizeof(carried->ssh_note),
		       "the image's sshd has no host key, without which it "
		       "may not start: use --keep-ssh");
}

/* --- who may log in --- */

/* Where sshd looks for keys: the patterns of AuthorizedKeysFile in
 * sshd_config(5). */
static void find_patterns(char patterns[static PATTERNS_MAX])
{
	static const char *const argv[] = {
		"/usr/sbin/sshd", "-T", "-C",
		"user=root,host=localhost,addr=127.0.0.1", NULL
	};
	_cleanup_free char *text = malloc(SSHD_TEXT_MAX);
	struct failure failure;
	char *rest = text, *line;

	(void)str_copy(patterns, PATTERNS_MAX, DEFAULT_KEYS);
	if (!text || command_run(argv, SSHD_LIMIT_MS, text, SSHD_TEXT_MAX,
				 &failure) != 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		const char *found = str_after(line, "authorizedkeysfile ");

		if (found && !str_copy(patterns, PATTERNS_MAX, found))
			(void)str_copy(patterns, PATTERNS_MAX, DEFAULT_KEYS);
	}
}

/* The path of a pattern for this user. */
static void expand(const char *pattern, const struct passwd *user,
		   struct text *path)
{
	if (*pattern != '/' && !str_after(pattern, "%h"))
		text_add(path, "%s/", user->pw_dir);
	for (const char *c = pattern; *c; c++) {
		if (*c != '%' || !c[1]) {
			text_add(path, "%c", *c);
			continue;
		}
		c++;
		if (*c == 'h')
			text_put(path, user->pw_dir);
		else if (*c == 'u')
			text_put(path, user->pw_name);
		else if (*c == 'U')
			text_add(path, "%u", user->pw_uid);
		else
			text_add(path, "%c", *c);
	}
}

static bool has_line(const struct text *keys, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = keys->buf; (at = strstr(at, line)); at += len)
		if ((at == keys->buf || at[-1] == '\n') && at[len] == '\n')
			return true;
	return false;
}

/* Appends the lines that are keys; the file may be a user's, so that nothing
 * else of it goes into one of root's. */
static void add_lines(struct text *keys, char *file)
{
	char *rest = file, *line;

	while ((line = strsep(&rest, "\n"))) {
		str_trim_end(line);
		if (*line && *line != '#' && ssh_key_is_public(line) &&
		    !has_line(keys, line))
			text_add(keys, "%s\n", line);
	}
}

static void add_users(struct text *keys, const char *patterns,
		      const struct passwd *user)
{
	char copy[PATTERNS_MAX];
	char *rest = copy, *pattern;

	(void)str_copy(copy, sizeof(copy), patterns);
	while ((pattern = strsep(&rest, " "))) {
		_cleanup_free char *file = NULL;
		char room[PATH_MAX];
		struct text path = text_over(room, sizeof(room));

		if (!*pattern || str_eq(pattern, "none"))
			continue;
		expand(pattern, user, &path);
		if (!path.cut && carry_host_read(room, &file) == 0 && file)
			add_lines(keys, file);
	}
}

/* Who became root: by sudo(8), doas(1), or whom the kernel saw log in. */
static const struct passwd *find_person(void)
{
	const char *name = getenv("SUDO_USER");
	char line[16];
	uint64_t uid;

	if (!name)
		name = getenv("DOAS_USER");
	if (name)
		return getpwnam(name);
	if (file_read_line(AT_FDCWD, "/proc/self/loginuid", line,
			   sizeof(line)) < 0 ||
	    str_to_u64(line, UINT32_MAX, &uid) < 0 || uid == LOGINUID_UNSET ||
	    uid == 0)
		return NULL;
	return getpwuid((uid_t)uid);
}

static void add_running(struct text *keys)
{
	char patterns[PATTERNS_MAX];
	const struct passwd *user = find_person();

	find_patterns(patterns);
	if (user)
		add_users(keys, patterns, user);
	user = getpwuid(0);
	if (user)
		add_users(keys, patterns, user);
}

/* The home of the image's root, where its sshd looks. */
static int find_home(int root_fd, char *home, size_t size)
{
	_cleanup_free char *passwd = NULL;
	struct user user;
	int r = carry_file_read(root_fd, "/etc/passwd", &passwd);

	(void)str_copy(home, size, "/root");
	if (r == 0 && passwd && user_find("", passwd, "", &user, NULL) == 0 &&
	    user.home[0] == '/')
		(void)str_copy(home, size, user.home);
	return r;
}

static int write_keys(int root_fd, struct text *keys, struct failure *failure)
{
	char home[USER_HOME_MAX], directory[USER_HOME_MAX + 8];
	char path[USER_HOME_MAX + 32];
	_cleanup_free char *before = NULL;
	const struct carry_file file = { directory, "authorized_keys", 0700,
					 0600 };
	int r = find_home(root_fd, home, sizeof(home));

	snprintf(directory, sizeof(directory), "%s/.ssh", home);
	snprintf(path, sizeof(path), "%s/authorized_keys", directory);
	if (r == 0)
		r = carry_file_read(root_fd, path, &before);
	if (r < 0)
		return failure_errno(failure, -r, "%s in the image", path);
	if (before)
		add_lines(keys, before);
	if (keys->cut)
		return failure_set(failure, E2BIG,
				   "there are too many keys for %s in the "
				   "image",
				   path);
	if (keys->len == 0)
		return 0;
	return carry_file_write(root_fd, &file, keys->buf, keys->len, failure);
}

/* A key that runs a command instead of a shell lets nobody in. */
static bool lets_in(const char *keys)
{
	while (*keys) {
		size_t len = strcspn(keys, "\n");

		if (len > 0 && !memmem(keys, len, "command=", 8))
			return true;
		keys += len + (keys[len] == '\n');
	}
	return false;
}

static int carry_keys(int root_fd, const struct carry *what,
		      struct carried *carried, struct failure *failure)
{
	_cleanup_free char *room = malloc(SSH_KEYS_MAX);
	struct text keys;
	int r;

	if (!room)
		return failure_errno(failure, ENOMEM, "authorized_keys");
	keys = text_over(room, SSH_KEYS_MAX);
	r = ssh_keys_given(&keys, what->ssh_keys, what->ssh_key_count, failure);
	if (r == 0 && what->ssh)
		add_running(&keys);
	if (r == 0)
		r = write_keys(root_fd, &keys, failure);
	if (r == 0)
		carried->has_ssh_keys = carried->has_ssh && lets_in(room);
	return r;
}

/* --- what the image's sshd thinks of that --- */

/* Whether a line of sshd_config(5) has the keyword; its argument, or NULL. */
static const char *argument_of(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	line += strspn(line, " \t");
	if (strncasecmp(line, keyword, len) != 0 ||
	    !strchr(" \t=", line[len]) || !line[len])
		return NULL;
	line += len;
	return line + strspn(line, " \t=\"");
}

/* The first PermitRootLogin counts; what is behind Match is for some only. */
static int root_login(char *config)
{
	char *rest = config, *line;

	while ((line = strsep(&rest, "\n"))) {
		const char *value = argument_of(line, "PermitRootLogin");

		if (value)
			return strncasecmp(value, "no", 2) == 0 ? -EACCES : 1;
		if (argument_of(line, "Match"))
			return 0;
	}
	return 0;
}

static int root_login_in(int root_fd, const char *path)
{
	_cleanup_free char *config = NULL;

	if (carry_file_read(root_fd, path, &config) < 0 || !config)
		return 0;
	return root_login(config);
}

/* What the files of sshd_config.d say, which distributions include before all
 * else: one that allows is enough. */
static int root_login_in_parts(int root_fd)
{
	static const char parts[] = "/etc/ssh/sshd_config.d";
	int fd = path_open_in_root(root_fd, parts, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir)) && r <= 0) {
		char path[PATH_MAX];
		int one;

		snprintf(path, sizeof(path), "%s/%s", parts, entry->d_name);
		one = root_login_in(root_fd, path);
		if (one != 0)
			r = one;
	}
	return r;
}

static void check_root_login(int root_fd, struct carried *carried)
{
	int r = root_login_in_parts(root_fd);

	if (r == 0)
		r = root_login_in(root_fd, "/etc/ssh/sshd_config");
	if (r < 0)
		(void)str_copy(carried->ssh_note, sizeof(carried->ssh_note),
			       "the image's sshd refuses root: its "
			       "configuration has PermitRootLogin no");
}

int carry_ssh(int root_fd, const struct carry *what, struct carried *carried,
	      struct failure *failure)
{
	bool sshd = has_sshd(root_fd);
	int r = 0;

	carried->has_ssh = sshd || has_dropbear(root_fd);
	/* The bootstrap takes keys for the order to start a server. */
	if (what->bootstrap && !sshd)
		return 0;
	if (what->ssh)
		r = carry_host_keys(root_fd, carried, failure);
	if (r >= 0)
		r = carry_keys(root_fd, what, carried, failure);
	if (r >= 0 && sshd && !what->bootstrap) {
		check_host_keys(root_fd, carried);
		check_root_login(root_fd, carried);
	}
	return r < 0 ? r : 0;
}
