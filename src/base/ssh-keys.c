/* SPDX-License-Identifier: MIT */
#include "base/ssh-keys.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/whole-file.h"

#define TYPE_MAX 64 /* bytes of a type's name */

static bool is_type(const char *word, size_t len)
{
	static const char *const begins[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-",
					      "sk-ecdsa-" };

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (len > strlen(begins[i]) && len <= TYPE_MAX &&
		    str_after(word, begins[i]))
			return true;
	return false;
}

/* Behind the word at line, whose blanks may be quoted, as those of options
 * are (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
static const char *word_end(const char *line)
{
	bool quoted = false;

	for (; *line && (quoted || (*line != ' ' && *line != '\t')); line++) {
		if (*line == '\\' && line[1] == '"')
			line++;
		else if (*line == '"')
			quoted = !quoted;
	}
	return line;
}

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Whether text begins with the base64 of these bytes, of which the last may
 * have some of its bits in a digit that says more. */
static bool encodes(const char *text, const uint8_t *bytes, size_t len)
{
	for (size_t bit = 0; bit + 6 <= 8 * len; bit += 6) {
		size_t at = bit / 8;
		unsigned int two = (unsigned int)bytes[at] << 8 |
				   (at + 1 < len ? bytes[at + 1] : 0);

		if (digit_of(*text++) != (int)(two >> (10 - bit % 8) & 63))
			return false;
	}
	return true;
}

/* A key's own first field is its type (RFC 4253 section 6.6). */
static bool is_key_of(const char *key, const char *type, size_t type_len)
{
	uint8_t field[4 + TYPE_MAX] = { 0, 0, 0, (uint8_t)type_len };
	size_t digits = 0;

	memcpy(field + 4, type, type_len);
	while (digit_of(key[digits]) >= 0)
		digits++;
	digits += strspn(key + digits, "=");
	return encodes(key, field, 4 + type_len) &&
	       (key[digits] == '\0' || key[digits] == ' ' ||
		key[digits] == '\t');
}

/* What a terminal could interpret; names are in whatever encoding. */
static bool has_controls(const char *line)
{
	for (; *line; line++)
		if (((unsigned char)*line < ' ' && *line != '\t') ||
		    *line == 0x7f)
			return true;
	return false;
}

bool ssh_key_is_public(const char *line)
{
	const char *end = word_end(line);

	if (has_controls(line))
		return false;
	if (!is_type(line, (size_t)(end - line))) {
		line = end + strspn(end, " \t");
		end = word_end(line);
	}
	return is_type(line, (size_t)(end - line)) &&
	       is_key_of(end + strspn(end, " \t"), line, (size_t)(end - line));
}

int ssh_keys_add(struct text *all, const char *keys)
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
			r = ssh_keys_add(all, file);
		else if (ssh_keys_add(all, keys[i]) == 0)
			r = 0;
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
