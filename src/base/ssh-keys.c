/* SPDX-License-Identifier: MIT */
#include "base/ssh-keys.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/whole-file.h"

bool ssh_key_is_public(const char *line)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ",
					     "ecdsa-sha2-nistp", "sk-ssh-",
					     "sk-ecdsa-" };

	/* Options (from="…") may stand in front of the type. */
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strstr(line, types[i]))
			return true;
	return false;
}

/* Appends the lines of keys that are no comments; each must be a public
 * key. -EBADMSG: one is not, or there is none. */
static int append_keys(struct text *all, const char *keys)
{
	int count = 0;

	while (*keys) {
		size_t len = strcspn(keys, "\n");
		_cleanup_free char *line = strndup(keys, len);

		if (!line)
			return -ENOMEM;
		keys += len + (keys[len] == '\n');
		str_trim_end(line);
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (!ssh_key_is_public(line))
			return -EBADMSG;
		text_add(all, "%s\n", line);
		count++;
	}
	return count > 0 ? 0 : -EBADMSG;
}

static int read_keys(const char *path, char **ret_bytes)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;

	return fd < 0 ? -errno
		      : whole_file_read(fd, SSH_KEYS_MAX, ret_bytes, &len);
}

int ssh_keys_given(struct text *all, const char *const *keys, size_t count,
		   struct failure *failure)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_free char *file = NULL;
		int r = read_keys(keys[i], &file);

		if (r == 0)
			r = append_keys(all, file);
		else if (ssh_key_is_public(keys[i]))
			r = append_keys(all, keys[i]);
		if (r == -EBADMSG)
			return failure_set(failure, EINVAL,
					   "--ssh-key %s: not a public key",
					   keys[i]);
		if (r < 0)
			return failure_errno(failure, -r,
					     "--ssh-key %s: neither a public "
					     "key nor a file of some",
					     keys[i]);
		if (all->cut)
			return failure_set(failure, E2BIG,
					   "--ssh-key: too many");
	}
	return 0;
}
